"""What the plots share: colours, figures, legends."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's colours, safe for colour blindness (https://jfly.uni-koeln.de/color/); the markers differ too.
BLUE, ORANGE, BLACK, GREY = "#0072B2", "#D55E00", "#000000", "#999999"


def figure_of(panels: int, size: tuple[float, float], rows: int = 1, **grid) -> tuple[Figure, list[Axes]]:
    """A figure and its panels."""
    # Not pyplot, which keeps figures in memory and selects a GUI backend.
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(np.ravel(figure.subplots(rows, panels // rows, squeeze=False, gridspec_kw=grid or None)))


def legend_above(axes: Axes) -> None:
    """Places the legend outside the panel, so that it hides no point."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=9)
