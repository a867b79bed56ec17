"""Charts of measured values as HTML and inline SVG: bars or dots with their intervals, and a reliability diagram.

They take the theme's colours and are readable on a phone. Every text is escaped here. To a screen reader a chart is one
picture, and the table below it holds the same numbers. Histograms are in histograms.py; charts.css is the style of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .chart_parts import BLUE, VERMILION, Scale, figure, picture, shown, table, ticks_html

SERIES = {"": (BLUE, "ga-dot"), "female": (VERMILION, "ga-dot"), "male": (BLUE, "ga-square")}
TICKS = {"years": "{:g}", "signed": "{:+g}", "share": "{:.0%}"}
STEPS = tuple(digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5))
MAX_STEPS = 5
MAX_NAME_LENGTH = 17
"""In characters; longer names are wrapped."""
MIN_IN_BIN = 10
"""Reliability bins of fewer faces are drawn hollow: their share is mostly chance."""
# Of the reliability diagram, in SVG units, about a pixel each: left, top, right and bottom edge of the plot.
LEFT, TOP, RIGHT, BOTTOM, WIDTH, HEIGHT = 60, 10, 300, 210, 320, 254


@dataclass(frozen=True, slots=True)
class Bar:
    """One measured value.

    Attributes:
        label: the group it was measured on.
        value: in years, or a share in [0, 1].
        n: number of faces.
        interval: both ends of its 95 % interval, where there is one.
        series: "female", "male", or nothing.
    """

    label: str
    value: float
    n: int
    interval: tuple[float, float] | None = None
    series: str = ""


def scale_for(bars: Sequence[Bar], kind: str) -> Scale:
    """An axis that holds all bars and their intervals; charts to be compared share one.

    Shares that are all above one half get an axis from there, the share that guessing one of two reaches.
    """
    ends = [end for bar in bars for end in (bar.value, *(bar.interval or ()))]
    if kind == "share" and min(ends) >= 0.5:
        return Scale(0.5, 1.0, 5)
    furthest = max(*map(abs, ends), STEPS[0])
    step = next((step for step in STEPS if furthest <= MAX_STEPS * step), STEPS[-1])
    steps = math.ceil(furthest / step - 1e-9)
    return Scale(-steps * step, steps * step, 2 * steps) if kind == "signed" else Scale(0.0, steps * step, steps)


def bar_chart(
    caption: str, bars: Sequence[Bar], kind: str, scale: Scale | None = None, reference: float | None = None
) -> str:
    """Rows of label, mark and number; bars where the axis holds the zero, else dots.

    Args:
        caption: what is measured, of which faces.
        bars: in the order of the rows, at least one; those of one label one after the other.
        kind: of the values: "years", "signed" (years, with their sign) or "share".
        scale: the axis; by default the one that `bars` need.
        reference: a value to mark by a dashed line.
    """
    scale = scale or scale_for(bars, kind)
    rows, last = [], None
    for bar in bars:
        if bar.series and bar.label != last:
            rows.append(f'<div class="ga-group">{escape(bar.label)}</div>')
        last = bar.label
        rows.append(_row(bar, kind, scale, reference))
    ticks = ticks_html((100 * step / scale.steps, text) for step, text in _ticks(scale, kind))
    lanes = f'<span></span><span class="ga-lane">{ticks}</span><span></span>'
    rows.append(f'<div class="ga-row ga-scale ga-{kind}">{lanes}</div>')
    names = min(max(len(bar.series or bar.label) for bar in bars), MAX_NAME_LENGTH) + 1
    style = f'style="--ga-steps:{scale.steps};--ga-names:{names}ch"'
    plot = f'<div class="ga-plot" {style} {picture(_alternative(caption))}>{"".join(rows)}</div>'
    with_series, with_interval = any(bar.series for bar in bars), any(bar.interval for bar in bars)
    head = ["Group", *(["Label"] if with_series else []), "Value", *(["95% interval"] if with_interval else []), "n"]
    cells = [
        [
            bar.label,
            *([bar.series] if with_series else []),
            shown(bar.value, kind),
            *([_interval_text(bar, kind)] if with_interval else []),
            f"{bar.n:,}",
        ]
        for bar in bars
    ]
    return figure(caption, plot, table(caption, head, cells))


def reliability_chart(caption: str, bins: Sequence[tuple[float, float, int]]) -> str:
    """Measured share against stated probability as a small SVG; on the dashed diagonal the two are the same.

    Args:
        caption: what is measured, of which faces.
        bins: at least one; stated probability, share of right answers and n.
    """
    across, up = Scale(0.5, 1.0, 5), Scale(min(0.5, math.floor(10 * min(right for _, right, _ in bins)) / 10), 1.0, 5)

    def x(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * across.percent(value) / 100

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * up.percent(value) / 100

    lines, most = [], max(n for *_, n in bins)
    for tenth in range(round(10 * up.low), 11, 1 if up.low >= 0.3 else 2):
        at = y(tenth / 10)
        lines.append(f'<path class="ga-grid" d="M{LEFT} {at:.1f}H{RIGHT}"/>')
        lines.append(f'<text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{10 * tenth}%</text>')
    for tenth in range(5, 11):
        at = x(tenth / 10)
        lines.append(f'<text x="{at:.1f}" y="{BOTTOM + 17}" text-anchor="middle">{10 * tenth}%</text>')
    lines.append(f'<path class="ga-diagonal" d="M{x(0.5):.1f} {y(0.5):.1f}L{x(1):.1f} {y(1):.1f}"/>')
    for stated, right, n in bins:
        fill = BLUE if n >= MIN_IN_BIN else "none"
        place = f'cx="{x(stated):.1f}" cy="{y(right):.1f}" r="{4 + 5 * math.sqrt(n / most):.1f}"'
        lines.append(f'<circle {place} fill="{fill}" stroke="{BLUE}"/>')
    lines.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">stated probability</text>')
    middle = (TOP + BOTTOM) / 2
    lines.append(f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">right answers</text>')
    attributes = f'class="ga-reliability" viewBox="0 0 {WIDTH} {HEIGHT}" {picture(_alternative(caption))}'
    plot = f"<svg {attributes}>{''.join(lines)}</svg>"
    rows = [[shown(stated, "share"), shown(right, "share"), f"{n:,}"] for stated, right, n in bins]
    return figure(caption, plot, table(caption, ["Stated", "Right", "n"], rows))


def _row(bar: Bar, kind: str, scale: Scale, reference: float | None) -> str:
    fill, mark = SERIES.get(bar.series, SERIES[""])
    at, marks = scale.percent(bar.value), []
    if scale.low <= 0:
        zero = scale.percent(0)
        marks.append(f'<i class="ga-bar" style="left:{min(zero, at):.2f}%;width:{abs(at - zero):.2f}%"></i>')
        if scale.low < 0:
            marks.append(f'<i class="ga-zero" style="left:{zero:.2f}%"></i>')
    if reference is not None:
        marks.append(f'<i class="ga-reference" style="left:{scale.percent(reference):.2f}%"></i>')
    if bar.interval is not None:
        low, high = (scale.percent(end) for end in bar.interval)
        marks.append(f'<i class="ga-whisker" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>')
    if scale.low > 0:
        marks.append(f'<i class="{mark}" style="left:{at:.2f}%"></i>')
    value = f"<b>{shown(bar.value, kind)}</b> <small>n\N{THIN SPACE}=\N{THIN SPACE}{bar.n:,}</small>"
    return (
        f'<div class="ga-row" style="--ga-fill:{fill}"><span class="ga-name">{escape(bar.series or bar.label)}</span>'
        f'<span class="ga-lane">{"".join(marks)}</span>'
        f'<span class="ga-value">{value}</span></div>'
    )


def _ticks(scale: Scale, kind: str) -> list[tuple[int, str]]:
    """Position in steps and text of the ticks: of many, some, both ways from the zero."""
    every = 1 if scale.steps <= MAX_STEPS else 2
    if kind == "signed" and every == 2 and scale.steps % 4:
        every = scale.steps // 2
    values = [(i, scale.low + (scale.high - scale.low) * i / scale.steps) for i in range(0, scale.steps + 1, every)]
    zero = {"share": "0%"}.get(kind, "0")
    return [(i, TICKS[kind].format(v).replace("-", "\N{MINUS SIGN}") if abs(v) > 1e-9 else zero) for i, v in values]


def _interval_text(bar: Bar, kind: str) -> str:
    return f"{shown(bar.interval[0], kind).rstrip('%')} to {shown(bar.interval[1], kind)}" if bar.interval else "–"


def _alternative(caption: str) -> str:
    return f"Chart: {caption}. Its numbers are in the table below."
