"""Aligns faces by their landmarks; the same function for preparation, training and serving."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from .geometry import Landmarks


@dataclass(frozen=True, slots=True)
class Alignment:
    """The alignment geometry, stored with the checkpoint.

    Attributes:
        template: the five landmarks in the aligned image, as shares of its side. The default keeps hair and chin of
            the median UTKFace face (landmarks by MTCNN) in view.
        fallback_scale: without landmarks, side of the aligned image per longer side of the input.
        fallback_centre: without landmarks, the point `(x, y)` of the input, as shares of its width and height, that
            is mapped to the centre. The default is between UTKFace's tight crops and FairFace's wide ones.
        fill: grey level, 0 to 255, of pixels outside the input.
    """

    template: Landmarks = ((0.30, 0.29), (0.70, 0.29), (0.50, 0.53), (0.32, 0.70), (0.68, 0.70))
    fallback_scale: float = 1.0
    fallback_centre: tuple[float, float] = (0.5, 0.44)
    fill: int = 128

    def to_dict(self) -> dict:
        """Plain values for `preprocessor_config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Alignment:
        """The inverse of `to_dict`, from JSON's lists."""
        x, y = values["fallback_centre"]
        return cls(
            template=tuple((float(x), float(y)) for x, y in values["template"]),
            fallback_scale=float(values["fallback_scale"]),
            fallback_centre=(float(x), float(y)),
            fill=int(values["fill"]),
        )


DEFAULT_ALIGNMENT = Alignment()
LARGEST_MARGIN = 4
"""The largest margin is the face size divided by this."""

# Pillow's `reducing_gap`: from twice as many pixels a pixel on, it averages blocks of them before it filters.
REDUCING_GAP = 3.0
# Pixels around a face that its interpolation may read.
INTERPOLATED = 3


def align_face(
    image_rgb: Image.Image,
    landmarks: Landmarks | None,
    size: int,
    alignment: Alignment = DEFAULT_ALIGNMENT,
    margin: int = 0,
) -> Image.Image:
    """The face as an upright square image.

    Args:
        image_rgb: the whole image, mode RGB.
        landmarks: five points in pixels of `image_rgb`, or None if the image is one face already cropped.
        size: side of the aligned face in pixels.
        margin: extra pixels on every side, at most `size // 4`; the central `size` × `size` pixels do not change, but
            for the rounding of a few.

    Returns:
        An RGB image of `size + 2 * margin` pixels a side.
    """
    if landmarks is None:
        to_face = _fallback_transform(image_rgb.size, size, alignment)
    else:
        template = np.asarray(alignment.template) * size
        to_face = similarity_transform(np.asarray(landmarks, dtype=np.float64), template)
    if margin > size // LARGEST_MARGIN:
        raise ValueError(f"margin is {margin}; at most a quarter of size {size} is cut")
    return _warp(image_rgb, to_face, size, margin, alignment.fill)


def similarity_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The least-squares similarity transform (rotation, scale, translation) from `source` to `target`.

    Args:
        source: `(n, 2)` points. If all coincide, the scale is 1.
        target: `(n, 2)` points.

    Returns:
        `(2, 3)` matrix, by the closed form in two dimensions of Umeyama 1991.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    (x, y), (u, v) = (source - source_mean).T, (target - target_mean).T
    spread = float(np.sum(x * x + y * y))
    if spread < 1e-9:
        a, b = 1.0, 0.0
    else:
        a, b = float(np.sum(x * u + y * v)) / spread, float(np.sum(x * v - y * u)) / spread
    linear = np.array([[a, -b], [b, a]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def _fallback_transform(size_wh: tuple[int, int], size: int, alignment: Alignment) -> np.ndarray:
    scale = size * alignment.fallback_scale / max(size_wh)
    centre = np.asarray(size_wh) * np.asarray(alignment.fallback_centre)
    return np.column_stack([np.eye(2) * scale, size / 2 - scale * centre])


def _warp(image_rgb: Image.Image, to_face: np.ndarray, size: int, margin: int, fill: int) -> Image.Image:
    """Resample the image by the `(2, 3)` matrix `to_face` (image pixels -> face pixels).

    `Image.transform` does not antialias, so a large face is first downscaled to the scale of the result: the cost does
    not depend on the size of the photo.
    """
    scale = math.hypot(to_face[0, 0], to_face[1, 0])
    from_face = np.linalg.inv(np.vstack([to_face, [0, 0, 1]]))[:2]
    if scale < 1:
        left_top, right_bottom = _bounds(from_face, size, size // LARGEST_MARGIN)
        left_top, right_bottom = np.maximum(left_top, 0), np.minimum(right_bottom, image_rgb.size)
        if (right_bottom > left_top).all():
            reduced_wh = np.maximum(1, np.rint((right_bottom - left_top) * scale))
            pixels_wh = (right_bottom - left_top) / reduced_wh  # of the image, per reduced one
            from_face[:, 2] -= left_top
            from_face /= pixels_wh[:, None]
            first, last = _needed(from_face, size, margin, reduced_wh, pixels_wh)
            from_face[:, 2] -= first
            right_bottom = np.minimum(left_top + last * pixels_wh, image_rgb.size)
            image_rgb = image_rgb.resize(
                tuple((last - first).astype(int).tolist()),
                Image.Resampling.BICUBIC,
                box=(*(left_top + first * pixels_wh).tolist(), *right_bottom.tolist()),
                reducing_gap=REDUCING_GAP,
            )
    from_face[:, 2] -= from_face[:, :2] @ (margin, margin)
    return image_rgb.transform(
        (size + 2 * margin, size + 2 * margin),
        Image.Transform.AFFINE,
        data=tuple(from_face.ravel()),
        resample=Image.Resampling.BICUBIC,
        fillcolor=(fill, fill, fill),
    )


def _bounds(from_face: np.ndarray, size: int, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """The left upper and right lower corner, `(2,)` whole pixels each, of what holds the face and a margin around it.

    Args:
        from_face: `(2, 3)` matrix, face pixels -> pixels of the corners.
        size: side of the face in pixels.
        margin: around it, in its pixels.
    """
    low, high = -margin, size + margin
    corners = from_face @ np.array([[low, high, low, high], [low, low, high, high], [1, 1, 1, 1]])
    return np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))


def _needed(
    from_face: np.ndarray, size: int, margin: int, reduced_wh: np.ndarray, pixels_wh: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first reduced pixel that the face is made from, and the one behind the last; the others are not computed.

    They lie on the grid of the largest margin, so that the inner pixels do not depend on the margin. Where Pillow
    averages blocks first, it puts a grid of its own under the part that it is given: there, that is all of the region.

    Args:
        from_face: `(2, 3)` matrix, face pixels -> reduced pixels.
        size: side of the face in pixels.
        margin: around it, in pixels.
        reduced_wh: `(2,)` whole numbers, size of the reduced region.
        pixels_wh: `(2,)` pixels of the image per reduced one.

    Returns:
        Two `(2,)` arrays of whole numbers, x and y each.
    """
    first, last = _bounds(from_face, size, margin)
    first = np.clip(first - INTERPOLATED, 0, reduced_wh)
    last = np.clip(last + INTERPOLATED, 0, reduced_wh)
    if (last <= first).any() or (pixels_wh >= 2 * REDUCING_GAP).any():
        return np.zeros(2), reduced_wh
    return first, last
