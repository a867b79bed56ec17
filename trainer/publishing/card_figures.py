"""Figures of an evaluation report as Markdown: numbers, tables and sentences of a model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gender_age.labels import GENDERS
from gender_age.measured import KINDS, Measured
from gender_age.measurements import FEWEST_NAMED, EvaluationRecord, GroupReport, SourceReport
from gender_age.records import SOURCE_NAMES, TrainingRecord

from ..evaluation.metrics import AGE_BAND_NAMES
from ..preparation.origins import PUBLISHED
from ..preparation.splits import SHARES

COLUMNS = {
    "missed": "missed",
    "age_mae": "MAE, years",
    "age_band_mae": "mean of the bands' MAE, years",
    "age_bias": "bias, years",
    "age_cs5": "CS@5",
    "range_accuracy": "right range",
    "range_within_one": "within one range",
    "range_touched": "interval touches the range",
    "gender_accuracy": "gender accuracy",
    "gender_accuracy_from_10": "gender accuracy from 10 years",
    "recall_female": "women found",
    "recall_male": "men found",
}
"""Metric of a group -> column title."""

PROTOCOL_NAMES = {"landmarks": "stored landmarks", "end_to_end": "end to end"}

ABOUT_ALL = 0.97
"""Share of a whole test split from which on nothing is said to lack: faces without a label or that come twice do."""

MISSING = "–"
"""Shown for missing values."""


def figures_in_short(report: EvaluationRecord) -> str:
    """A Markdown list with the overall metrics of the headline protocol, one source an entry."""
    protocol = PROTOCOL_NAMES[report.headline]
    lines = []
    for source, result in report.sources.items():
        found, parts = result.overall, []
        if found.age_mae:
            parts.append(f"MAE {measured(found.age_mae, 'years')} years, CS@5 {measured(found.age_cs5, 'share')}")
        if found.range_accuracy:
            within = f", within one {measured(found.range_within_one, 'share')}" if found.range_within_one else ""
            parts.append(f"right age range {measured(found.range_accuracy, 'share')}{within}")
        parts.append(f"gender accuracy {measured(found.gender_accuracy, 'share')}")
        where = f"{recorded(report.split)} split, {protocol}, n = {count(found.n)}"
        lines.append(f"- **{SOURCE_NAMES.get(source, source)}**, {where}: {'; '.join(parts)}")
    return "\n".join(lines)


def part_used(source: str, report: EvaluationRecord) -> str | None:
    """A sentence that compares a source's test split with the tenth that `prepare` makes of all published images.

    Args:
        source: one of `SOURCE_NAMES`.
        report: of the model.

    Returns:
        None where the report is not of a whole test split of the source.
    """
    n = report.sources[source].overall.n if source in report.sources else None
    if n is None or report.split != "test" or report.limit is not None:
        return None
    tenth = SHARES["test"] * PUBLISHED[source]
    sentence = f"Of {PUBLISHED[source]:,} published images, the test split has {n:,}"
    if n > ABOUT_ALL * tenth:
        return f"{sentence}."
    return (
        f"{sentence}; a tenth would be {tenth:,.0f}. So a part of the data was used, and figures of work on all of it "
        "cannot be set beside these."
    )


def sources_table(report: EvaluationRecord, training: TrainingRecord | None) -> str:
    """A Markdown table with one row per source: whether the model has seen it, and what ages and intervals are worth.

    Args:
        report: of the model.
        training: of the model; None if it is not known.
    """
    shown_as = {True: "yes", False: "**no**", None: MISSING}
    return _without_empty_columns(
        {
            "source": SOURCE_NAMES.get(source, source),
            "trained on": shown_as[training.has_seen(source) if training else None],
            **_source_columns(result),
        }
        for source, result in report.sources.items()
    )


def left_out_table(reports: Iterable[EvaluationRecord]) -> str:
    """A Markdown table with one row per source that another model was not trained on.

    Args:
        reports: of these models, as in `EvaluationRecord.left_out`.
    """
    return _without_empty_columns(
        {
            "source left out": SOURCE_NAMES.get(source, source),
            "image size, px": count(report.image_size),
            "measured": PROTOCOL_NAMES[report.headline],
            **_source_columns(result),
        }
        for report in reports
        for source, result in report.sources.items()
    )


def group_table(first: str, groups: Mapping[str, GroupReport], keys: Sequence[str]) -> str:
    """A Markdown table with one row per group: n, then the metrics with 95 % intervals.

    Args:
        first: title of the first column.
        groups: by name.
        keys: of `COLUMNS`; empty columns are left out, and so is a table without any column.
    """
    shown = [key for key in keys if any(getattr(group, key) for group in groups.values())]
    if not shown:
        return ""
    rows = [[first, "n", *(COLUMNS[key] for key in shown)], ["---"] + ["---:"] * (len(shown) + 1)]
    rows += [
        [name, count(group.n), *(measured(getattr(group, key), KINDS[key]) for key in shown)]
        for name, group in groups.items()
    ]
    return _lines(rows)


def weak_spots(result: SourceReport) -> list[str]:
    """Sentences on the groups with the worst metrics."""
    sentences = []
    errors = {name: group.age_mae for name, group in result.by_age_band.items() if _named(group.age_mae)}
    if len(errors) > 1:
        name = max(errors, key=lambda name: errors[name].value)
        sentences.append(
            f"The age is furthest off in the band {name}: MAE {measured(errors[name], 'years')} years, "
            f"bias {measured(result.by_age_band[name].age_bias, 'signed')} years (n = {errors[name].n:,})."
        )
    plurals = {"female": "women and girls", "male": "men and boys"}
    recalls = {
        f"{plurals[gender]} {where} {name}": recall
        for where, groups in (("of", result.by_age_band), ("labelled", result.by_race))
        for name, group in groups.items()
        for gender in GENDERS
        if _named(recall := getattr(group, f"recall_{gender}"))
    }
    overall = result.overall.gender_accuracy
    for name in sorted(recalls, key=lambda name: recalls[name].value)[:3]:
        if overall is None or recalls[name].value >= overall.value:
            break
        sentences.append(
            f"Of {name}, {measured(recalls[name], 'share')} are predicted as labelled (n = {recalls[name].n:,})."
        )
    return sentences


def measured(found: Measured | None, kind: str) -> str:
    """The value with its 95 % interval, or a dash: `"5.75 (5.55 to 5.95)"`, `"89.9 % (88.6 to 91.1)"`."""
    if found is None:
        return MISSING
    scale, digits, sign, unit = {
        "years": (1, 2, "", ""),
        "signed": (1, 2, "+", ""),
        "share": (100, 1, "", " %"),
    }[kind]
    number, *ends = (f"{scale * each:{sign}.{digits}f}" for each in (found.value, *(found.interval or ())))
    return f"{number}{unit} ({ends[0]} to {ends[1]})" if ends else f"{number}{unit}"


def share(value: float | None) -> str:
    """A share as a percentage, or a dash: `"80.0 %"`."""
    return MISSING if value is None else f"{100 * value:.1f} %"


def years(value: float | None) -> str:
    """Years, or a dash: `"12.7"`."""
    return MISSING if value is None else f"{value:.1f}"


def count(value: int | None) -> str:
    """A number of faces or images, or a dash: `"2,129"`."""
    return MISSING if value is None else f"{value:,}"


def recorded(value: str | float | None) -> str:
    """The recorded value as text, or a dash."""
    return MISSING if value is None else str(value)


def _source_columns(result: SourceReport) -> dict[str, str]:
    """What ages, intervals and genders are worth on a source, by column title."""
    oldest = AGE_BAND_NAMES[-1]
    found, old, interval = result.overall, result.by_age_band.get(oldest, GroupReport()), result.intervals.overall
    return {
        "n": count(found.n),
        COLUMNS["age_mae"]: _value(found.age_mae, "years"),
        COLUMNS["age_bias"]: _value(found.age_bias, "signed"),
        f"bias, {oldest}": _value(old.age_bias, "signed"),
        "interval holds": _value(interval.coverage, "share"),
        "its width, years": years(interval.mean_width),
        COLUMNS["range_accuracy"]: _value(found.range_accuracy, "share"),
        COLUMNS["range_touched"]: _value(found.range_touched, "share"),
        COLUMNS["gender_accuracy"]: _value(found.gender_accuracy, "share"),
    }


def _without_empty_columns(rows: Iterable[Mapping[str, str]]) -> str:
    """A Markdown table of rows with the same titles, numbers from the second column on."""
    rows = list(rows)
    shown = [title for title in rows[0] if any(row[title] != MISSING for row in rows)]
    return _lines([shown, ["---"] + ["---:"] * (len(shown) - 1), *([row[title] for title in shown] for row in rows)])


def _value(found: Measured | None, kind: str) -> str:
    """As `measured`, without the interval."""
    return measured(found and replace(found, interval=None), kind)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    """The rows of a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _named(found: Measured | None) -> bool:
    return found is not None and found.n >= FEWEST_NAMED
