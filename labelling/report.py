"""The page with charts of a labelled set."""

from __future__ import annotations

import io
from html import escape
from textwrap import shorten

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gender_age.labels import GENDERS

from .output import Counts
from .readme import labelled_by
from .tally import DECADES, MOST_FACES, PROBABILITY_BINS, Tally

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
COLOURS, GREY = ("#D55E00", "#0072B2"), "#666666"
MOST_ERRORS, LONGEST_ERROR = 8, 64
STYLE = """
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222;
  background: #fff; overflow-wrap: anywhere; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem 2rem; }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
"""


def report(tally: Tally, source: str, facts: dict) -> str:
    """The page as HTML that needs no other file.

    Args:
        facts: as in the record.
    """
    counts: Counts = facts["counts"]
    of_faces = {
        "Apparent ages by decade": _ages,
        "Perceived genders": _genders,
        "Doubt: probability of the gender named": _doubt,
    }
    charts = of_faces if counts.faces else {}
    charts |= {"Faces per photo": _faces}
    charts |= {"Photos that could not be used": _errors} if tally.errors else {}
    figures = "".join(
        f"<figure><figcaption>{escape(caption)}</figcaption>{_svg(draw, tally, caption)}</figure>"
        for caption, draw in charts.items()
    )
    title = f"Faces of {escape(source)}"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{STYLE}</style></head>
<body><h1>{title}</h1>
<p>{counts.photos:,} photos, {counts.faces:,} faces; no face was found in {counts.without_face:,} photos, and
{counts.errors:,} could not be used. {escape(labelled_by(facts))}</p>
<main>{figures}</main>
<p>Estimates of apparent age and perceived gender: not for decisions about a person.</p></body></html>
"""


def _ages(axes: Axes, tally: Tally) -> None:
    below = np.zeros(DECADES)
    for gender, colour, faces in zip(GENDERS, COLOURS, tally.ages, strict=True):
        axes.bar(range(DECADES), faces, bottom=below, color=colour, label=gender)
        below += faces
    names = [f"{10 * decade}–{10 * decade + 9}" for decade in range(DECADES - 1)]
    axes.set_xticks(range(DECADES), [*names, "100"], rotation=45)
    axes.set_ylabel("faces")
    _whole_numbers(axes.yaxis)
    axes.legend(frameon=False)


def _genders(axes: Axes, tally: Tally) -> None:
    axes.barh(GENDERS, tally.certain, color=COLOURS)
    axes.barh(GENDERS, tally.uncertain, left=tally.certain, color=COLOURS, alpha=0.4, hatch="///", edgecolor="white")
    total = max(1, int((tally.certain + tally.uncertain).sum()))
    for row, (certain, uncertain) in enumerate(zip(tally.certain, tally.uncertain, strict=True)):
        text = f" {(certain + uncertain) / total:.0%}, of which uncertain {uncertain / max(1, certain + uncertain):.0%}"
        axes.text(certain + uncertain, row, text, va="center")
    axes.set_xlim(right=max(1, (tally.certain + tally.uncertain).max()) * 1.9)
    axes.set_xlabel("faces (hatched: uncertain)")
    axes.invert_yaxis()
    _whole_numbers(axes.xaxis)


def _doubt(axes: Axes, tally: Tally) -> None:
    edges = np.linspace(0.5, 1.0, PROBABILITY_BINS + 1)
    axes.stairs(tally.probabilities, edges, fill=True, color=GREY)
    axes.set_xlabel("probability")
    axes.set_ylabel("faces")
    _whole_numbers(axes.yaxis)


def _faces(axes: Axes, tally: Tally) -> None:
    axes.bar(range(MOST_FACES + 1), tally.faces, color=GREY)
    axes.set_xticks(range(MOST_FACES + 1), [*map(str, range(MOST_FACES)), f"{MOST_FACES}+"])
    axes.set_xlabel("faces in the photo")
    axes.set_ylabel("photos")
    axes.set_ylim(bottom=0)
    _whole_numbers(axes.yaxis)


def _errors(axes: Axes, tally: Tally) -> None:
    kinds = tally.errors.most_common(MOST_ERRORS)[::-1]
    bars = axes.barh(range(len(kinds)), [count for _, count in kinds], color=GREY, height=0.3)
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    for row, (kind, _) in enumerate(kinds):
        kind = kind[:1].upper() + kind[1:]
        axes.text(0, row + 0.22, shorten(kind, LONGEST_ERROR, placeholder=" …"), fontsize=9, parse_math=False)
    axes.set_yticks([])
    axes.set_ylim(-0.5, max(1, len(kinds)) - 0.3)
    axes.set_xlabel("photos")
    _whole_numbers(axes.xaxis)


def _whole_numbers(axis: Axis) -> None:
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_major_formatter("{x:,.0f}")


def _svg(draw, tally: Tally, caption: str) -> str:
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes, tally)
    image = io.StringIO()
    figure.savefig(image, format="svg", metadata={"Title": caption, "Date": None})
    return image.getvalue().partition("<svg")[2].join(('<svg role="img"', ""))
