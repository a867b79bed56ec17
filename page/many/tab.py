"""The tab for many photos: files or archives in; one table, charts and downloads out, while it runs and after."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from gender_age.detection import MIN_SCORE
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.video_formats import is_installed
from gender_age.writers import parquet_bytes

from ..inputs.min_score import min_score_argument, min_score_slider
from ..inputs.photo_files import GivenFile, photo_files
from ..server.endings import endings
from ..server.leaving import has_left
from ..server.zero_gpu import on_gpu
from ..shared.notes import GIVEN_LINE, PRIVACY_LINE
from ..shared.settings import MANY_PLACES, PHOTO_PLACES, STATE_SECONDS
from .batch import Answer, Item, items_of, predict_portion, run
from .html import BROKEN_OFF, NOTHING, WAITING, WELCOME, charts_html, progress_html, summary_html
from .opened import opened_photo
from .table import as_csv, as_json, photo_json, photo_line, table_value
from .table_html import faces_table, photo_view
from .video_tab import build_video_part

# At most twice a second: gradio sends what was added to the table, but the browser compares all of it.
SHOW_EVERY_S = 0.5
TOLD = "() => document.querySelector('.ga-many-results').parentElement.dispatchEvent(new Event('ga-many-{}'))"


@dataclass(eq=False, slots=True)
class Run:
    """State that a visitor's run and its buttons share; unlike other states it is changed in place.

    Attributes:
        cancelled: the visitor has pressed Cancel.
        ended: the run has shown its results, and did not fail.
        items: its photos; `done` are the predictions for the first of them.
    """

    cancelled: bool = False
    ended: bool = False
    items: list[Item] = field(default_factory=list)
    done: list[PhotoPrediction] = field(default_factory=list)


def build_many_tab(predictor: GenderAgePredictor) -> None:
    """Adds the tab's components and events, and the named API `/predict_batch`, to the open `gr.Blocks`."""

    @on_gpu
    def portion(paths: list[str], min_score: float | None, strips: bool = False) -> list[Answer]:
        return predict_portion(predictor, paths, min_score, strips)

    def predict_batch(photos: list[GivenFile] | None, min_score: float | None = MIN_SCORE) -> list[dict]:
        """Finds every face in many photos at once and estimates the apparent age and the perceived gender of each.

        Age is how old a face looks; gender is how it is read, as one of two labels. Errors are larger for children, old
        people, and small, blurred or turned faces. The answer is not for age checks, identification, or any decision
        about a person. The photos are deleted within 40 minutes.

        The answer is a list in input order; the photos of an archive stand in its place. Each entry is what the tool
        predict answers for one photo: photo (its name, or its path inside the archive), width and height in pixels
        after turning it by rotation (0, 90, 180 or 270 degrees counter-clockwise), error (null, or a sentence that says
        why the photo cannot be used), and faces from left to right; where there is no face, that list is empty. Each
        face has box [x1, y1, x2, y2] in pixels, score of the detector (0 to 1), gender ("female" or "male"),
        gender_probability (0.5 to 1), uncertain (true where the gender is not to be relied on), age in years (0 to
        100), age_interval [first, last] in years, and age_interval_level (the share of true ages that such intervals
        are meant to hold).

        Args:
            photos: They are JPEG, PNG, WebP, HEIC or the like, or .zip archives of such photos: at most 500 in all.
            min_score: Faces with a lower detection score (0 to 1) are left out. The detector finds none below 0.6.
        """
        predictions: list[PhotoPrediction] = []
        with closing(run(items_of(photos or ()), partial(portion, min_score=min_score))) as portions:
            while not has_left() and (found := next(portions, None)) is not None:
                predictions += [answer.prediction for answer in found]
        return [photo_json(prediction) for prediction in predictions]

    def start() -> dict:
        """Before the run leaves the queue: a new state, and the last results are cleared."""
        return {
            state: Run(),
            status: WAITING,
            analyse: gr.update(visible=False),
            cancel: gr.update(visible=True, interactive=True, value="Cancel"),
            charts: "",
            table: table_value(),
            **dict.fromkeys(downloads, gr.update(visible=False, value=None)),
        }

    def analyse_files(photos: list[GivenFile] | None, min_score: float, this: Run | None) -> Iterator[dict]:
        """The run: yields the results so far after each portion, and at the end the downloads.

        Each yield renews the state, whose time to live would otherwise end in the middle of a long run.
        """
        this = this or Run()
        items = this.items = items_of(photos or ())
        if not items:
            this.ended = True
            yield {state: this, status: NOTHING}
            return
        begun, shown = time.monotonic(), 0.0
        done, lines, first_strip = this.done, "", None

        def so_far() -> dict:
            return {state: this, charts: charts_html(done), table: table_value(lines, first_strip)}

        yield {state: this, status: progress_html(0, len(items), 0.0)}
        with closing(run(items, partial(portion, min_score=min_score, strips=True))) as portions:
            while not this.cancelled and not has_left() and (found := next(portions, None)) is not None:
                for answer in found:
                    strip = kept_strip(answer)
                    first_strip = first_strip or strip
                    lines += photo_line(answer.prediction, items[len(done)].folder, strip)
                    done.append(answer.prediction)
                now = time.monotonic()
                if now - shown >= SHOW_EVERY_S:
                    shown = now
                    yield so_far() | {status: progress_html(len(done), len(items), now - begun)}
        this.ended = True
        files_done = {
            button: gr.update(value=_in_cache(button, data, suffix), visible=True)
            for button, (suffix, data) in zip(downloads, _files(done).items(), strict=True)
        }
        yield so_far() | files_done | {status: summary_html(done, len(items), len(done) < len(items))}

    def stop(this: Run | None) -> dict:
        """Asks the run to end after the current portion; one that has waited for longer than its state lives, too."""
        this = this or Run()
        this.cancelled = True
        return {state: this, cancel: gr.update(value="Stopping …", interactive=False)}

    def end(this: Run | None) -> dict:
        """After the run, however it ended."""
        buttons = {analyse: gr.update(visible=True), cancel: gr.update(visible=False)}
        return buttons if this is not None and this.ended else buttons | {status: BROKEN_OFF}

    def kept_strip(answer: Answer) -> str | None:
        """Writes the small pictures into gradio's folder, and registers them, so that they are deleted in time."""
        if answer.strip is None:
            return None
        return table.move_resource_to_block_cache(save_bytes_to_cache(answer.strip, "faces.jpg", table.GRADIO_CACHE))

    def show_photo(this: Run | None, asked: gr.EventData) -> dict:
        """The photo of the row that was pressed, with its boxes."""
        this = this or Run()
        return opened_photo(this.items[: len(this.done)], this.done, asked._data, photo.GRADIO_CACHE)

    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            files = photo_files(
                label="Photos or archives",
                height=220,
                elem_classes="ga-drop",
                elem_id="many-files",
            )
            gr.HTML(GIVEN_LINE + PRIVACY_LINE, apply_default_css=False)
            with gr.Accordion("Which faces to count", open=False, elem_id="many-which"):
                lowest = min_score_slider(elem_id="many-score")
            analyse = gr.Button("Analyse", variant="primary", elem_id="many-analyse")
            cancel = gr.Button("Cancel", variant="stop", visible=False, elem_id="many-cancel")
        with gr.Column(scale=7, min_width=300):
            status = gr.HTML(WELCOME, elem_id="many-status")
            charts = gr.HTML(elem_id="many-charts")
    with gr.Row(elem_id="many-downloads"):
        downloads = [
            gr.DownloadButton(
                f"Download {kind}", visible=False, min_width=60, size="sm", elem_id=f"many-{kind.lower()}"
            )
            for kind in ("CSV", "JSON", "Parquet")
        ]
    table = faces_table(elem_id="many-table")
    photo = photo_view(elem_id="many-photo")
    if is_installed():
        build_video_part(predictor)
    state = gr.State(time_to_live=STATE_SECONDS)
    answer = gr.JSON(label="Photos with their faces", visible=False)

    shown = [status, charts, table, *downloads]
    unseen = {"api_visibility": "private", "show_progress": "hidden"}
    started = analyse.click(start, None, [*shown, state, analyse, cancel], queue=False, scroll_to_output=True, **unseen)
    running = started.success(analyse_files, [files, lowest, state], [*shown, state], **unseen, **MANY_PLACES)
    for ended in endings(running):
        ended(end, state, [analyse, cancel, status], queue=False, **unseen)
    cancel.click(stop, state, [state, cancel], queue=False, **unseen)
    opening = table.select(show_photo, state, photo, trigger_mode="always_last", **unseen, **PHOTO_PLACES)
    opening.success(None, js=TOLD.format("opened"))
    opening.failure(None, js=TOLD.format("failed"))
    # A hidden button gives the API a function of its own.
    arguments = [files, min_score_argument()]
    gr.Button(visible=False).click(predict_batch, arguments, answer, api_name="predict_batch", **MANY_PLACES)


def _files(predictions: Sequence[PhotoPrediction]) -> dict[str, bytes]:
    """Suffix and content of the downloads, in the order of their buttons."""
    return {"csv": as_csv(predictions), "json": as_json(predictions), "parquet": parquet_bytes(predictions)}


def _in_cache(button: gr.DownloadButton, data: bytes, suffix: str) -> str:
    """Writes a download into gradio's folder, where gradio makes no second copy of it; returns its path."""
    return save_bytes_to_cache(data, f"faces.{suffix}", button.GRADIO_CACHE)
