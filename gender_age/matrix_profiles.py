"""Colour profiles that are three curves and a matrix, as those of phones and screens: in half of littleCMS's time.

Source: ICC.1:2022, sections 10.6, 10.18 and F.3.
"""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

# Columns of sRGB's primaries in the profile connection space.
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
# Steps of light that are told apart: the darkest level of sRGB has more than two of them.
STEPS = 8191
# Pixels that are converted at once, which stay in the processor's cache.
STRIP_PIXELS = 1 << 17
# Of a curve's table; usual ones have 1,024 or 4,096.
MOST_POINTS = 1 << 16
# Kind of a parametric curve -> how many numbers it has.
PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


class MatrixTransform:
    """From such a profile to sRGB.

    Args:
        profile: an ICC profile for RGB.

    Raises:
        ValueError: it is no such profile, or broken.
    """

    def __init__(self, profile: bytes) -> None:
        try:
            (num_tags,) = struct.unpack_from(">I", profile, 128)
            entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(num_tags)]
            places = {name: (place, place + size) for name, place, size in entries}
            columns = [struct.unpack_from(">3i", profile, places[name + b"XYZ"][0] + 8) for name in (b"r", b"g", b"b")]
            curves = [_curve(profile[slice(*places[name + b"TRC"])]) for name in (b"r", b"g", b"b")]
        except (struct.error, KeyError) as error:
            raise ValueError("no profile of curves and a matrix") from error
        matrix = np.linalg.inv(SRGB) @ (np.array(columns).T / 65536) * STEPS
        self._light = np.array(curves).clip(0, 1).astype(np.float32).ravel()
        self._matrix = matrix.T.astype(np.float32)
        light = np.arange(STEPS + 1) / STEPS
        levels = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        self._levels = np.rint(levels * 255).astype(np.uint8)

    def convert(self, image: Image.Image) -> None:
        """Changes an RGB image."""
        rows = max(1, STRIP_PIXELS // image.width)
        curve_starts = np.tile(np.array([0, 256, 512], np.uint16), image.width)
        for top in range(0, image.height, rows):
            strip = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
            # `take` needs half of the time that indexing does.
            light = np.take(self._light, strip.reshape(len(strip), -1) + curve_starts)
            steps = light.reshape(-1, 3) @ self._matrix
            np.clip(steps, 0, STEPS, out=steps)
            levels = np.take(self._levels, steps.astype(np.int32)).reshape(strip.shape)
            image.paste(Image.fromarray(levels), (0, top))


def _curve(tag: bytes) -> np.ndarray:
    """The light of each of 256 levels."""
    kind, number = tag[:4], struct.unpack_from(">I" if tag[:4] == b"curv" else ">H", tag, 8)[0]
    level = np.arange(256) / 255
    if number > MOST_POINTS:
        raise ValueError("an unusual table")
    if kind == b"curv" and number > 1:
        table = np.array(struct.unpack_from(f">{number}H", tag, 12)) / 65535
        return np.interp(level, np.linspace(0, 1, number), table)
    if kind == b"curv":
        return level ** (struct.unpack_from(">H", tag, 12)[0] / 256) if number else level
    if kind != b"para" or number not in PARAMETERS:
        raise ValueError("an unknown kind of curve")
    values = [value / 65536 for value in struct.unpack_from(f">{PARAMETERS[number]}i", tag, 12)]
    gamma, a, b, c, d, e, f = values + [0.0] * (7 - len(values))
    a, b, c = (a, b, c) if number else (1.0, 0.0, 0.0)
    if number in (1, 2):  # below -b / a, there is the constant c alone
        start, slope, below, above = (-b / a if a else 0.0), 0.0, c * (number == 2), c * (number == 2)
    else:
        start, slope, below, above = (d if number else 0.0), c, f, e
    with np.errstate(all="ignore"):
        light = np.where(level >= start, (a * level + b).clip(0) ** gamma + above, slope * level + below)
    return np.nan_to_num(light, posinf=1.0)


__all__ = ["MatrixTransform"]
