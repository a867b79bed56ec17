"""Reads the boxes of own photos, which are corners, or a corner or centre and a size, in pixels or shares."""

from __future__ import annotations

import ast
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import DataError
from .own_labels import plain_name

IMPOSSIBLE_BOX = "impossible box"

Numbers = tuple[float, float, float, float]

FORMATS = {"xyxy": "x1, y1, x2, y2", "xywh": "x, y, width, height", "cxcywh": "centre x, centre y, width, height"}
"""As torchvision calls them -> as the output says it."""

CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
    ("x0", "y0", "x1", "y1"),
)
STARTS = (("x", "y"), *(corners[:2] for corners in CORNERS))
CENTRES = (("cx", "cy"), ("xcenter", "ycenter"), ("xcentre", "ycentre"))
SIZES = (("w", "h"), ("width", "height"))
USUAL_PARTS = (
    *(("xyxy", corners) for corners in CORNERS),
    *(("xywh", start + size) for size in SIZES for start in STARTS),
    *(("cxcywh", centre + size) for size in SIZES for centre in CENTRES),
)
"""Formats and usual names of four columns, or of the keys in a cell. One of `PREFIXES` may stand before them."""

PREFIXES = ("", "box", "bbox", "face", "facebox", "facebbox", "boundingbox", "rect")

TELLING = {"cxcywh": "cxcywh", "xywh": "xywh", "ltwh": "xywh", "xyxy": "xyxy", "ltrb": "xyxy"}
"""Ends of a column's name that say its format."""

COCO = "bbox"
"""COCO's name of its boxes, which are `xywh`: what a column called so holds where nothing else tells."""

LARGEST_SHARE = 2
"""Boxes whose numbers are below this are shares of the photo: no face is two pixels wide."""

FEW = 0.1
"""Share of rows whose boxes may be faulty."""

ENOUGH_BOXES = 8
"""So many different boxes tell by their shapes how they are meant."""


@dataclass(frozen=True, slots=True)
class BoxReading:
    """How the boxes of a source are read.

    Attributes:
        format: one of `FORMATS`.
        relative: whether the numbers are shares of the photo's width and height.
    """

    format: str = "xyxy"
    relative: bool = False

    def __str__(self) -> str:
        return f"{FORMATS[self.format]}{', as shares of the photo' if self.relative else ''}"

    def corners(self, numbers: Numbers) -> Numbers | None:
        """`(x1, y1, x2, y2)` in the unit of `numbers`; None if that is no box with an area."""
        x1, y1, x2, y2 = numbers
        if self.format == "cxcywh":
            x1, y1 = x1 - x2 / 2, y1 - y2 / 2
        if self.format != "xyxy":
            x2, y2 = x1 + x2, y1 + y2
        return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def parse_box(value: object) -> Numbers | None:
    """The four numbers of a box: a list, a list of one, text, or a mapping with usual keys; None if it is none."""
    value = _opened(value)
    if isinstance(value, Mapping):
        found = usual_parts(list(map(str, value)))
        value = [{str(key): cell for key, cell in value.items()}[name] for name in found[1]] if found else None
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,;()\[\]]+", value) if part]
    try:
        cells = list(value)  # type: ignore[call-overload]
        cells = list(cells[0]) if len(cells) == 1 else cells
        a, b, c, d = (float(str(cell).replace(",", ".")) for cell in cells)
    except (TypeError, ValueError):
        return None
    return (a, b, c, d) if math.isfinite(a + b + c + d) else None


def usual_parts(names: Sequence[str]) -> tuple[str, list[str]] | None:
    """The format of the first four of `names` that are usual ones of a box's parts, and these; None if none are."""
    by_name = {plain_name(name): name for name in reversed(names)}
    for prefix in PREFIXES:
        for kind, parts in USUAL_PARTS:
            wanted = [prefix + part for part in parts]
            if by_name.keys() >= set(wanted):
                return kind, [by_name[name] for name in wanted]
    return None


def read_boxes(
    cells: Iterable[object], names: Sequence[str], wanted: str | None = None, guessed: bool = False
) -> BoxReading:
    """How the boxes of a column, or of four, are meant: as wanted, as the names say, else as they can be.

    Args:
        cells: of all rows.
        names: of the columns.
        wanted: one of `FORMATS`, or None.
        guessed: whether nobody named the columns.

    Raises:
        DataError: another format is wanted.
    """
    if wanted not in (None, *FORMATS):
        raise DataError(f"--box-format is {wanted}; it is one of {', '.join(FORMATS)}")
    cells = list(map(_opened, cells))
    boxes = [box for box in map(parse_box, cells) if box and min(box[2:]) > 0]
    keys = next((list(map(str, cell)) for cell in cells if isinstance(cell, Mapping)), names)
    usual = "xywh" if guessed and plain_name(names[0]) == COCO else "xyxy"
    relative = bool(boxes) and statistics.median(map(max, boxes)) < LARGEST_SHARE
    return BoxReading(wanted or _said(keys) or _likely(boxes, usual), relative)


def _opened(cell: object) -> object:
    """The mapping of a cell's text, as pandas writes it to a CSV; any other cell as it is."""
    if isinstance(cell, str) and cell.strip().startswith("{"):
        try:
            return ast.literal_eval(cell.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return cell


def _said(names: Sequence[str]) -> str | None:
    if len(names) == 1:
        return next((kind for end, kind in TELLING.items() if plain_name(names[0]).endswith(end)), None)
    found = usual_parts(names)
    return found[0] if found else None


def _likely(boxes: Sequence[Numbers], usual: str) -> str:
    """Corners or sizes, whichever most boxes can be and, where they can be both, whose shapes are more alike."""
    wrong = sum(x2 <= x1 or y2 <= y1 for x1, y1, x2, y2 in boxes)
    if wrong > min(len(boxes) / 2, max(2, FEW * len(boxes))):
        return "xywh"
    both = {box for box in boxes if box[2] > box[0] and box[3] > box[1]}
    if len(both) < ENOUGH_BOXES:
        return usual
    # Faces are about as high as they are wide, each time; what is taken for a size and is none is not.
    corners = statistics.pstdev(math.log((x2 - x1) / (y2 - y1)) for x1, y1, x2, y2 in both)
    sizes = statistics.pstdev(math.log(width / height) for _, _, width, height in both)
    if 2 * min(corners, sizes) > max(corners, sizes):
        return usual
    return "xyxy" if corners < sizes else "xywh"
