"""The curves of a run, as a picture: the losses, and each metric of the validation by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter

from ..errors import TrainerError
from ..evaluation.figures import BLACK, BLUE, GREY, ORANGE
from .best_step import PREFIX

CURVES_FILE = "curves.png"
PANELS = {
    "loss": "loss",
    "age_mae": "MAE of the age (years)",
    "gender_accuracy": "accuracy of the gender",
    "range_accuracy": "accuracy of age ranges",
}
FEWEST_SHARES = 0.1
# Of a data set each; the pooled curve is blue, the training's grey.
SOURCE_COLOURS = (ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "s^vDP"


def draw_curves(log_history: Sequence[dict], sources: Sequence[str], best_step: int | None, folder: Path) -> Path:
    """Draw `curves.png`: a panel for the losses and one for each metric that the run has.

    Args:
        log_history: Trainer's, of the whole run.
        sources: names of the data sets, as the validation metrics have them.
        best_step: marked, where the run chose its best step.
        folder: an existing folder.

    Raises:
        TrainerError: the folder cannot be written to.
    """
    figure = curves(log_history, sources, best_step)
    path = folder / CURVES_FILE
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise TrainerError(f"the curves {path} cannot be written: {error.strerror}") from error
    return path


def curves(log_history: Sequence[dict], sources: Sequence[str], best_step: int | None) -> Figure:
    """The figure of `draw_curves`."""
    shown = [
        metric for metric in PANELS if metric == "loss" or any(f"{PREFIX}{metric}" in entry for entry in log_history)
    ]
    # Not pyplot, which keeps figures in memory and selects a GUI backend.
    figure = Figure(figsize=(5.2 * min(2, len(shown)), 3.9 * ((len(shown) + 1) // 2)), layout="constrained")
    FigureCanvasAgg(figure)
    rows, columns = (len(shown) + 1) // 2, min(2, len(shown))
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, metric in zip(panels, shown, strict=False):
        if metric == "loss":
            axes.plot(*_points(log_history, "loss"), color=GREY, linewidth=1, label="training")
        _draw_validation(axes, log_history, metric, sources)
        if best_step:
            axes.axvline(best_step, color=BLACK, linestyle="--", linewidth=1, label=f"best step, {best_step:,}")
        axes.set(xlabel="step", ylabel=PANELS[metric])
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(color=GREY, alpha=0.3)
        if metric.endswith("accuracy"):
            _show_shares(axes)
    for axes in panels[len(shown) :]:
        axes.remove()
    # One legend for all panels, outside of them: the first has every curve.
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False, fontsize=9
    )
    return figure


def _show_shares(axes: Axes) -> None:
    """Shares from 0 to 1 in percent, of which a flat curve shows some, too."""
    low, high = axes.get_ylim()
    low, high = max(0.0, min(low, high - FEWEST_SHARES)), min(1.0, max(high, low + FEWEST_SHARES))
    axes.set_ylim(low - 0.015, high + 0.015)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    between_ticks = next(step for step in (0.02, 0.05, 0.1, 0.2) if (high - low) / step <= 6)
    axes.yaxis.set_major_locator(MultipleLocator(between_ticks))


def _draw_validation(axes: Axes, log_history: Sequence[dict], metric: str, sources: Sequence[str]) -> None:
    if len(sources) > 1:
        for number, source in enumerate(sources):
            steps, values = _points(log_history, f"{PREFIX}{source}_{metric}")
            colour, marker = SOURCE_COLOURS[number % len(SOURCE_COLOURS)], MARKERS[number % len(MARKERS)]
            axes.plot(steps, values, color=colour, marker=marker, markersize=3.5, linewidth=1, label=source)
    steps, values = _points(log_history, f"{PREFIX}{metric}")
    name = "validation" if len(sources) == 1 else "validation, all"
    axes.plot(steps, values, "o-", color=BLUE, markersize=4, label=name)


def _points(log_history: Sequence[dict], name: str) -> tuple[list[int], list[float]]:
    found = [(entry["step"], entry[name]) for entry in log_history if name in entry]
    return [step for step, _ in found], [value for _, value in found]
