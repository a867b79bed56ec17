"""MTCNN's three networks over images of one size. Same results as facenet-pytorch's `detect_face`, faster.

The steps and their numbers are the same; results differ by rounding only, except where there are more candidates than
200 faces have: the smallest are left out. It is faster because every level of the image pyramid and every crop is
computed from one integral image, and because the networks run in channels-last memory format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torchvision.ops import batched_nms

from .candidate_boxes import (
    CrowdLimits,
    clip_to_pixels,
    clip_windows,
    highest,
    nms_by_smaller_area,
    reaches_border,
    regressed,
    squared,
    suppressed,
)
from .geometry import Box
from .integral_image import crop_by_area, integral_images, resize_by_area

# As in facenet-pytorch's MTCNN: each network's score threshold, and the factor between levels of the image pyramid.
THRESHOLDS = (0.6, 0.7, 0.7)
PYRAMID_FACTOR = 0.709
# Window and stride of P-Net in pixels, and input sides of R-Net and O-Net.
PNET_WINDOW, PNET_STRIDE = 12, 2
RNET_SIDE, ONET_SIDE = 24, 48
# Crops that R-Net and O-Net see at once.
BATCH_SIZE = 512
# More windows of an image than this are left out, those of the worst scores in each level of its pyramid. 200 faces
# have 4,900 boxes that R-Net sees, and 1,800 that O-Net does; where there are many more, each face keeps few of them,
# and the smallest are left out. Without, a mosaic of a thousand faces takes 17 s.
MAX_WINDOWS = 10_000
RNET_LIMITS, ONET_LIMITS = CrowdLimits(0.7, 6_000, 0.5, 4_000), CrowdLimits(0.7, 2_000, 0.3, 600)
# Faces of an image that may get a second look, the largest ones: twice as many as are ever answered.
MAX_FOUND = 400
# A second look at a face: mirror images of its square box, at these scales.
SECOND_LOOK_SCALES = (0.8, 1.0, 1.25)
# A turned look, for a box that may be too large, as R-Net knows only upright faces.
TURNED_LOOK_SCALES = (0.65, 1.0)


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
    def search(
        self, integral: torch.Tensor, smallest_face: float, border: int = 0
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """The faces of images of one size.

        Args:
            integral: as `integral_images` gives it.
            smallest_face: side in pixels.
            border: of images with a border of so many pixels, only faces that reach into it.

        Returns:
            For each image boxes `(n, 4)` as `(x1, y1, x2, y2)`, scores `(n,)` and landmarks `(n, 5, 2)`, floats; and
            the boxes `(m, 4)` in which only O-Net saw no face.
        """
        candidates, image_index = self._propose(integral, smallest_face)
        if border:
            reaches = reaches_border(integral, candidates, border)
            candidates, image_index = candidates[reaches], image_index[reaches]
        candidates, image_index = self._refine(integral, candidates, image_index)
        boxes, scores, landmarks, images = self._output_faces(integral, candidates, image_index)
        is_face = scores > self._thresholds[2]
        found = []
        for image in range(len(integral)):
            own = np.flatnonzero(is_face & (images == image))
            own = own[nms_by_smaller_area(boxes[own], scores[own], 0.7)]
            if len(own) > MAX_FOUND:
                own = own[(boxes[own, :2] - boxes[own, 2:]).min(axis=1).argsort()[:MAX_FOUND]]
            found.append((boxes[own], scores[own], landmarks[own], boxes[~is_face & (images == image)]))
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
        windows = self._views(integral, torch.as_tensor(boxes, dtype=torch.float32), SECOND_LOOK_SCALES)
        image_index = torch.full((len(windows),), image, dtype=torch.long, device=self._device)
        probabilities = [
            _run_on_crops(network, integral, windows, image_index, side, mirrored=True)[-1][:, 1]
            for network, side in ((self._rnet, RNET_SIDE), (self._onet, ONET_SIDE))
        ]
        return torch.stack(probabilities).mean(dim=0).reshape(-1, len(boxes)).mean(dim=0).cpu().numpy()

    @torch.inference_mode()
    def turned_look(self, integral: torch.Tensor, boxes: Sequence[Box]) -> np.ndarray:
        """How much O-Net takes boxes of the first image for faces, seen turned by 90, 180 and 270° counter-clockwise.

        Args:
            integral: as `integral_images` gives it.
            boxes: at least one.

        Returns:
            `(n, 3)` the face probability of each turn, in [0, 1], the highest of several scales.
        """
        windows = self._views(integral, torch.as_tensor(boxes, dtype=torch.float32), TURNED_LOOK_SCALES)
        crops = _normalise(crop_by_area(integral, windows, torch.zeros_like(windows[:, 0]), ONET_SIDE))
        views = torch.cat([crops.rot90(turns, (2, 3)) for turns in (1, 2, 3)])
        return self._onet(views)[-1][:, 1].reshape(3, -1, len(boxes)).amax(dim=1).T.cpu().numpy()

    def _views(self, integral: torch.Tensor, boxes: torch.Tensor, scales: Sequence[float]) -> torch.Tensor:
        """Square windows `(scales * n, 4)` around the boxes `(n, 4)`, in whole pixels inside the image."""
        squares = squared(boxes.to(self._device))
        centre, half = (squares[:, :2] + squares[:, 2:]) / 2, (squares[:, 2:] - squares[:, :2]) / 2
        views = [torch.cat([centre - half * scale, centre + half * scale], dim=1) for scale in scales]
        return clip_to_pixels(integral, torch.cat(views))

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
            score = probabilities[:, 1][is_face]
            places = is_face.nonzero()
            best = highest(score, places[:, 0], MAX_WINDOWS)
            score, places = score[best], places[best]
            corner = places[:, [2, 1]].float() * PNET_STRIDE + 1
            window = torch.cat([corner, corner + PNET_WINDOW - 1], dim=1).div(scale).floor()
            kept = batched_nms(window, score, places[:, 0], 0.5)
            sides = (window[:, 2:] - window[:, :2]).repeat(1, 2)
            box = window + offsets.permute(0, 2, 3, 1)[is_face][best] * sides
            windows_and_boxes.append(torch.cat([window, box], dim=1)[kept])
            scores.append(score[kept])
            images.append(places[kept, 0])
        candidates, image_index = torch.cat(windows_and_boxes), torch.cat(images)
        kept = suppressed(candidates[:, :4], torch.cat(scores), image_index, RNET_LIMITS)
        return squared(candidates[kept, 4:]), image_index[kept]

    def _refine(
        self, integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """R-Net's candidates among P-Net's: square boxes `(n, 4)` and image indices `(n,)`."""
        windows, image_index, boxes = clip_windows(integral, boxes, image_index)
        if not len(boxes):
            return boxes, image_index
        offsets, probabilities = _run_on_crops(self._rnet, integral, windows, image_index, RNET_SIDE)
        is_face = probabilities[:, 1] > self._thresholds[1]
        boxes, scores = boxes[is_face], probabilities[is_face, 1]
        image_index, offsets = image_index[is_face], offsets[is_face]
        kept = suppressed(boxes, scores, image_index, ONET_LIMITS)
        return squared(regressed(boxes[kept], offsets[kept])), image_index[kept]

    def _output_faces(
        self, integral: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor
    ) -> tuple[np.ndarray, ...]:
        """O-Net's boxes `(n, 4)`, scores `(n,)`, landmarks `(n, 5, 2)` and image indices `(n,)`."""
        windows, image_index, boxes = clip_windows(integral, boxes, image_index)
        if not len(boxes):
            return np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)), np.zeros(0)
        offsets, points, probabilities = _run_on_crops(self._onet, integral, windows, image_index, ONET_SIDE)
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = points.reshape(-1, 2, 5).transpose(1, 2) * sides[:, None] + boxes[:, None, :2] - 1
        outputs = (regressed(boxes, offsets), probabilities[:, 1], landmarks, image_index)
        return tuple(output.cpu().numpy() for output in outputs)


def _pyramid_scales(shorter_side: int, smallest_face: float) -> Iterator[float]:
    """Scales of the image pyramid, down to the level that is no larger than P-Net's window."""
    scale = PNET_WINDOW / smallest_face
    while shorter_side * scale >= PNET_WINDOW:
        yield scale
        scale *= PYRAMID_FACTOR


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
