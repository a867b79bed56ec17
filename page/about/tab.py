"""The About tab: what the model is, how good it is by its own evaluation report, and what a visitor should know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import gradio as gr

from gender_age.labels import GENDERS

from ..shared.charts import Bar, Scale, bar_chart, number, part, read_bins, reliability_chart, scale_for, shown
from . import text
from .model import SOURCE_NAMES, licences_html, model_html

FEWEST_NAMED = 20
"""Smaller groups are in the charts, but never named as the best or the worst: their numbers are mostly chance."""


def build_about_tab(report: dict | None, training: dict | None) -> None:
    """Puts the tab's content where it is called.

    Args:
        report: the checkpoint's `evaluation.json`, None where it has none.
        training: its `training.json`, None where it has none.
    """
    gr.HTML(about_html(report, training), elem_id="about", apply_default_css=False, js_on_load=text.ON_LOAD)


def about_html(report: dict | None, training: dict | None) -> str:
    """The whole tab; whatever is missing from the records, or is of another shape, is left out."""
    sections = {
        "model": ("The model", model_html(report, training)),
        "labels": ("What its answers mean", text.LABELS),
        "errors": ("How good it is", _measurements(report)),
        "uses": ("What it must not be used for", text.NOT_FOR),
        "photos": ("What happens to your photos", text.PHOTOS),
        "programs": ("Use it from a program", text.programs_html()),
        "licences": ("Licences", licences_html(training)),
        "cite": ("How to cite", text.cite_html()),
    }
    return text.sections_html(sections)


def _measurements(report: dict | None) -> str:
    if report is None:
        return text.NO_REPORT
    protocols = part(report, "protocols")
    # End to end, as a visitor meets the model, where that was measured.
    chosen = next((key for key in ("end_to_end", "landmarks") if isinstance(part(protocols, key), dict)), None)
    sources = {SOURCE_NAMES.get(name, name): found for name, found in _groups(protocols, chosen).items()}
    parts = [_age(sources), _gender(sources), _intervals(sources), _calibration(sources), _missed(sources)]
    titles = ("The age", "The perceived gender", "The age interval", "The gender probability", "Faces that are missed")
    shown_parts = [f"<h3>{title}</h3>{body}" for title, body in zip(titles, parts, strict=True) if body]
    if not shown_parts:
        return text.UNREADABLE
    return _lead(sources) + _tiles(sources) + text.how_measured(report, chosen) + "".join(shown_parts)


def _lead(sources: dict) -> str:
    """The main findings in plain words."""
    sentences = []
    for name, found in sources.items():
        worst = _extreme(_bars(found, "by_age_band", "age_mae", "years"), max)
        if near := Bar.read(name, part(found, "overall", "age_cs5")):
            sentences.append(f"For {text.of_100(near)} faces of {escape(name)} the age is at most five years off")
            if worst:
                sentences[-1] += f"; it is worst for {text.people(worst)}, off by {text.years(worst.value)} on average"
        right, beside = (Bar.read(name, part(found, "overall", key)) for key in ("range_accuracy", "range_within_one"))
        if right and beside:
            sentences.append(
                f"On {escape(name)}, whose ages are ranges, {text.of_100(right)} faces get the right one and "
                f"{text.of_100(beside)} the right one or its neighbour"
            )
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


def _tiles(sources: dict) -> str:
    """The few overall numbers, large."""
    tiles = []
    for key, kind, unit, what in (
        ("age_mae", "years", " years", "mean absolute error of the age"),
        ("gender_accuracy", "share", "", "read with the gender of their label"),
        ("coverage", "share", "", "of true ages inside their interval"),
    ):
        for name, found in sources.items():
            group = part(found, "intervals", "overall") if key == "coverage" else part(found, "overall")
            if bar := Bar.read(name, part(group, key), kind):
                head, small = f"<b>{shown(bar.value, kind)}{unit}</b>", f"{escape(name)}, n = {bar.n:,}"
                tiles.append(f"<li>{head}<span>{what}</span><small>{small}</small></li>")
    return f'<ul class="ga-tiles">{"".join(tiles)}</ul>' if tiles else ""


def _age(sources: dict) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        biases = _bars(found, "by_age_band", "age_bias", "signed")
        oldest, youngest = _extreme(biases, max), _extreme(biases, min)
        turned = []
        if oldest and oldest.value > 0:
            turned.append(f"{text.years(oldest.value)} too old for {text.people(oldest)}")
        if youngest and youngest.value < 0:
            turned.append(f"{text.years(-youngest.value)} too young for {text.people(youngest)}")
        if turned:
            sentences.append(f"On {escape(name)} the age comes out, on average, {text.listed(turned)}.")
        for key, kind, what in (
            ("age_mae", "years", "mean absolute error of the age in years, by true age"),
            ("age_bias", "signed", "years taken too old (+) or too young (\N{MINUS SIGN}), by true age"),
            ("range_accuracy", "share", "right age range, by true age"),
            ("range_within_one", "share", "right age range or its neighbour, by true age"),
        ):
            charts += _chart(f"{name}: {what}", _bars(found, "by_age_band", key, kind), kind)
    return _joined(sentences, charts)


def _gender(sources: dict) -> str:
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


def _intervals(sources: dict) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        intervals = part(found, "intervals")
        level, overall = number(part(intervals, "level"), 0, 1), Bar.read(name, part(intervals, "overall", "coverage"))
        bars = _bars(intervals, "by_age_band", "coverage")
        if not level or not overall or not bars:
            continue
        width = number(part(intervals, "overall", "mean_width"), 0, 150)
        constant = number(part(intervals, "constant_width"), 0, 150)
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
        bands = part(intervals, "by_age_band")
        widths = [(bar, number(part(bands, bar.label, "mean_width"), 0, 150)) for bar in bars]
        wide_bars = [Bar(bar.label, width, bar.n) for bar, width in widths if width is not None]
        charts += _chart(f"{name}: mean width of the interval in years, by true age", wide_bars, "years")
    return _joined(sentences, charts)


def _calibration(sources: dict) -> str:
    sentences, charts = [], []
    for name, found in sources.items():
        calibration = part(found, "calibration")
        error, bins = number(part(calibration, "ece"), 0, 1), read_bins(part(calibration, "bins"))
        if error is None or not bins:
            continue
        sentences.append(
            f"On {escape(name)} stated and measured differ by {100 * error:.1f} percentage points on average "
            f"(expected calibration error, n = {sum(n for *_, n in bins):,})."
        )
        doubtful = number(part(calibration, "uncertain", "share"), 0, 1)
        yes, no = (Bar.read(name, part(calibration, key)) for key in ("accuracy_certain", "accuracy_uncertain"))
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


def _missed(sources: dict) -> str:
    sentences = [
        f"In {shown(bar.value, 'share')} of the pictures of {escape(name)} the detector found no face (n = {bar.n:,})."
        for name, found in sources.items()
        if (bar := Bar.read(name, part(found, "overall", "missed")))
    ]
    missed = {name: _bars(found, "by_race", "missed") for name, found in sources.items()}
    groups = {name: sorted(bars, key=lambda bar: -bar.value) for name, bars in missed.items() if bars}
    scale = scale_for([bar for bars in groups.values() for bar in bars], "share") if groups else None
    what = "faces missed, by group, worst first"
    charts = [bar_chart(f"{name}: {what}", bars, "share", scale) for name, bars in groups.items()]
    return _joined(sentences, charts)


def _groups(values: object, key: str | None) -> dict:
    """The dict at `key`, its keys as text; empty where there is none."""
    found = part(values, key)
    return {str(name): each for name, each in found.items()} if isinstance(found, dict) else {}


def _bars(found: object, groups: str, key: str, kind: str = "share") -> list[Bar]:
    """A bar for each of the groups that has `key` measured."""
    bars = [Bar.read(name.replace("_", " "), part(group, key), kind) for name, group in _groups(found, groups).items()]
    return [bar for bar in bars if bar]


def _recalls(sources: dict, groups: str) -> dict[str, list[Bar]]:
    """By source, the share of each group's women and girls, and men and boys, that are read as labelled."""
    recalls = {}
    for source, found in sources.items():
        for name, group in _groups(found, groups).items():
            bars = [
                Bar.read(name.replace("_", " "), part(group, "gender_recall", each), series=each) for each in GENDERS
            ]
            recalls.setdefault(source, []).extend(bar for bar in bars if bar)
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
