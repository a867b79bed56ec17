"""The About tab's measured sections: how good the model is by its own evaluation record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from gender_age.labels import GENDERS
from gender_age.measured import KINDS
from gender_age.measurements import FEWEST_NAMED, EvaluationRecord, GroupReport, IntervalGroup, SourceReport
from gender_age.records import SOURCE_NAMES, TrainingRecord

from ..shared.charts import Bar, Scale, bar_chart, reliability_chart, scale_for, shown
from . import text

Sources = Mapping[str, SourceReport]
"""Reports by the names of their sources."""


def by_source(report: EvaluationRecord) -> Sources:
    """The reports that the page shows."""
    return {SOURCE_NAMES.get(name, name): found for name, found in report.sources.items()}


def measurements_html(report: EvaluationRecord | None, training: TrainingRecord | None) -> str:
    """The main findings, then a part for each thing that was measured; nothing where nothing was."""
    if report is None:
        return ""
    sources = by_source(report)
    parts = [_age(sources), _gender(sources), _intervals(sources), _calibration(sources), _missed(sources)]
    titles = ("The age", "The perceived gender", "The age interval", "The gender probability", "Faces that are missed")
    shown_parts = [f"<h3>{title}</h3>{body}" for title, body in zip(titles, parts, strict=True) if body]
    if not shown_parts:
        return ""
    return _lead(sources) + text.how_measured(report, training) + "".join(shown_parts)


def _lead(sources: Sources) -> str:
    """The main findings in plain words."""
    sentences = []
    for name, found in sources.items():
        worst = _extreme(measured_bars(found.by_age_band, "age_mae"), max)
        if near := found.overall.age_cs5:
            sentences.append(f"For {text.of_100(near)} faces of {escape(name)} the age is at most five years off")
            if worst:
                sentences[-1] += f"; it is worst for {text.people(worst)}, off by {text.years(worst.value)} on average"
        right, beside = found.overall.range_accuracy, found.overall.range_within_one
        if right:
            sentences.append(f"On {escape(name)}, whose ages are ranges, {text.of_100(right)} faces get the right one")
        if right and beside:
            sentences[-1] += f" and {text.of_100(beside)} the right one or its neighbour"
    spans = {name: (_extreme(bars, min), _extreme(bars, max)) for name, bars in _recalls(sources, "by_race").items()}
    spans = {name: span for name, span in spans.items() if all(span) and span[0].value < span[1].value}
    if spans:
        name, (low, high) = max(spans.items(), key=lambda item: item[1][1].value - item[1][0].value)
        sentences.append(
            f"<b>Errors differ between groups:</b> of the faces of {escape(name)} labelled {text.labelled(low)}, "
            f"{shown(low.value, 'share')} are read with that gender; of those labelled {text.labelled(high)}, "
            f"{shown(high.value, 'share')}"
        )
    return f'<p class="ga-lead">{". ".join(sentences)}.</p>' if sentences else ""


def _age(sources: Sources) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        biases = measured_bars(found.by_age_band, "age_bias")
        oldest, youngest = _extreme(biases, max), _extreme(biases, min)
        turned = []
        if oldest and oldest.value > 0:
            turned.append(f"{text.years(oldest.value)} too old for {text.people(oldest)}")
        if youngest and youngest.value < 0:
            turned.append(f"{text.years(-youngest.value)} too young for {text.people(youngest)}")
        if turned:
            sentences.append(f"On {escape(name)} the age comes out, on average, {text.listed(turned)}.")
        for key, what in (
            ("age_mae", "mean absolute error of the age in years, by true age"),
            ("age_bias", "years taken too old (+) or too young (\N{MINUS SIGN}), by true age"),
            ("range_accuracy", "right age range, by true age"),
            ("range_within_one", "right age range or its neighbour, by true age"),
        ):
            charts += _chart(f"{name}: {what}", measured_bars(found.by_age_band, key), KINDS[key])
    return _joined(sentences, charts)


def _gender(sources: Sources) -> str:
    by_band, by_race = _recalls(sources, "by_age_band"), _recalls(sources, "by_race")
    everything = [bar for bars in (*by_band.values(), *by_race.values()) for bar in bars]
    if not everything:
        return ""
    scale = scale_for(everything, "share")
    sentences = ["How many faces are read with the gender of their label; guessing would reach half."]
    for name, bars in by_band.items():
        if worst := _extreme(bars, min):
            sentences.append(
                f"Hardest on {escape(name)} are {text.people(worst)} labelled {escape(worst.series)}: "
                f"{shown(worst.value, 'share')} (n = {worst.n:,})."
            )
    charts = [bar_chart(f"{name}: gender as labelled, by true age", b, "share", scale) for name, b in by_band.items()]
    for name, bars in by_race.items():
        lowest = {bar.label: min(each.value for each in bars if each.label == bar.label) for bar in bars}
        ordered = sorted(bars, key=lambda bar: (lowest[bar.label], bar.label))
        charts += _chart(f"{name}: gender as labelled, by group, worst first", ordered, scale=scale)
    return _joined(sentences, charts)


def _intervals(sources: Sources) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        intervals = found.intervals
        level, overall, bands = intervals.level, intervals.overall.coverage, intervals.by_age_band
        bars = measured_bars(bands, "coverage")
        if not level or not overall or not bars:
            continue
        width, constant = intervals.overall.mean_width, intervals.constant_width
        wide = f", with a mean width of {text.years(width)}" if width is not None else ""
        if wide and constant is not None:
            wide += f" (one width for all ages would need {text.years(constant)})"
        sentences.append(
            f"The interval promises to hold the true age of {100 * level:.0f} in 100 faces. On {escape(name)} it holds "
            f"{shown(overall.value, 'share')}{wide}."
        )
        if (worst := _extreme(bars, min)) and worst.value < level:
            sentences.append(f"It holds least for {text.people(worst)}: {shown(worst.value, 'share')}.")
        charts += _chart(f"{name}: true ages inside, by true age; dashed: promised", bars, reference=level)
        wide_bars = [
            Bar(bar.label, group.mean_width, bar.n)
            for name_of_band, group in bands.items()
            if group.mean_width is not None
            for bar in measured_bars({name_of_band: group}, "coverage")
        ]
        charts += _chart(f"{name}: mean width of the interval in years, by true age", wide_bars, "years")
    return _joined(sentences, charts)


def _calibration(sources: Sources) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        calibration = found.calibration
        error, bins = calibration.ece, calibration.bins
        if error is None or not bins:
            continue
        sentences.append(
            f"On {escape(name)} stated and measured differ by {100 * error:.1f} percentage points on average "
            f"(expected calibration error, n = {sum(each.n for each in bins):,})."
        )
        doubtful, yes, no = calibration.uncertain_share, calibration.accuracy_certain, calibration.accuracy_uncertain
        if doubtful and yes and no:
            sentences.append(
                f"Marked “uncertain” are {shown(doubtful, 'share')}: of those {shown(no.value, 'share')} are right, of "
                f"the others {shown(yes.value, 'share')}."
            )
        caption = f"{name}: stated probability against right answers; larger dots are more faces"
        charts.append(reliability_chart(caption, bins))
    if sentences:
        sentences.insert(0, "Of the answers given with 90%, nine in ten should be right; dots on the dashed line are.")
    return _joined(sentences, charts)


def _missed(sources: Sources) -> str:
    sentences = [
        f"In {shown(missed.value, 'share')} of the pictures of {escape(name)} the detector found no face "
        f"(n = {missed.n:,})."
        for name, found in sources.items()
        if (missed := found.overall.missed)
    ]
    by_race = {name: measured_bars(found.by_race, "missed") for name, found in sources.items()}
    groups = {name: sorted(bars, key=lambda bar: -bar.value) for name, bars in by_race.items() if bars}
    scale = scale_for([bar for bars in groups.values() for bar in bars], "share") if groups else None
    what = "faces missed, by group, worst first"
    charts = [bar_chart(f"{name}: {what}", bars, "share", scale) for name, bars in groups.items()]
    return _joined(sentences, charts)


def measured_bars(groups: Mapping[str, GroupReport | IntervalGroup], key: str, series: str = "") -> list[Bar]:
    """A bar for each of the groups that has `key` measured."""
    measured = {name: getattr(group, key) for name, group in groups.items()}
    return [
        Bar(name.replace("_", " "), each.value, each.n, each.interval, series)
        for name, each in measured.items()
        if each
    ]


def _recalls(sources: Sources, groups: str) -> dict[str, list[Bar]]:
    """By source, the share of each group's women and girls, and men and boys, that are read as labelled."""
    recalls = {
        source: [
            bar
            for name, group in getattr(found, groups).items()
            for gender in GENDERS
            for bar in measured_bars({name: group}, f"recall_{gender}", gender)
        ]
        for source, found in sources.items()
    }
    return {source: bars for source, bars in recalls.items() if bars}


def _extreme(bars: Sequence[Bar], choose: Callable) -> Bar | None:
    """The bar of the least or largest value, of groups large enough to be named; `choose` is `min` or `max`."""
    return choose((bar for bar in bars if bar.n >= FEWEST_NAMED), key=lambda bar: bar.value, default=None)


def _chart(
    caption: str, bars: Sequence[Bar], kind: str = "share", scale: Scale | None = None, reference: float | None = None
) -> list[str]:
    """The chart, or none where there is nothing to draw."""
    return [bar_chart(caption, bars, kind, scale, reference)] if bars else []


def _joined(sentences: Sequence[str], charts: Sequence[str]) -> str:
    words = f"<p>{' '.join(sentences)}</p>" if sentences else ""
    return words + (f'<div class="ga-charts">{"".join(charts)}</div>' if charts else "")
