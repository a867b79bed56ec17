"""MTCNN's three networks over images of one size: the faces that facenet-pytorch's `detect_face` finds, sooner.

The same steps with the same numbers, but for rounding. What is quicker: every reduced picture and every window that the
networks see is read off one table of sums, and the networks run with their channels last in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torchvision.ops import batched_nms

# As in facenet-pytorch's MTCNN: each network's lowest score, and the next smaller picture's size.
MIN_SCORES = (0.6, 0.7, 0.7)
SHRINK = 0.709
# What the first network sees at a time, and how far apart, in pixels.
WINDOW, STRIDE = 12, 2
SECOND_SIDE, THIRD_SIDE = 24, 48
# Faces that the second and third network see at once.
BATCH_SIZE = 512


class Cascade:
    """The three networks of MTCNN (https://arxiv.org/abs/1604.02878).

    Args:
        proposal, refinement, output: facenet-pytorch's `PNet`, `RNet` and `ONet`; their memory format is changed.
        device: where they are.
    """

    def __init__(self, proposal: nn.Module, refinement: nn.Module, output: nn.Module, device: torch.device) -> None:
        networks = (network.eval().to(memory_format=torch.channels_last) for network in (proposal, refinement, output))
        self._proposal, self._refinement, self._output = networks
        self._device = device

    @torch.inference_mode()
    def search(self, images_rgb: np.ndarray, smallest_face: float) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The faces of images of one size.

        Args:
            images_rgb: `(images, height, width, 3)`, uint8; at most 8 megapixels each, whose sums int32 can hold.
            smallest_face: in pixels.

        Returns:
            For each image boxes `(n, 4)` as `(x1, y1, x2, y2)`, scores `(n,)` and landmarks `(n, 5, 2)`, floats.
        """
        sums = _table_of_sums(torch.from_numpy(images_rgb).to(self._device))
        boxes, owners = self._propose(sums, smallest_face)
        boxes, owners = self._refine(sums, boxes, owners)
        boxes, scores, landmarks, owners = self._finish(sums, boxes, owners)
        found = []
        for image in range(len(images_rgb)):
            own = np.flatnonzero(owners == image)
            own = own[_without_nested(boxes[own], scores[own], 0.7)]
            found.append((boxes[own], scores[own], landmarks[own]))
        return found

    def _propose(self, sums: torch.Tensor, smallest_face: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Windows `(n, 4)` that the first network takes for faces, and the image `(n,)` of each."""
        height, width = sums.shape[1] - 1, sums.shape[2] - 1
        boxes, scores = [sums.new_zeros((0, 8), dtype=torch.float32)], [sums.new_zeros(0, dtype=torch.float32)]
        owners = [sums.new_zeros(0, dtype=torch.long)]
        for scale in _scales(min(height, width), smallest_face):
            size_hw = int(height * scale + 1), int(width * scale + 1)
            shifts, probabilities = self._proposal(_normalised(_reduced(sums, size_hw)))
            likely = probabilities[:, 1] >= MIN_SCORES[0]
            places = likely.nonzero()
            corner = places[:, [2, 1]].float() * STRIDE + 1
            window = torch.cat([corner, corner + WINDOW - 1], dim=1).div(scale).floor()
            score = probabilities[:, 1][likely]
            kept = batched_nms(window, score, places[:, 0], 0.5)
            sides = (window[:, 2:] - window[:, :2]).repeat(1, 2)
            boxes.append(torch.cat([window, window + shifts.permute(0, 2, 3, 1)[likely] * sides], dim=1)[kept])
            scores.append(score[kept])
            owners.append(places[kept, 0])
        boxes, scores, owners = torch.cat(boxes), torch.cat(scores), torch.cat(owners)
        kept = batched_nms(boxes[:, :4], scores, owners, 0.7)
        return _squares(boxes[kept, 4:]), owners[kept]

    def _refine(
        self, sums: torch.Tensor, boxes: torch.Tensor, owners: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Windows `(n, 4)` that the second network takes for faces, where it sees them; the image `(n,)` of each."""
        windows, owners, boxes = _inside(sums, boxes, owners)
        if not len(boxes):
            return boxes, owners
        shifts, probabilities = _seen_by(self._refinement, sums, windows, owners, SECOND_SIDE)
        likely = probabilities[:, 1] > MIN_SCORES[1]
        boxes, scores, owners, shifts = boxes[likely], probabilities[likely, 1], owners[likely], shifts[likely]
        kept = batched_nms(boxes, scores, owners, 0.7)
        return _squares(_shifted(boxes[kept], shifts[kept])), owners[kept]

    def _finish(self, sums: torch.Tensor, boxes: torch.Tensor, owners: torch.Tensor) -> tuple[np.ndarray, ...]:
        """Boxes `(n, 4)`, scores `(n,)`, landmarks `(n, 5, 2)` and images `(n,)` of the third network's faces."""
        windows, owners, boxes = _inside(sums, boxes, owners)
        if not len(boxes):
            return np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)), np.zeros(0)
        shifts, points, probabilities = _seen_by(self._output, sums, windows, owners, THIRD_SIDE)
        likely = probabilities[:, 1] > MIN_SCORES[2]
        boxes, shifts, points = boxes[likely], shifts[likely], points[likely]
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = points.reshape(-1, 2, 5).transpose(1, 2) * sides[:, None] + boxes[:, None, :2] - 1
        values = _shifted(boxes, shifts), probabilities[likely, 1], landmarks, owners[likely]
        return tuple(value.cpu().numpy() for value in values)


def _scales(shorter_side: int, smallest_face: float) -> Iterator[float]:
    """Sizes of the reduced pictures, until the picture is no larger than the first network's window."""
    scale = WINDOW / smallest_face
    while shorter_side * scale >= WINDOW:
        yield scale
        scale *= SHRINK


def _table_of_sums(images: torch.Tensor) -> torch.Tensor:
    """`(images, height + 1, width + 1, 3)` int32: at `(y, x)` the sum of all pixels above and to the left of it."""
    sums = images.new_zeros((len(images), images.shape[1] + 1, images.shape[2] + 1, 3), dtype=torch.int32)
    torch.cumsum(images.cumsum(dim=2, dtype=torch.int32), dim=1, dtype=torch.int32, out=sums[:, 1:, 1:])
    return sums


def _bins(length: torch.Tensor | int, number: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Where `number` parts of `length` pixels start and end, `(…, number)`; they overlap, as in adaptive pooling."""
    index = torch.arange(number, device=device)
    return index * length // number, ((index + 1) * length + number - 1) // number


def _reduced(sums: torch.Tensor, size_hw: tuple[int, int]) -> torch.Tensor:
    """The images, averaged over areas, `(images, height, width, 3)`."""
    top, bottom = _bins(sums.shape[1] - 1, size_hw[0], sums.device)
    left, right = _bins(sums.shape[2] - 1, size_hw[1], sums.device)
    rows = sums[:, bottom] - sums[:, top]
    pixels = (bottom - top)[:, None] * (right - left)
    return (rows[:, :, right] - rows[:, :, left]) / pixels[..., None]


def _cut(sums: torch.Tensor, windows: torch.Tensor, owners: torch.Tensor, side: int) -> torch.Tensor:
    """Windows of the images, averaged over areas, `(n, side, side, 3)`."""
    x1, y1, x2, y2 = windows.T[..., None]
    left, right = (edge + x1 for edge in _bins(x2 - x1, side, sums.device))
    top, bottom = (edge + y1 for edge in _bins(y2 - y1, side, sums.device))
    width = sums.shape[2]
    starts = (owners * sums.shape[1] * width)[:, None]
    table = sums.view(-1, 3)
    above, below = (starts + edge * width for edge in (top, bottom))
    total = table[(below[:, :, None] + right[:, None])] - table[(below[:, :, None] + left[:, None])]
    total += table[(above[:, :, None] + left[:, None])] - table[(above[:, :, None] + right[:, None])]
    pixels = (bottom - top)[:, :, None] * (right - left)[:, None]
    return total / pixels[..., None]


def _inside(sums: torch.Tensor, boxes: torch.Tensor, owners: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The boxes that reach into the image: in whole pixels inside it, the image of each, and as they are."""
    height, width = sums.shape[1] - 1, sums.shape[2] - 1
    low = boxes[:, :2].trunc().long().clamp(min=1) - 1
    high = torch.minimum(boxes[:, 2:].trunc().long(), boxes.new_tensor([width, height], dtype=torch.long))
    full = (high > low).all(dim=1)
    return torch.cat([low, high], dim=1)[full], owners[full], boxes[full]


def _normalised(pixels: torch.Tensor) -> torch.Tensor:
    """`(n, height, width, 3)` pixels as the networks want them: about -1 to 1, `(n, 3, height, width)`."""
    return ((pixels - 127.5) * 0.0078125).permute(0, 3, 1, 2)


def _seen_by(
    network: nn.Module, sums: torch.Tensor, windows: torch.Tensor, owners: torch.Tensor, side: int
) -> tuple[torch.Tensor, ...]:
    """What a network says of the windows `(n, 4)`, some of them at a time: noise may have ten thousand."""
    parts = zip(windows.split(BATCH_SIZE), owners.split(BATCH_SIZE), strict=True)
    outputs = [network(_normalised(_cut(sums, *part, side))) for part in parts]
    return tuple(map(torch.cat, zip(*outputs, strict=True)))


def _shifted(boxes: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Every side of the boxes `(n, 4)` moved by that share `(n, 4)` of the box's width or height."""
    return boxes + shifts * (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)


def _squares(boxes: torch.Tensor) -> torch.Tensor:
    """The boxes, grown around their middle to squares."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.amax(dim=1, keepdim=True)
    corner = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return torch.cat([corner, corner + longer], dim=1)


def _without_nested(boxes: np.ndarray, scores: np.ndarray, largest_share: float) -> list[int]:
    """Indices of the boxes, best first, without those that share too much of the smaller area with a better one."""
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    order, kept = scores.argsort()[::-1], []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.maximum(0.0, high - low + 1).prod(axis=1)
        order = order[shared / np.minimum(areas[best], areas[order]) <= largest_share]
    return kept
