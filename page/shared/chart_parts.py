"""What all charts of the page are made of: colours, an axis and its ticks, a figure, and a table of its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from .drawing import COLOURS

# Okabe and Ito's colours (see drawing.py), each used on white and on black alike; marks differ in shape or place too.
SKY, GREEN, BLUE, VERMILION = (COLOURS[index][0] for index in (1, 2, 4, 5))
FORMATS = {"years": "{:.1f}", "signed": "{:+.1f}", "share": "{:.1%}"}


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of `steps` equal steps from `low` to `high`."""

    low: float
    high: float
    steps: int

    def percent(self, value: float) -> float:
        """How far along the axis a value lies, from 0 to 100; beyond the ends, at the end."""
        return 100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def shown(value: float, kind: str) -> str:
    """A value as text: `"5.2"` years, `"+0.4"` years signed, `"93.3%"` for a share."""
    text = FORMATS[kind].format(value)
    if not text.strip("+-0.%"):
        text = FORMATS[kind].format(0.0)  # and no "-0.0"
    return text.replace("-", "\N{MINUS SIGN}")


def ticks_html(ticks: Iterable[tuple[float, str]]) -> str:
    """The labels of a horizontal axis.

    Args:
        ticks: place on the axis in percent, and text.
    """
    return "".join(f'<i style="left:{percent:.2f}%">{escape(text)}</i>' for percent, text in ticks)


def picture(alternative: str) -> str:
    """Attributes that make an element one picture to screen readers, with this text alternative."""
    return f'role="img" aria-label="{escape(alternative)}"'


def figure(caption: str, plot: str, numbers: str = "", summary: str = "Numbers", is_heading: bool = False) -> str:
    """A chart with its caption, and its table to open.

    Args:
        plot: HTML.
        numbers: HTML of the table; none where the plot itself says every number.
        summary: what the table is opened by.
        is_heading: the caption is a heading of the tab.
    """
    title = f"<h2>{escape(caption)}</h2>" if is_heading else escape(caption)
    opener = f'<summary>{escape(summary)}<span class="ga-unseen">: {escape(caption)}</span></summary>'
    details = f"<details>{opener}{numbers}</details>" if numbers else ""
    return f'<figure class="ga-chart"><figcaption>{title}</figcaption><div>{plot}{details}</div></figure>'


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names the rows; the caption is for screen readers."""
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    unseen = f'<caption class="ga-unseen">{escape(caption)}</caption>'
    return f'<table class="ga-table">{unseen}<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
