"""MTCNN's three networks over images of one size. Same results as facenet-pytorch's `detect_face`, faster.

The steps and their numbers are the same; results differ by rounding only. It is faster because every level of the image
pyramid and every crop is computed from one integral image, and because the networks run in channels-last memory format.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torchvision.ops import batched_nms

from .integral_image import crop_by_area, integral_images, resize_by_area

# As in facenet-pytorch's MTCNN: each network's score threshold, and the factor between levels of the image pyramid.
THRESHOLDS = (0.6, 0.7, 0.7)
PYRAMID_FACTOR = 0.709
# Window and stride of P-Net in pixels, and input sides of R-Net and O-Net.
PNET_WINDOW, PNET_STRIDE = 12, 2
RNET_SIDE, ONET_SIDE = 24, 48
# Crops that R-Net and O-Net see at once.
BATCH_SIZE = 512
# A second look at a face: mirror images of its square box, at these scales.
SECOND_LOOK_SCALES = (0.8, 1.0, 1.25)


class Cascade:
    """The three networks of MTCNN (https://arxiv.org/abs/1604.02878).

    Args:
        pnet, rnet, onet: facenet-pytorch's `PNet`, `RNet` and `ONet`; their memory format is changed.
        device: where they are.
        thresholds: lowest score of each network.
    """

    def __init__(
        self,
        pnet: nn.Module,
        rnet: nn.Module,
        onet: nn.Module,
        device: torch.device,
        thresholds: tuple[float, float, float] = THRESHOLDS,
    ) -> None:
        networks = (network.eval().to(memory_format=torch.channels_last) for network in (pnet, rnet, onet))
        self._pnet, self._rnet, self._onet = networks
        self._device, self._thresholds = device, thresholds

    @torch.inference_mode()
    def integral_images(self, images_rgb: np.ndarray) -> torch.Tensor:
        """`(images, height + 1, width + 1, 3)` int32: at `(y, x)` the sum of all pixels above and to the left of it.

        Args:
            images_rgb: `(images, height, width, 3)`, uint8; at most 8 megapixels each, whose sums int32 can hold.
        """
        return integral_images(torch.from_numpy(images_rgb).to(self._device))

    @torch.inference_mode()
    def search(self, integral: torch.Tensor, smallest_face: float) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The faces of images of one size.

        Args:
            integral: as `integral_images` gives it.
            smallest_face: side in pixels.

        Returns:
            For each image boxes `(n, 4)` as `(x1, y1, x2, y2)`, scores `(n,)` and landmarks `(n, 5, 2)`, floats.
        """
        candidates, image_index = self._propose(integral, smallest_face)
        candidates, image_index = self._refine(integral, candidates, image_index)
        boxes, scores, landmarks, images = self._output_faces(integral, candidates, image_index)
        found = []
        for image in range(len(integral)):
            own = np.flatnonzero(images == image)
            own = own[_nms_by_smaller_area(boxes[own], scores[own], 0.7)]
            found.append((boxes[own], scores[own], landmarks[own]))
        return found

    @torch.inference_mode()
    def second_look(self, integral: torch.Tensor, boxes: np.ndarray, image: int = 0) -> np.ndarray:
        """How much R-Net and O-Net agree that boxes hold faces when they see them mirrored, smaller and larger.

        A face stays one in all of these views; what only looked like a face in one crop does not.

        Args:
            integral: as `integral_images` gives it.
            boxes: `(n, 4)` as `(x1, y1, x2, y2)`, in pixels of that image.
            image: its index.

        Returns:
            `(n,)` mean face probability in [0, 1].
        """
        if not len(boxes):
            return np.zeros(0, dtype=np.float32)
        squares = _squared(torch.as_tensor(boxes, dtype=torch.float32, device=self._device))
        centre, half = (squares[:, :2] + squares[:, 2:]) / 2, (squares[:, 2:] - squares[:, :2]) / 2
        views = [torch.cat([centre - half * scale, centre + half * scale], dim=1) for scale in SECOND_LOOK_SCALES]
        windows = _clip_to_pixels(integral, torch.cat(views))
        image_index = torch.full((len(windows),), image, dtype=torch.long, device=self._device)
        probabilities = [
            _run_on_crops(network, integral, windows, image_index, side, mirrored=True)[-1][:, 1]
            for network, side in ((self._rnet, RNET_SIDE), (self._onet, ONET_SIDE))
        ]
        return torch.stack(probabilities).mean(dim=0).reshape(len(views), -1).mean(dim=0).cpu().numpy()

    def _propose(self, integral: torch.Tensor, smallest_face: float) -> tuple[torch.Tensor, torch.Tensor]:
        """P-Net's candidates: square boxes `(n, 4)`, and the index `(n,)` of each one's image."""
        height, width = integral.shape[1] - 1, integral.shape[2] - 1
        # Each row: the window that P-Net saw, then the box after regression.
        windows_and_boxes = [integral.new_zeros((0, 8), dtype=torch.float32)]
        scores = [integral.new_zeros(0, dtype=torch.float32)]
        images = [integral.new_zeros(0, dtype=torch.long)]
        for scale in _pyramid_scales(min(height, width), smallest_face):
            size_hw = int(height * scale + 1), int(width * scale + 1)
            offsets, probabilities = self._pnet(_normalise(resize_by_area(integral, size_hw)))
            is_face = probabilities[:, 1] >= self._thresholds[0]
            places = is_face.nonzero()
            corner = places[:, [2, 1]].float() * PNET_STRIDE + 1
            window = torch.cat([corner, corner + PNET_WINDOW - 1], dim=1).div(scale).floor()
            score = probabilities[:, 1][is_face]
            kept = batched_nms(window, score, places[:, 0], 0.5)
            sides = (window[:, 2:] - window[:, :2]).repeat(1, 2)
            box = window + offsets.permute(0, 2, 3, 1)[is_face] * sides
            windows_and_boxes.append(torch.cat([window, box], dim=1)[kept])
            scores.append(score[kept])
            images.append(places[kept, 0])
        candidates, image_index = torch.cat(windows_and_boxes), torch.cat(images)
        kept = batched_nms(candidates[:, :4], torch.cat(scores), image_index, 0.7)
        return _squared(candidates[kept, 4:]), image_index[kept]

    def _refine(
        self, integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """R-Net's candidates among P-Net's: square boxes `(n, 4)` and image indices `(n,)`."""
        windows, image_index, boxes = _clip_windows(integral, boxes, image_index)
        if not len(boxes):
            return boxes, image_index
        offsets, probabilities = _run_on_crops(self._rnet, integral, windows, image_index, RNET_SIDE)
        is_face = probabilities[:, 1] > self._thresholds[1]
        boxes, scores = boxes[is_face], probabilities[is_face, 1]
        image_index, offsets = image_index[is_face], offsets[is_face]
        kept = batched_nms(boxes, scores, image_index, 0.7)
        return _squared(_regressed(boxes[kept], offsets[kept])), image_index[kept]

    def _output_faces(
        self, integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """O-Net's faces: boxes `(n, 4)`, scores `(n,)`, landmarks `(n, 5, 2)` and image indices `(n,)`."""
        windows, image_index, boxes = _clip_windows(integral, boxes, image_index)
        if not len(boxes):
            return np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)), np.zeros(0)
        offsets, points, probabilities = _run_on_crops(self._onet, integral, windows, image_index, ONET_SIDE)
        is_face = probabilities[:, 1] > self._thresholds[2]
        boxes, offsets, points = boxes[is_face], offsets[is_face], points[is_face]
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = points.reshape(-1, 2, 5).transpose(1, 2) * sides[:, None] + boxes[:, None, :2] - 1
        return (
            _regressed(boxes, offsets).cpu().numpy(),
            probabilities[is_face, 1].cpu().numpy(),
            landmarks.cpu().numpy(),
            image_index[is_face].cpu().numpy(),
        )


def _pyramid_scales(shorter_side: int, smallest_face: float) -> Iterator[float]:
    """Scales of the image pyramid, down to the level that is no larger than P-Net's window."""
    scale = PNET_WINDOW / smallest_face
    while shorter_side * scale >= PNET_WINDOW:
        yield scale
        scale *= PYRAMID_FACTOR


def _clip_windows(
    integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The boxes that reach into their image: clipped to whole pixels inside it, image indices, and as they are."""
    height, width = integral.shape[1] - 1, integral.shape[2] - 1
    low = boxes[:, :2].trunc().long().clamp(min=1) - 1
    high = torch.minimum(boxes[:, 2:].trunc().long(), boxes.new_tensor([width, height], dtype=torch.long))
    is_inside = (high > low).all(dim=1)
    return torch.cat([low, high], dim=1)[is_inside], image_index[is_inside], boxes[is_inside]


def _clip_to_pixels(integral: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """The boxes `(n, 4)` in whole pixels inside the image, none of them empty."""
    width, height = integral.shape[2] - 1, integral.shape[1] - 1
    limits = boxes.new_tensor([width, height], dtype=torch.long)
    low = torch.minimum(boxes[:, :2].floor().long().clamp(min=0), limits - 1)
    return torch.cat([low, torch.minimum(boxes[:, 2:].ceil().long(), limits).maximum(low + 1)], dim=1)


def _normalise(pixels: torch.Tensor) -> torch.Tensor:
    """`(n, height, width, 3)` pixels as the networks' input: about -1 to 1, `(n, 3, height, width)`."""
    return ((pixels - 127.5) * 0.0078125).permute(0, 3, 1, 2)


def _run_on_crops(
    network: nn.Module,
    integral: torch.Tensor,
    windows: torch.Tensor,
    image_index: torch.Tensor,
    side: int,
    mirrored: bool = False,
) -> tuple[torch.Tensor, ...]:
    """The network's outputs for the windows `(n, 4)`, batch by batch: a picture of noise may have ten thousand."""
    batches = zip(windows.split(BATCH_SIZE), image_index.split(BATCH_SIZE), strict=True)
    crops = (_normalise(crop_by_area(integral, *batch, side)) for batch in batches)
    outputs = [network(crop.flip(-1) if mirrored else crop) for crop in crops]
    return tuple(map(torch.cat, zip(*outputs, strict=True)))


def _regressed(boxes: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """Bounding-box regression: each side of the boxes `(n, 4)` moves by its offset `(n, 4)` times width or height."""
    return boxes + offsets * (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)


def _squared(boxes: torch.Tensor) -> torch.Tensor:
    """The boxes, grown around their centre to squares."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.amax(dim=1, keepdim=True)
    corner = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return torch.cat([corner, corner + longer], dim=1)


def _nms_by_smaller_area(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
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
