"""Integral images (summed-area tables): any resizing or crop by area averages from four lookups a pixel."""

from __future__ import annotations

import torch

# Rows are summed within blocks of so many, then across blocks: three times as fast as `cumsum` along a large image's
# columns.
BLOCK_ROWS = 16


def integral_images(images: torch.Tensor) -> torch.Tensor:
    """`(images, height + 1, width + 1, 3)` int32: at `(y, x)` the sum of all pixels above and to the left of it."""
    number, height, width, _ = images.shape
    blocks = -(-height // BLOCK_ROWS)
    integral = images.new_zeros((number, 1 + blocks * BLOCK_ROWS, width + 1, 3), dtype=torch.int32)
    torch.cumsum(images, dim=2, dtype=torch.int32, out=integral[:, 1 : height + 1, 1:])
    rows = integral[:, 1:].unflatten(1, (blocks, BLOCK_ROWS))
    for row in range(1, BLOCK_ROWS):
        rows[:, :, row] += rows[:, :, row - 1]
    rows[:, 1:] += rows[:, :-1, -1:].cumsum(dim=1, dtype=torch.int32)
    return integral[:, : height + 1].contiguous()


def _bins(length: torch.Tensor | int, number: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Start and end of `number` bins over `length` pixels, `(…, number)`; they overlap, as in adaptive pooling."""
    index = torch.arange(number, device=device)
    return index * length // number, ((index + 1) * length + number - 1) // number


def resize_by_area(integral: torch.Tensor, size_hw: tuple[int, int]) -> torch.Tensor:
    """The images at another size, `(images, height, width, 3)`; pixels are averaged over areas."""
    top, bottom = _bins(integral.shape[1] - 1, size_hw[0], integral.device)
    left, right = _bins(integral.shape[2] - 1, size_hw[1], integral.device)
    # Twice as fast as indexing.
    rows = integral.index_select(1, bottom) - integral.index_select(1, top)
    pixels = (bottom - top)[:, None] * (right - left)
    return (rows.index_select(2, right) - rows.index_select(2, left)) / pixels[..., None]


def crop_by_area(integral: torch.Tensor, windows: torch.Tensor, image_index: torch.Tensor, side: int) -> torch.Tensor:
    """Crops of the images, `(n, side, side, 3)`; pixels are averaged over areas."""
    x1, y1, x2, y2 = windows.T[..., None]
    left, right = (edge + x1 for edge in _bins(x2 - x1, side, integral.device))
    top, bottom = (edge + y1 for edge in _bins(y2 - y1, side, integral.device))
    width = integral.shape[2]
    starts = (image_index * integral.shape[1] * width)[:, None]
    above, below = (starts + edge * width for edge in (top, bottom))
    total = _pixels(integral, below, right) - _pixels(integral, below, left)
    total += _pixels(integral, above, left) - _pixels(integral, above, right)
    pixels = (bottom - top)[:, :, None] * (right - left)[:, None]
    return total / pixels[..., None]


def _pixels(images: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """`(n, side, side, 3)`: the pixels at rows, as offsets into all of the images, and columns, `(n, side)` each."""
    places = (rows[:, :, None] + columns[:, None]).reshape(-1)
    # As above.
    return images.view(-1, 3).index_select(0, places).view(len(rows), rows.shape[1], columns.shape[1], 3)


__all__ = ["crop_by_area", "integral_images", "resize_by_area"]
