"""What About opens with: four numbers and two charts, all of the model's own evaluation record."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from gender_age.measured import Measured
from gender_age.measurements import EvaluationRecord, SourceReport
from gender_age.records import TrainingRecord

from ..shared.charts import bar_chart, shown
from . import text
from .measurements import Sources, by_source, measured_bars

Of = Callable[[SourceReport], Measured | None]
"""What is taken of a source's report."""


def opening_html(report: EvaluationRecord | None, training: TrainingRecord | None) -> str:
    """The numbers and the charts; what was not measured is left out, and without any of it a sentence says so."""
    if report is None:
        return text.NO_REPORT
    sources = by_source(report)
    numbers, charts = _numbers(sources), [chart for chart in (_ages(sources), _genders(sources)) if chart]
    if not numbers and not charts:
        return text.UNREADABLE
    tiles = f'<ul class="ga-tiles">{"".join(numbers)}</ul>' if numbers else ""
    drawn = f'<div class="ga-charts">{"".join(charts)}</div>{text.WHISKERS}' if charts else ""
    return text.opening(report, training) + tiles + drawn


def _numbers(sources: Sources) -> list[str]:
    """Means over the faces of all sources, and how many faces were measured."""
    levels = {found.intervals.level for found in sources.values() if found.intervals.overall.coverage}
    promised = f" ({100 * levels.pop():.0f}% promised)" if len(levels) == 1 and None not in levels else ""
    tiles = []
    for of, kind, unit, what in (
        (lambda found: found.overall.age_mae, "years", " years", "mean error of the age"),
        (lambda found: found.overall.gender_accuracy, "share", "", "of genders read as labelled"),
        (lambda found: found.intervals.overall.coverage, "share", "", f"of true ages inside their interval{promised}"),
    ):
        names, value, n = _mean(sources, of)
        if n:
            tiles.append(_tile(f"{shown(value, kind)}{unit}", what, f"{text.listed(names)}, n\u00a0=\u00a0{n:,}"))
    counts = {name: found.overall.n for name, found in sources.items() if found.overall.n}
    if counts:
        tiles.append(_tile(f"{sum(counts.values()):,}", "faces measured", text.listed(list(counts))))
    return tiles


def _mean(sources: Sources, of: Of) -> tuple[list[str], float, int]:
    """The names of the sources where it was measured, the mean over their faces, and how many these are."""
    found = {name: measured for name, report in sources.items() if (measured := of(report))}
    n = sum(each.n for each in found.values())
    return list(found), sum(each.value * each.n for each in found.values()) / max(n, 1), n


def _tile(number: str, what: str, small: str) -> str:
    return f"<li><b>{number}</b><span>{what}</span><small>{escape(small)}</small></li>"


def _ages(sources: Sources) -> str:
    """The error of the age by true age, of the source with the most faces that has it."""
    name, bars = _largest({name: measured_bars(found.by_age_band, "age_mae") for name, found in sources.items()})
    return bar_chart(f"Mean error of the age in years, by true age ({name})", bars, "years") if bars else ""


def _genders(sources: Sources) -> str:
    """How often the gender is read as labelled: by group, or where there is none by true age."""
    for part, by in (("by_race", "by group, lowest first"), ("by_age_band", "by true age")):
        name, bars = _largest(
            {name: measured_bars(getattr(found, part), "gender_accuracy") for name, found in sources.items()}
        )
        if bars:
            bars = sorted(bars, key=lambda bar: bar.value) if part == "by_race" else bars
            return bar_chart(f"Gender read as labelled, {by} ({name})", bars, "share")
    return ""


def _largest(bars_of: dict[str, list]) -> tuple[str, list]:
    """The source whose bars stand for the most faces."""
    return max(bars_of.items(), key=lambda item: sum(bar.n for bar in item[1]), default=("", []))
