"""Faces and their landmarks, by MTCNN; the only module that knows facenet_pytorch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from .geometry import Box, Landmarks
from .mtcnn import Cascade

logger = logging.getLogger(__name__)

# Faces are detected on a copy whose longer side has at most this many pixels: MTCNN's cost grows with
# (longer side / smallest face)², and a larger copy finds the same faces (facenet-pytorch#77, #179).
DETECTION_SIDE = 1024
SMALLEST_FACE_SHARE = 1 / 40
# For camera frames, which have to be answered at once: such a face is about two metres away.
LIVE_FACE_SHARE = 1 / 16
SMALLEST_FACE = 20
# The default threshold of MTCNN's O-Net, which returns nothing below it.
MIN_SCORE = 0.7
# A smaller image is padded: P-Net would see no window of it, or one.
SMALLEST_SIDE = 48
PAD_GREY = 128
# "Weak": no face this certain, or the eye line tilted by more than this many degrees. MTCNN sees upright faces with
# scores up to 0.998 in upside-down ones: of 150 chips of UTKFace and 150 of FairFace turned by 180°, 249 are put right
# with 0.95 here and 298 with 0.999; none of them is turned when it was upright.
CERTAIN_SCORE = 0.999
UPRIGHT_TILT = 45.0

ROTATIONS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""Counter-clockwise degrees -> the lossless PIL operation."""


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face.

    Attributes:
        box: in pixels of the image that was searched, clamped to it.
        score: the detector's certainty, in [0, 1].
        landmarks: in pixels of the image that was searched.
    """

    box: Box
    score: float
    landmarks: Landmarks

    @property
    def tilt(self) -> float:
        """Angle of the eye line against the horizontal, in degrees within [-180, 180]; 0 is upright."""
        (left_x, left_y), (right_x, right_y) = self.landmarks[:2]
        return float(np.degrees(np.arctan2(right_y - left_y, right_x - left_x)))


def rotate_image(image: Image.Image, rotation: int) -> Image.Image:
    """`image` turned counter-clockwise by `rotation` (0, 90, 180 or 270) degrees."""
    return image if rotation == 0 else image.transpose(ROTATIONS[rotation])


class FaceDetector:
    """MTCNN (Zhang et al. 2016, https://arxiv.org/abs/1604.02878) with facenet-pytorch's weights.

    Args:
        device: where the three networks run.
        min_score: faces below this score are left out.
    """

    def __init__(self, device: str | torch.device | None = None, min_score: float = MIN_SCORE) -> None:
        from facenet_pytorch import MTCNN

        self.min_score = min_score
        device = torch.device(device or "cpu")
        mtcnn = MTCNN(device=device)
        self._cascade = Cascade(mtcnn.pnet, mtcnn.rnet, mtcnn.onet, device)

    def detect(self, image: Image.Image, smallest_share: float = SMALLEST_FACE_SHARE) -> list[Face]:
        """The faces of one image of any size and mode, left to right by box centre; none is an empty list.

        Args:
            smallest_share: side of the smallest face, as a share of the longer side; the cost grows with its inverse
                square.
        """
        copy, scale = _reduced(image)
        return [_scaled(face, 1 / scale, image.size) for face in self._search([copy], copy.size, smallest_share)[0]]

    def detect_batch(self, images: Sequence[Image.Image]) -> list[list[Face]]:
        """`detect` for images that are all of one size, in one pass through the networks."""
        if not images:
            return []
        if len({image.size for image in images}) > 1:
            raise ValueError(f"a batch must be of one size, got {sorted({image.size for image in images})}")
        copies, scales = zip(*map(_reduced, images), strict=True)
        found = self._search(copies, copies[0].size)
        return [[_scaled(face, 1 / scales[0], images[0].size) for face in faces] for faces in found]

    def detect_any_rotation(self, image: Image.Image) -> tuple[int, list[Face]]:
        """The faces of an image that may lie on its side or head.

        When the upright result is weak (no face, none with a score of 0.999, or an eye line tilted over 45°), the
        three other rotations are tried on the reduced copy and the one with the highest summed score wins.

        Returns:
            The counter-clockwise rotation in degrees to apply, and the faces in the rotated image's pixels.
        """
        copy, scale = _reduced(image)
        upright = self._search([copy], copy.size)[0]
        candidates = {0: upright}
        if _is_weak(upright):
            for rotation in ROTATIONS:
                turned = rotate_image(copy, rotation)
                candidates[rotation] = self._search([turned], turned.size)[0]
        rotation = max(candidates, key=lambda degrees: (_upright_score(candidates[degrees]), -degrees))
        size_wh = image.size if rotation in (0, 180) else image.size[::-1]
        return rotation, [_scaled(face, 1 / scale, size_wh) for face in candidates[rotation]]

    def _search(
        self,
        images_rgb: Sequence[Image.Image],
        size_wh: tuple[int, int],
        smallest_share: float = SMALLEST_FACE_SHARE,
    ) -> list[list[Face]]:
        batch = np.stack([_padded(image) for image in images_rgb])
        found = self._cascade.search(batch, max(SMALLEST_FACE, max(size_wh) * smallest_share))
        return [self._faces(*each, size_wh) for each in found]

    def _faces(
        self, boxes: np.ndarray, scores: np.ndarray, landmarks: np.ndarray, size_wh: tuple[int, int]
    ) -> list[Face]:
        faces = [
            Face(
                box=_clamped(box, size_wh),
                score=float(score),
                landmarks=tuple((float(x), float(y)) for x, y in points),
            )
            for box, score, points in zip(boxes, scores, landmarks, strict=True)
            if score >= self.min_score
        ]
        faces = [face for face in faces if face.box[2] - face.box[0] >= 1 and face.box[3] - face.box[1] >= 1]
        return sorted(faces, key=lambda face: (face.box[0] + face.box[2], face.box[1]))


def _reduced(image: Image.Image) -> tuple[Image.Image, float]:
    """An RGB copy of at most `DETECTION_SIDE` on the longer side, and its scale (copy pixels per image pixel)."""
    scale = min(1.0, DETECTION_SIDE / max(image.size))
    if scale < 1.0:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.3)
    return image.convert("RGB"), scale


def _padded(image_rgb: Image.Image) -> np.ndarray:
    """The image as `(height, width, 3)` uint8, grown to the right and below where a side is under `SMALLEST_SIDE`."""
    pixels = np.asarray(image_rgb)
    missing = [max(0, SMALLEST_SIDE - side) for side in pixels.shape[:2]]
    if not any(missing):
        return pixels
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=PAD_GREY)


def _clamped(box_xyxy: Sequence[float], size_wh: tuple[int, int]) -> Box:
    (x1, y1, x2, y2), (width, height) = map(float, box_xyxy), size_wh
    return (
        min(max(x1, 0.0), float(width)),
        min(max(y1, 0.0), float(height)),
        min(max(x2, 0.0), float(width)),
        min(max(y2, 0.0), float(height)),
    )


def _scaled(face: Face, factor: float, size_wh: tuple[int, int]) -> Face:
    return Face(
        box=_clamped([value * factor for value in face.box], size_wh),
        score=face.score,
        landmarks=tuple((x * factor, y * factor) for x, y in face.landmarks),
    )


def _is_weak(faces: list[Face]) -> bool:
    return not any(face.score >= CERTAIN_SCORE and abs(face.tilt) <= UPRIGHT_TILT for face in faces)


def _upright_score(faces: list[Face]) -> float:
    """Summed score of the faces that stand upright: MTCNN also finds some sideways ones (deepface#1371)."""
    return sum(face.score for face in faces if abs(face.tilt) <= UPRIGHT_TILT)
