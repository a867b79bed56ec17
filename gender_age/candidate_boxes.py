"""The cascade's boxes between its networks: `(n, 4)` as `(x1, y1, x2, y2)`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torchvision.ops import batched_nms


@dataclass(frozen=True, slots=True)
class CrowdLimits:
    """How boxes are suppressed, and what holds for images of very many.

    Attributes:
        overlap: largest IoU of two boxes that are both kept.
        most: with more boxes than this left, an image is crowded.
        crowded_overlap: largest IoU of two of its boxes.
        crowded_most: boxes that it keeps, the largest ones.
    """

    overlap: float
    most: int
    crowded_overlap: float
    crowded_most: int


def clip_windows(
    integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The boxes that reach into their image: clipped to whole pixels inside it, image indices, and as they are."""
    height, width = integral.shape[1] - 1, integral.shape[2] - 1
    low = boxes[:, :2].trunc().long().clamp(min=1) - 1
    high = torch.minimum(boxes[:, 2:].trunc().long(), boxes.new_tensor([width, height], dtype=torch.long))
    is_inside = (high > low).all(dim=1)
    return torch.cat([low, high], dim=1)[is_inside], image_index[is_inside], boxes[is_inside]


def clip_to_pixels(integral: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """The boxes `(n, 4)` in whole pixels inside the image, none of them empty."""
    width, height = integral.shape[2] - 1, integral.shape[1] - 1
    limits = boxes.new_tensor([width, height], dtype=torch.long)
    low = torch.minimum(boxes[:, :2].floor().long().clamp(min=0), limits - 1)
    return torch.cat([low, torch.minimum(boxes[:, 2:].ceil().long(), limits).maximum(low + 1)], dim=1)


def reaches_border(integral: torch.Tensor, boxes: torch.Tensor, border: int) -> torch.Tensor:
    """Which of the boxes `(n, 4)` reach into the border, of so many pixels, of their image: `(n,)`, bool."""
    limits = boxes.new_tensor([integral.shape[2] - 1 - border, integral.shape[1] - 1 - border])
    return ((boxes[:, :2] < border) | (boxes[:, 2:] > limits)).any(dim=1)


def longer_sides(boxes: torch.Tensor) -> torch.Tensor:
    """The longer side of each box in pixels, `(n,)`."""
    return (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)


def highest(values: torch.Tensor, image_index: torch.Tensor, number: int) -> torch.Tensor:
    """Indices `(m,)` of the highest of the values `(n,)`, at most `number` of each image, in their order."""
    if len(values) <= number:
        return torch.arange(len(values), device=values.device)
    own = (torch.nonzero(image_index == image).flatten() for image in image_index.unique())
    return torch.cat([each[values[each].topk(min(number, len(each))).indices] for each in own]).sort().values


def suppressed(
    boxes: torch.Tensor, scores: torch.Tensor, image_index: torch.Tensor, limits: CrowdLimits
) -> torch.Tensor:
    """Non-maximum suppression, stricter in images of which too many boxes would be left.

    Returns:
        Indices of the boxes that are kept.
    """
    kept = batched_nms(boxes, scores, image_index, limits.overlap)
    is_crowded = torch.bincount(image_index[kept]) > limits.most
    if not is_crowded.any():
        return kept
    crowded = is_crowded[image_index[kept]]
    again = kept[crowded]
    again = again[batched_nms(boxes[again], scores[again], image_index[again], limits.crowded_overlap)]
    again = again[highest(longer_sides(boxes[again]), image_index[again], limits.crowded_most)]
    return torch.cat([kept[~crowded], again])


def regressed(boxes: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """Bounding-box regression: each side of the boxes `(n, 4)` moves by its offset `(n, 4)` times width or height."""
    return boxes + offsets * (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)


def squared(boxes: torch.Tensor) -> torch.Tensor:
    """The boxes, grown around their centre to squares."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.amax(dim=1, keepdim=True)
    corner = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return torch.cat([corner, corner + longer], dim=1)


def nms_by_smaller_area(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Non-maximum suppression whose overlap is the intersection over the smaller area ("Min" in facenet-pytorch).

    Returns:
        Indices of the boxes that are kept, best score first.
    """
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    order, kept = scores.argsort()[::-1], []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        intersection = np.maximum(0.0, high - low + 1).prod(axis=1)
        order = order[intersection / np.minimum(areas[best], areas[order]) <= threshold]
    return kept


__all__ = ["CrowdLimits", "clip_to_pixels", "clip_windows", "highest", "longer_sides", "nms_by_smaller_area"]
__all__ += ["reaches_border", "regressed", "squared", "suppressed"]
