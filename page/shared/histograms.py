"""Charts of counts and of probabilities by age as HTML: columns, shares of a whole, and an age distribution.

Every text is escaped here. charts.css is their style.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .chart_parts import BLUE, SKY, Scale, figure, picture, table, ticks_html

# A column for every year from 0 to 100, centred on it.
AGES = Scale(-0.5, 100.5, 101)
# Distances in percent between the grid lines of a distribution, and how many lines there are at most above 0.
GRID_STEPS_PERCENT, MAX_GRID_STEPS = (1, 2, 5, 10, 20, 50), 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a histogram.

    Attributes:
        label: below the column.
        count: its height.
        sentence: what it says to a screen reader.
        key: makes the column a button with this `data-key`, for a script of the page.
    """

    label: str
    count: int
    sentence: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole.

    Attributes:
        label: its name.
        text: the numbers, beside the name.
        share: of the whole, in [0, 1].
        uncertain: the share of the whole that belongs to this part, but not for certain; in [0, `share`].
        colour: CSS colour of the bar.
        key: as for `Column`.
    """

    label: str
    text: str
    share: float
    uncertain: float
    colour: str
    key: str = ""


def column_chart(caption: str, columns: Sequence[Column], colour: str = BLUE) -> str:
    """A histogram: the heights are the counts as shares of the highest.

    A screen reader says one sentence a column; the columns and the figures around them are for the eye.

    Args:
        columns: at least one, and one of them not 0.
    """
    highest = max(column.count for column in columns)
    items = "".join(_column_html(column, highest) for column in columns)
    return figure(caption, f'<ol class="ga-columns" style="--ga-fill:{colour}">{items}</ol>')


def share_chart(caption: str, shares: Sequence[Share]) -> str:
    """A labelled bar a share, from 0 to the whole, striped where it is uncertain; the numbers are in its text."""
    items = "".join(
        _item_html(
            f'<span class="ga-share-text"><b>{escape(share.label)}</b> {escape(share.text)}</span>'
            f'<span class="ga-share-bar" style="--ga-fill:{share.colour}" aria-hidden="true">'
            f'<span style="width:{share.share - share.uncertain:.1%}"></span>'
            f'<span class="ga-striped" style="width:{share.uncertain:.1%}"></span></span>',
            share.key,
        )
        for share in shares
    )
    return figure(caption, f'<ul class="ga-shares">{items}</ul>')


def distribution_chart(
    caption: str,
    distribution: Sequence[float],
    expected: tuple[float, str],
    interval: tuple[float, float],
    interval_text: str,
    summary: str,
    rows: Sequence[Sequence[str]],
) -> str:
    """The probability of every age from 0 to 100 as columns, with the expected age and the interval marked.

    Args:
        distribution: 101 probabilities, of the years 0 to 100.
        expected: the expected age in years, and as text.
        interval: first and last year; its columns are in colour.
        interval_text: the interval in words.
        summary: the distribution in sentences, shown below the plot and part of its text alternative.
        rows: of the table: ages in years, and their probability.
    """
    alternative = (
        f"Bars for the probability of each age from 0 to 100. Expected age {expected[1]}, {interval_text}. {summary}"
    )
    plot = _distribution_html(distribution, expected, interval)
    legend = (
        f'<span><i class="ga-expected"></i>expected age {escape(expected[1])}</span>'
        f'<span><i class="ga-interval"></i>{escape(interval_text)}</span>'
    )
    colours = f"--ga-fill-light:{BLUE};--ga-fill-dark:{SKY}"
    body = (
        f'<div class="ga-distribution" style="{colours}">'
        f'<div class="ga-distribution-plot" {picture(alternative)}>{plot}</div>'
        f'<div class="ga-legend">{legend}</div></div><p>{escape(summary)}</p>'
    )
    numbers = table(caption, ["Age in years", "Probability"], rows)
    return figure(caption, body, numbers, "The distribution as a table", is_heading=True)


def _column_html(column: Column, highest: int) -> str:
    return _item_html(
        f'<span class="ga-column-lane" aria-hidden="true">'
        f'<span class="ga-column" style="height:{column.count / highest:.1%}"><b>{column.count or ""}</b></span></span>'
        f'<span class="ga-column-label" aria-hidden="true">{escape(column.label)}</span>'
        f'<span class="ga-unseen">{escape(column.sentence)}</span>',
        column.key,
    )


def _item_html(content: str, key: str) -> str:
    """A list item; with a key, what it holds is a button that can be pressed."""
    if not key:
        return f"<li>{content}</li>"
    return f'<li><button type="button" data-key="{escape(key)}" aria-pressed="false">{content}</button></li>'


def _distribution_html(
    distribution: Sequence[float], expected: tuple[float, str], interval: tuple[float, float]
) -> str:
    """The columns as an SVG, which is stretched, and all text around it as HTML, which is not."""
    percent = [100 * float(probability) for probability in distribution]
    highest = max(*percent, 1e-6)
    step = next((step for step in GRID_STEPS_PERCENT if highest <= step * MAX_GRID_STEPS), GRID_STEPS_PERCENT[-1])
    top, (low, high) = math.ceil(highest / step) * step, interval
    bars = "".join(
        f'<rect class="{"ga-in" if low <= year <= high else "ga-out"}" x="{year + 0.1:.1f}" '
        f'y="{100 - height:.2f}" width="0.8" height="{height:.2f}"/>'
        for year, height in enumerate(100 * each / top for each in percent)
    )
    lines = "".join(
        f'<span class="ga-grid-line" style="bottom:{line / top:.2%}"><b>{line}%</b></span>'
        for line in range(0, top + 1, step)
    )
    ticks = ticks_html((AGES.percent(year), f"{year}" if year < 100 else "100+") for year in range(0, 101, 10))
    start, end = AGES.percent(low - 0.5), AGES.percent(high + 0.5)
    at = f"{AGES.percent(min(max(expected[0], 0.0), 100.0)):.2f}%"
    return f"""<div class="ga-distribution-bars">{lines}
<span class="ga-interval" style="left:{start:.2f}%;width:{end - start:.2f}%"></span>
<svg viewBox="0 0 101 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">{bars}</svg>
<span class="ga-expected" style="left:{at}"></span>
<span class="ga-expected-text" style="left:clamp(2.2rem,{at},100% - 2.2rem)">{escape(expected[1])} years</span>
</div><div class="ga-distribution-ticks">{ticks}</div>"""
