"""Required and target values of the benchmarks, compared with the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .accuracy import Accuracy
from .agreement import Agreement
from .results import Results
from .speed import LIVE, OURS, THEIRS, phone_name


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the comparison.

    Attributes:
        what: name of the figure.
        required, aim: thresholds, formatted.
        measured: value, formatted; None if not measured.
        meets_required, meets_aim: whether the value meets the thresholds.
    """

    what: str
    required: str
    aim: str
    measured: str | None
    meets_required: bool
    meets_aim: bool


def at_most(what: str, value: float | None, required: float, aim: float, show: Callable[[float], str]) -> Target:
    """A figure with upper thresholds; `value` is None if not measured."""
    if value is None:
        return Target(what, f"≤ {show(required)}", f"≤ {show(aim)}", None, False, False)
    return Target(what, f"≤ {show(required)}", f"≤ {show(aim)}", show(value), value <= required, value <= aim)


def at_least(what: str, value: float | None, required: float, aim: float, show: Callable[[float], str]) -> Target:
    """A figure with lower thresholds; `value` is None if not measured."""
    if value is None:
        return Target(what, f"≥ {show(required)}", f"≥ {show(aim)}", None, False, False)
    return Target(what, f"≥ {show(required)}", f"≥ {show(aim)}", show(value), value >= required, value >= aim)


def rows(results: Results) -> list[Target]:
    """All required figures, with the results."""
    phone, live = results.photos.get(phone_name(5)), results.photos.get(LIVE)
    model, page, accuracy = results.models.get(8), results.page, results.accuracy
    return [
        at_most(
            "12 Mpx photo, 5 faces, end to end, against the baseline",
            phone and phone[OURS].median / phone[THEIRS].median,
            1 / 6,
            1 / 15,
            lambda value: f"1/{1 / value:.1f}",
        ),
        at_most("the same, absolute", phone and phone[OURS].median, 0.5, 0.2, milliseconds),
        _found(results.agreement),
        at_most("640 × 480 live frame, 1 face", live and live[OURS].median, 0.08, 0.03, milliseconds),
        at_least(
            "model, batch 8, against eager fp32 of the same weights",
            model and model[THEIRS].median / model[OURS].median,
            1.5,
            3.0,
            lambda value: f"{value:.2f} times as fast",
        ),
        _accuracy_lost(accuracy),
        at_least(
            "batch path, photos per second, against calling one by one",
            results.batch[THEIRS].median / results.batch[OURS].median,
            1.2,
            1.6,
            lambda value: f"{value:.2f} times",
        ),
        at_most(
            "upright portraits searched in other rotations",
            results.portraits.searched_turned / results.portraits.number,
            0.05,
            0,
            lambda value: f"{value:.0%}",
        ),
        at_most(
            "process start to first answer", page and median(page.first_answer_s), 10, 5, lambda value: f"{value:.1f} s"
        ),
        at_most(
            "peak memory of the serving process",
            page and page.peak_bytes,
            1.5e9,
            0.9e9,
            lambda value: f"{value / 1e6:.0f} MB",
        ),
    ]


def _found(agreement: Agreement) -> Target:
    text = (
        f"{agreement.ours} of {agreement.faces}, {agreement.ours_extra} extra; baseline {agreement.theirs}, "
        f"{agreement.only_theirs} of which are missed"
    )
    return Target(
        f"faces of at least 1/40 of the longer side, over {agreement.photos} composed photos",
        "all that the baseline finds, at most 1 % extra",
        "more than it finds, none extra",
        text,
        agreement.only_theirs == 0 and agreement.ours_extra <= 0.01 * agreement.faces,
        agreement.ours > agreement.theirs and agreement.only_theirs == 0 and agreement.ours_extra == 0,
    )


def _accuracy_lost(accuracy: Accuracy | None) -> Target:
    years, points = (accuracy.lost_years, accuracy.lost_points) if accuracy else (0.0, None)
    genders = "genders not measured" if points is None else f"{points:.2f} points"
    return Target(
        "accuracy lost by the model's speed-up, on the test split",
        "≤ 0.02 y, ≤ 0.1 point",
        "none",
        f"{years:.3f} y, {genders}" if accuracy else None,
        years <= 0.02 and (points or 0) <= 0.1,
        years <= 0 and (points or 0) <= 0,
    )


def milliseconds(seconds: float) -> str:
    """In whole milliseconds, or with one decimal below ten."""
    return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"
