"""Heat maps over an aligned face, and their brightest parts in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps

SIDE = 240
"""Side in pixels of a heat map on the page."""

# Matplotlib's viridis at nine equal steps (https://bids.github.io/colormap/, CC0): perceptually
# uniform, and ordered by lightness alone, for any colour vision.
VIRIDIS = np.array(
    [
        (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141),
        (39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37),
    ],
    dtype=np.float32,
)  # fmt: skip
# Opacity of the colour where the relevance is 0, and how much more where it is 1.
COVER_NONE, COVER_MORE = 0.45, 0.25
# The words describe the brightest fifth, as the maps' test does: as many parts as hold this share of it, up to three.
BRIGHTEST, WORDS_SIDE = 0.2, 48
NAMED_SHARE, MAX_NAMED = 0.7, 3

PARTS = (
    "the hair and forehead",
    "the eyes and brows",
    "the nose",
    "the cheeks",
    "the mouth",
    "the chin and neck",
    "the sides of the head",
)
HAIR, EYES, NOSE, CHEEKS, MOUTH, CHIN, SIDES = range(len(PARTS))


def colours(values: np.ndarray) -> np.ndarray:
    """Colours of the scale, `(..., 3)` uint8, for values in [0, 1] of any shape."""
    places = np.linspace(0, 1, len(VIRIDIS))
    channels = [np.interp(values, places, VIRIDIS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def enlarged(relevance: np.ndarray, side: int) -> np.ndarray:
    """The `(grid, grid)` relevance as `(side, side)` float32 in [0, 1] without visible grid cells."""
    picture = Image.fromarray(np.asarray(relevance, dtype=np.float32))
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)).clip(0, 1)


def heat_map(crop: Image.Image, relevance: np.ndarray, side: int = SIDE) -> Image.Image:
    """The relevance as colours over the face in grey.

    Args:
        crop: a square RGB picture; it is not changed.
        relevance: `(grid, grid)` in [0, 1].
        side: of the result in pixels.
    """
    # Otherwise a dark face could not be seen under the colours.
    grey = ImageOps.autocontrast(crop.convert("L"), cutoff=1).resize((side, side), Image.Resampling.BICUBIC)
    face = np.asarray(grey, dtype=np.float32)[..., None]
    values = enlarged(relevance, side)
    cover = (COVER_NONE + COVER_MORE * values)[..., None]
    return Image.fromarray(((1 - cover) * face + cover * colours(values)).round().astype(np.uint8))


def bright_parts(relevance: np.ndarray, template: Sequence[Sequence[float]]) -> list[tuple[str, float]]:
    """How the relevance of the brightest fifth of the map is distributed over the parts of a face.

    Args:
        relevance: `(grid, grid)`, not negative.
        template: the five landmarks of the aligned face, `(x, y)` as shares of the side.

    Returns:
        Name and share of each part with a share above 0, largest first; they sum to 1. Empty where the map is 0.
    """
    values = enlarged(relevance, WORDS_SIDE)
    if values.max() == 0:
        return []
    bright = values >= max(np.quantile(values, 1 - BRIGHTEST), np.finfo(np.float32).tiny)
    shares = np.bincount(_parts(template, WORDS_SIDE)[bright], weights=values[bright], minlength=len(PARTS))
    shares /= shares.sum()
    return [(PARTS[part], float(shares[part])) for part in np.argsort(-shares, kind="stable") if shares[part] > 0]


def in_words(parts: Sequence[tuple[str, float]]) -> str:
    """A sentence on where a map is brightest."""
    if not parts:
        return "No part stands out."
    named, held = [], 0.0
    for name, share in parts[:MAX_NAMED]:
        named.append(name)
        held += share
        if held >= NAMED_SHARE:
            break
    return "Mostly " + ", then ".join(named) + "."


def _parts(template: Sequence[Sequence[float]], side: int) -> np.ndarray:
    """`(side, side)` indices into `PARTS`, in units of the distances between the eyes and from eyes to mouth."""
    points = np.asarray(template, dtype=np.float64)
    left, right = points[0], points[1]
    eyes_y, mouth_y, middle_x = (left[1] + right[1]) / 2, points[3:, 1].mean(), (left[0] + right[0]) / 2
    centres = (np.arange(side) + 0.5) / side
    # 0 at the eyes and 1 at the mouth; 0 in the middle and 1 at either eye.
    down, aside = np.meshgrid(
        (centres - eyes_y) / (mouth_y - eyes_y), np.abs(centres - middle_x) / ((right[0] - left[0]) / 2), indexing="ij"
    )
    return np.select(
        [
            down < -0.35,
            aside > 1.8,
            down < 0.3,
            (down < 0.75) & (aside <= 0.55),
            down < 0.75,
            (down < 1.3) & (aside <= 1.1),
            down < 1.3,
        ],
        [HAIR, SIDES, EYES, NOSE, CHEEKS, MOUTH, CHEEKS],
        default=CHIN,
    )
