"""Plots of faces whose labelled ages are ranges."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from gender_age.labels import MAX_AGE

from .figures import BLACK, BLUE, GREY, figure_of, legend_above
from .metrics import FAIRFACE_RANGE_STARTS
from .samples import Samples

MOST_RANGES = 24


def range_plot(samples: Samples) -> Figure:
    """Confusion matrix of FairFace's ranges, normalised by true range."""
    ranged = samples.select(samples.ranged)
    starts = FAIRFACE_RANGE_STARTS
    names = [f"{low}–{high - 1}" for low, high in zip(starts, starts[1:], strict=False)] + [f"{starts[-1]}+"]
    true = np.searchsorted(starts, ranged.age_min, side="right") - 1
    predicted = np.searchsorted(starts, np.rint(ranged.age), side="right") - 1
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (true, predicted), 1)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    figure, (axes,) = figure_of(1, (6.8, 5.8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(shares >= 0.005):
        colour = "white" if shares[row, column] > 0.5 else BLACK
        axes.text(column, row, f"{shares[row, column]:.0%}", ha="center", va="center", color=colour, fontsize=8)
    labels = [f"{name} (n = {int(total):,})" for name, total in zip(names, totals[:, 0], strict=True)]
    axes.set_xticks(range(len(names)), names, rotation=45)
    axes.set_yticks(range(len(names)), labels)
    axes.set(xlabel="range of the predicted age", ylabel="true range")
    return figure


def own_range_plot(samples: Samples) -> Figure:
    """The middle half of the predicted ages in each labelled range, beside that range."""
    ranged = samples.select(samples.ranged)
    ranges, counts = np.unique(np.stack([ranged.age_min, ranged.age_max], axis=1), axis=0, return_counts=True)
    shown = np.sort(np.argsort(-counts, kind="stable")[:MOST_RANGES])
    figure, (axes,) = figure_of(1, (6.8, max(3.6, 1.6 + 0.32 * len(shown))))
    for row, (low, high) in enumerate(ranges[shown]):
        ages = ranged.age[(ranged.age_min == low) & (ranged.age_max == high)]
        first, median, last = np.percentile(ages, [25, 50, 75])
        end = min(high + 1, MAX_AGE)
        axes.barh(row, end - low, left=low, height=0.7, color=GREY, alpha=0.4, label="labelled" if not row else None)
        axes.errorbar(
            median, row, xerr=[[median - first], [last - median]], color=BLUE, fmt="o", markersize=5, capsize=3,
            label="predicted: median, middle half" if not row else None,
        )  # fmt: skip
    names = [f"{low}+" if high > MAX_AGE else f"{low}–{high}" for low, high in ranges[shown]]
    axes.set_yticks(
        range(len(shown)), [f"{name} (n = {count:,})" for name, count in zip(names, counts[shown], strict=True)]
    )
    axes.invert_yaxis()
    axes.set(xlabel="age (years)", ylabel="labelled range", xlim=(0, MAX_AGE))
    axes.grid(axis="x", color=GREY, alpha=0.3)
    legend_above(axes)
    return figure
