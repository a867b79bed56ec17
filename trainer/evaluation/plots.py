"""The plots of an evaluation, as PNG files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from gender_age.labels import GENDERS, MAX_AGE

from ..errors import TrainerError
from . import metrics
from .figures import BLACK, BLUE, GREY, ORANGE, figure_of, legend_above
from .range_plots import own_range_plot, range_plot
from .report import age_bands, calibration_report, group_report, interval_report, race_groups
from .samples import Samples

GENDER_STYLES = {"female": (ORANGE, "o"), "male": (BLUE, "s")}
FEWEST_IN_BIN = 10
"""Reliability bins with fewer samples are drawn hollow: their accuracy is mostly noise."""


def draw_plots(samples: dict[str, dict[str, Samples]], folder: Path) -> list[Path]:
    """Draws all applicable plots, as `folder/SOURCE-PROTOCOL-PLOT.png`.

    Args:
        samples: by protocol and source.
        folder: an existing folder.

    Raises:
        TrainerError: the folder cannot be written to.
    """
    written = []
    for protocol, sources in samples.items():
        for source, found in sources.items():
            for name, draw in plots_for(found).items():
                figure = draw(found)
                measured = f"{source}, {protocol.replace('_', ' ')}"
                figure.suptitle(f"{name.capitalize()}: {measured} (n = {len(found):,})", fontsize=11)
                # A dataset of the Hub is called owner/name.
                written.append(_save(figure, folder / re.sub(r", |[ /]", "-", f"{measured}-{name}.png")))
    return written


def plots_for(samples: Samples) -> dict[str, Callable[[Samples], Figure]]:
    """The plots that the labels of `samples` allow, by title."""
    plots = {"gender recall": recall_plot, "gender reliability": reliability_plot} if samples.with_gender.any() else {}
    if samples.exact.any():
        plots |= {"true and predicted age": age_plot, "age error": band_plot, "age interval": coverage_plot}
    if samples.ranged.any():
        ranged = samples.select(samples.ranged)
        divided = metrics.are_fairface_ranges(ranged.age_min, ranged.age_max)
        plots["true and predicted range"] = range_plot if divided else own_range_plot
    return plots


def age_plot(samples: Samples) -> Figure:
    """Density of predicted against true age over exact labels, with medians of five-year bins."""
    exact = samples.select(samples.exact)
    figure, (axes,) = figure_of(1, (6.4, 5.6))
    # Logarithmic, so that sparse ages are visible; empty cells are white.
    true = np.minimum(exact.age_min, MAX_AGE)
    mesh = axes.hexbin(
        true, exact.age, gridsize=42, extent=(0, MAX_AGE, 0, MAX_AGE), bins="log", mincnt=1, cmap="cividis_r"
    )
    most = int(mesh.get_array().max()) if len(exact) else 1
    mesh.set_norm(LogNorm(1, max(most, 2)))
    figure.colorbar(mesh, ax=axes, label="faces", format="%d").ax.yaxis.set_minor_formatter("")
    axes.plot([0, MAX_AGE], [0, MAX_AGE], color=BLACK, linewidth=1, label="as labelled")
    five_years = true // 5
    starts = [step for step in np.unique(five_years) if (five_years == step).sum() >= FEWEST_IN_BIN]
    medians = [np.median(exact.age[five_years == step]) for step in starts]
    if medians:
        middles = [step * 5 + 2 for step in starts]
        axes.plot(middles, medians, "o-", color=ORANGE, markersize=4, label="median of 5 years")
    axes.set(xlabel="true age (years)", ylabel="predicted age (years)", xlim=(0, MAX_AGE), ylim=(0, MAX_AGE))
    axes.set_aspect("equal")
    axes.legend(loc="upper left")
    return figure


def band_plot(samples: Samples) -> Figure:
    """MAE and bias by band of the true age, with 95 % intervals."""
    bands = age_bands(samples.select(samples.exact))
    figure, panels = figure_of(2, (9, 4))
    for axes, key, label in zip(panels, ("age_mae", "age_bias"), ("MAE (years)", "bias (years)"), strict=True):
        _points(axes, [group_report(group)[key] for group in bands.values()], BLUE, "o")
        axes.axhline(0, color=BLACK, linewidth=0.8)
        axes.set(ylabel=label, xlabel="true age (years)")
        _name_groups(axes, bands)
    panels[1].set_title("above 0: taken for older than they are", fontsize=9)
    return figure


def recall_plot(samples: Samples) -> Figure:
    """Recall of both genders by age band and by race group, with 95 % intervals."""
    samples = samples.select(samples.with_gender)
    shown = {"true age (years)": age_bands(samples), "group as labelled in the source": race_groups(samples)}
    shown = {label: groups for label, groups in shown.items() if groups} or shown
    figure, panels = figure_of(len(shown), (5.5 * len(shown), 4.6))
    for axes, (label, groups) in zip(panels, shown.items(), strict=True):
        for offset, gender in zip((-0.12, 0.12), GENDERS, strict=True):
            colour, marker = GENDER_STYLES[gender]
            reports = [group_report(group)["gender_recall"].get(gender) for group in groups.values()]
            _points(axes, reports, colour, marker, offset, gender)
        axes.set(xlabel=label, ylabel="predicted as labelled", ylim=(None, 1.005))
        axes.yaxis.set_major_formatter("{x:.0%}")
        _name_groups(axes, groups)
        legend_above(axes)
    return figure


def reliability_plot(samples: Samples) -> Figure:
    """Reliability diagram of the gender probability, and its histogram."""
    report = calibration_report(samples.select(samples.with_gender))
    figure, (axes, below) = figure_of(2, (5.6, 6.4), rows=2, height_ratios=(3, 1))
    stated = np.array([each["probability"] for each in report["bins"]])
    observed = np.array([each["accuracy"] for each in report["bins"]])
    counts = np.array([each["n"] for each in report["bins"]])
    axes.plot([0.5, 1], [0.5, 1], color=BLACK, linewidth=1, label="as stated")
    many = counts >= FEWEST_IN_BIN
    axes.plot(stated[many], observed[many], color=BLUE, linewidth=1)
    for chosen, fill, label in ((many, BLUE, "measured"), (~many, "white", f"fewer than {FEWEST_IN_BIN} faces")):
        if chosen.any():
            axes.plot(
                stated[chosen], observed[chosen], "o", color=BLUE, markerfacecolor=fill, label=label, clip_on=False
            )
    axes.set(ylabel="observed accuracy", xlim=(0.5, 1.005))
    axes.text(0.98, 0.03, f"expected calibration error {report['ece']:.1%}", ha="right", transform=axes.transAxes)
    legend_above(axes)
    below.bar(stated, counts, width=0.02, color=GREY)
    below.set(xlabel="stated probability of the predicted gender", ylabel="faces", xlim=(0.5, 1.005))
    return figure


def coverage_plot(samples: Samples) -> Figure:
    """Coverage of the age intervals by band, against the nominal level, and their mean width."""
    report = interval_report(samples)
    bands = report["by_age_band"]
    groups = age_bands(samples.select(samples.exact))
    figure, (axes, widths) = figure_of(2, (9, 4))
    _points(axes, [each["coverage"] for each in bands.values()], BLUE, "o", label="measured")
    axes.axhline(report["level"], color=ORANGE, linestyle="--", label=f"promised, {report['level']:.0%}")
    axes.set(ylabel="true ages inside the interval", xlabel="true age (years)")
    axes.yaxis.set_major_formatter("{x:.0%}")
    widths.bar(range(len(bands)), [each["mean_width"] for each in bands.values()], color=BLUE, width=0.6)
    widths.axhline(report["constant_width"], color=ORANGE, linestyle="--", label="one width for all, same coverage")
    widths.set(ylabel="mean width of the interval (years)", xlabel="true age (years)")
    for each in (axes, widths):
        legend_above(each)
        _name_groups(each, groups)
    return figure


def _points(
    axes: Axes,
    reports: list[dict | None],
    colour: str,
    marker: str,
    offset: float = 0.0,
    label: str | None = None,
) -> None:
    """A marker with 95 % interval at 0, 1, 2, … for each measured value; missing values are skipped."""
    found = [(position + offset, each) for position, each in enumerate(reports) if each is not None]
    values = np.array([each["value"] for _, each in found])
    ends = np.array([each["interval"] or [each["value"]] * 2 for _, each in found]).reshape(-1, 2)
    # A bootstrap interval may not include the value, but error bars must not be negative.
    arms = np.maximum(0, [values - ends[:, 0], ends[:, 1] - values])
    axes.errorbar([x for x, _ in found], values, arms, color=colour, fmt=marker, markersize=5, capsize=3, label=label)


def _name_groups(axes: Axes, groups: dict[str, Samples]) -> None:
    axes.set_xticks(range(len(groups)), [f"{name}\nn = {len(group):,}" for name, group in groups.items()], fontsize=8)
    axes.set_xlim(-0.5, max(len(groups), 1) - 0.5)
    if max(map(len, groups), default=0) > 8:
        axes.tick_params(axis="x", labelrotation=30)
    axes.grid(axis="y", color=GREY, alpha=0.3)


def _save(figure: Figure, path: Path) -> Path:
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise TrainerError(f"the plot {path} cannot be written: {error.strerror}") from error
    return path
