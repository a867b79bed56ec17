"""One search of images as they are: the cascade's faces that a second look confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from .found_faces import Face, clamped, without_duplicates
from .geometry import Box
from .image_parts import PAD_GREY, padded, reduced
from .mtcnn import Cascade

SMALLEST_FACE_SHARE = 1 / 40
SMALLEST_FACE = 20
# Faces below this score get a second look; least agreement of it, and least mean of score and agreement.
SURE_SCORE, MIN_AGREEMENT, MIN_CERTAINTY = 0.99, 0.5, 0.72

# Faces cut by the photo's edge are found with a border around it. Small ones are not worth the time, and large ones
# are found on a smaller copy.
BORDER_SHARE, BORDER_FACE_SHARE, BORDER_SIDE = 0.2, 1 / 6, 320
# With a face this large, as a share of the shorter side, that touches no edge there is none to be looked for there.
LARGE_FACE_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found in one image.

    Attributes:
        faces: left to right, in pixels of the image.
        rejected: boxes in which only the cascade's last network saw no face.
        integral: the image as `Cascade.integral_images` gives it.
    """

    faces: list[Face]
    rejected: list[Box]
    integral: torch.Tensor


class FaceSearch:
    """Searches images with MTCNN's cascade.

    Args:
        cascade: its three networks.
    """

    def __init__(self, cascade: Cascade) -> None:
        self.cascade = cascade

    def search(
        self,
        images_rgb: Sequence[Image.Image],
        smallest_share: float = SMALLEST_FACE_SHARE,
        smallest: int = SMALLEST_FACE,
        sure_score: float = SURE_SCORE,
    ) -> list[Found]:
        """What is found in images of one size.

        Args:
            images_rgb: at most 8 megapixels each.
            smallest_share: side of the smallest face, as a share of the longer side.
            smallest: the same in pixels; the larger of both holds.
            sure_score: faces below this score get a second look.
        """
        size_wh = images_rgb[0].size
        pixels = np.stack([padded(image) for image in images_rgb])
        return self._found(pixels, size_wh, max(smallest, max(size_wh) * smallest_share), sure_score)

    def cut_by_edge(self, image_rgb: Image.Image, found: Sequence[Face]) -> list[Face]:
        """Large faces that the edge of the image cuts, or that fill it, in pixels of the image.

        Args:
            found: the faces that are known already.
        """
        large = [face for face in found if face.side >= LARGE_FACE_SHARE * min(image_rgb.size)]
        if any(_is_inside(face, image_rgb.size) for face in large):
            return []
        small, scale = reduced(image_rgb, BORDER_SIDE)
        border = round(max(small.size) * BORDER_SHARE)
        pixels = np.pad(np.asarray(small), ((border, border), (border, border), (0, 0)), constant_values=PAD_GREY)
        smallest = max(SMALLEST_FACE, max(small.size) * BORDER_FACE_SHARE)
        faces = self._found(pixels[None], small.size, smallest, SURE_SCORE, border)[0].faces
        return [face.scaled(1 / scale, image_rgb.size) for face in faces]

    def _found(
        self, pixels: np.ndarray, size_wh: tuple[int, int], smallest: float, sure_score: float, border: int = 0
    ) -> list[Found]:
        """As `search`, in `(images, height, width, 3)` uint8 images that may have a border around `size_wh` pixels."""
        integral = self.cascade.integral_images(pixels)
        results = []
        for index, (boxes, scores, points, rejected) in enumerate(self.cascade.search(integral, smallest, border)):
            agreement, looked = np.ones(len(scores), dtype=np.float32), scores < sure_score
            agreement[looked] = self.cascade.second_look(integral, boxes[looked], index)
            is_face = (agreement >= MIN_AGREEMENT) & ((scores + agreement) / 2 >= MIN_CERTAINTY)
            faces = [
                Face(
                    box=clamped(boxes[each] - border, size_wh),
                    score=float(scores[each]),
                    landmarks=tuple((float(x) - border, float(y) - border) for x, y in points[each]),
                    agreement=float(agreement[each]),
                )
                for each in np.flatnonzero(is_face)
            ]
            visible = (face for face in faces if min(face.box[2] - face.box[0], face.box[3] - face.box[1]) >= 1)
            left_over = [clamped(box, size_wh) for box in rejected - border]
            results.append(Found(without_duplicates(visible), left_over, integral[index : index + 1]))
        return results


def _is_inside(face: Face, size_wh: tuple[int, int]) -> bool:
    x1, y1, x2, y2 = face.box
    return x1 > 0 and y1 > 0 and x2 < size_wh[0] and y2 < size_wh[1]


__all__ = ["SMALLEST_FACE", "SMALLEST_FACE_SHARE", "SURE_SCORE", "FaceSearch", "Found"]
