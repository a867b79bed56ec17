"""One photo in the place of many: its characters, rows or pixels are no photos."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable

from PIL import Image


def refuse_single(photos: object) -> None:
    """
    Raises:
        TypeError: `photos` is a single photo, or cannot hold several.
    """
    # Arrays and tensors of any library: a list of paths has one dimension, a batch of pictures has four.
    dimensions = getattr(photos, "ndim", None)
    if isinstance(photos, (str, bytes, bytearray, os.PathLike, Image.Image)):
        found = "a single photo"
    elif isinstance(photos, io.IOBase):  # which iterates over its lines
        found = "a single photo (an open file)"
    elif dimensions is not None and dimensions not in (1, 4):
        found = f"a single photo (an array of {dimensions} dimensions)"
    elif not isinstance(photos, Iterable):
        found = f"a Python {type(photos).__name__}"
    else:
        return
    raise TypeError(f"photos is {found}; give a list of photos, or use `predict`")


__all__ = ["refuse_single"]
