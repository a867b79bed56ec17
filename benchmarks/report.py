"""Renders the results of one run as Markdown, with required and target values."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from statistics import median

from . import detector
from .accuracy import Accuracy
from .agreement import Agreement
from .machine import machine
from .portraits import Portraits
from .results import Results
from .server import PageTimes
from .speed import OURS, THEIRS
from .targets import Target, milliseconds, rows
from .timing import STAGES, Times

NOTES = """Figures are medians. Repetitions of both ways take turns (A B A B …), and every ratio is of one run; no
photo is sent twice, and nothing is kept of an answer. The photos are composed: the example portraits, at known places,
on clouds, shapes and noise, as JPEG. The baseline is MTCNN of facenet-pytorch with its defaults on the photo
as it is, then one face after the other through the same weights in float32, eagerly; it has the same alignment."""


def markdown(results: Results, command: str) -> str:
    """The whole report.

    Args:
        command: the command line of the run.
    """
    parts = [
        "# Performance",
        f"Written by `{command}` on {datetime.date.today()}, all in one run; not by hand.",
        machine(),
        NOTES,
        "## Required and measured",
        table(
            ["", "required", "aim", "measured", "required met", "aim met"],
            ([row.what, row.required, row.aim, row.measured or "not measured", *_marks(row)] for row in rows(results)),
        ),
        "## From a photo to its faces",
        "Milliseconds, end to end from the file, and how they are spent.",
        _photos_table(results.photos),
        "## The detector alone",
        "Milliseconds to search a picture in memory for the same smallest face; facenet-pytorch's is `MTCNN.detect`.",
        _detectors_table(results.detectors),
        "## The model alone",
        "Milliseconds for a batch of aligned faces.",
        _models_table(results.models),
        "## Many photos",
        _batch_sentence(results),
        _portraits_sentence(results.portraits),
    ]
    if results.page is not None:
        parts += ["## The page", _page_sentences(results.page)]
    parts += ["## Faces found", _agreement_sentence(results.agreement), _agreement_table(results.agreement)]
    if results.accuracy is not None:
        parts += ["## Accuracy", _accuracy_sentence(results.accuracy)]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _marks(row: Target) -> tuple[str, str]:
    if row.measured is None:
        return "–", "–"
    return "yes" if row.meets_required else "**no**", "yes" if row.meets_aim else "no"


def _photos_table(photos: dict[str, dict[str, Times]]) -> str:
    body = []
    for name, ways in photos.items():
        ratio = ways[OURS].median / ways[THEIRS].median
        for way, times in ways.items():
            stages = [f"{1000 * times.stage_median(stage):.0f}" for stage in STAGES]
            faces = f"{median(times.answers):g}"
            body.append(
                [name, way, f"{1000 * times.median:.0f}", *stages, faces, f"{ratio:.3f}" if way == OURS else "1"]
            )
    return table(["photo", "way", "total", *STAGES, "faces found", "ratio"], body)


def _detectors_table(detectors: dict[str, dict[str, Times]]) -> str:
    body = []
    for name, ways in detectors.items():
        ours, theirs = ways[detector.OURS], ways[detector.THEIRS]
        factor = theirs.median / ours.median
        milliseconds_each = (f"{1000 * times.median:.1f}" for times in (ours, theirs))
        found = (f"{median(times.answers):g}" for times in (ours, theirs))
        body.append([name, *milliseconds_each, f"{factor:.2f}", *found])
    return table(["picture", "ours", "facenet-pytorch", "times as fast", "faces found", "by facenet-pytorch"], body)


def _models_table(models: dict[int, dict[str, Times]]) -> str:
    body = [
        [str(batch), f"{1000 * ways[OURS].median:.1f}", f"{1000 * ways[THEIRS].median:.1f}", f"{factor:.2f}"]
        for batch, ways in models.items()
        for factor in [ways[THEIRS].median / ways[OURS].median]
    ]
    return table(["batch", "as the predictor runs it", "eager fp32", "times as fast"], body)


def _batch_sentence(results: Results) -> str:
    number = results.settings.batch_photos
    together, one_by_one = (number / results.batch[way].median for way in (OURS, THEIRS))
    return (
        f"{number} photos of 640 × 480 pixels with a face each: {together:.1f} photos a second through "
        f"`predict_batch`, {one_by_one:.1f} calling `predict` for one after the other."
    )


def _portraits_sentence(portraits: Portraits) -> str:
    return (
        f"{portraits.number} upright portraits of 200 × 250 pixels, in memory: "
        f"{portraits.number / portraits.seconds:.1f} a second through `predict_batch`; {portraits.searched_turned} of "
        "them were searched in other rotations, too."
    )


def _page_sentences(page: PageTimes) -> str:
    ours, theirs = page.round_trip[OURS].median, page.round_trip[THEIRS].median
    starts = ", ".join(f"{seconds:.1f}" for seconds in page.first_answer_s)
    memory = (
        "is not told by this system" if page.peak_bytes is None else f"was {page.peak_bytes / 1e6:.0f} MB at its peak"
    )
    return (
        f"A 12 Mpx photo with five faces, sent over loopback and answered by `/predict`: {milliseconds(ours)}, against "
        f"{milliseconds(theirs)} the baseline without a page (ratio {ours / theirs:.3f}). From "
        f"`python app.py` to the first answer: {starts} s. The server's memory, after all 12 Mpx photos, {memory}."
    )


def _agreement_sentence(agreement: Agreement) -> str:
    return (
        f"{agreement.photos} composed photos with {agreement.faces} faces, from 1/40 to 1/5 of the longer side. A box "
        f"where there is no face, or a second one of a face, is extra: {agreement.ours_extra} of ours, "
        f"{agreement.theirs_extra} of the baseline. It finds {agreement.only_theirs} faces that we miss."
    )


def _agreement_table(agreement: Agreement) -> str:
    body = [[kind, *map(str, counts)] for kind, counts in agreement.by_kind.items()]
    return table(["faces", "number", "found by us", "found by the baseline"], body)


def _accuracy_sentence(accuracy: Accuracy) -> str:
    plain_mae, quick_mae = accuracy.mae
    right = accuracy.gender_accuracy
    genders = f"{right[1]:.2%} and {right[0]:.2%}" if right else "not measured, as none is labelled"
    return (
        f"{accuracy.faces} faces of the test split, aligned by their stored landmarks: mean absolute error "
        f"{quick_mae:.3f} years as the predictor runs the model, {plain_mae:.3f} in eager fp32; gender "
        f"{genders}."
    )
