"""Faces and their landmarks, by MTCNN; the only module that knows facenet_pytorch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from .found_faces import Face, clamped, without_duplicates
from .mtcnn import Cascade
from .turning import ROTATIONS, chosen_rotation, is_certainly_upright, rotate_image

# Faces are detected on a copy whose longer side has at most this many pixels: MTCNN's cost grows with
# (longer side / smallest face)², and a larger copy finds the same faces (facenet-pytorch#77, #179).
DETECTION_SIDE = 1024
SMALLEST_FACE_SHARE = 1 / 40
# For camera frames, which have to be answered at once: such a face is about two metres away.
LIVE_FACE_SHARE = 1 / 16
SMALLEST_FACE = 20
# Facenet-pytorch's are 0.6, 0.7 and 0.7: the second look leaves out what is no face (docs/experiments.md).
NETWORK_THRESHOLDS = (0.6, 0.6, 0.6)
MIN_SCORE = 0.6
# Faces below this score get a second look; least agreement of it, and least mean of score and agreement.
SURE_SCORE, MIN_AGREEMENT, MIN_CERTAINTY = 0.99, 0.5, 0.72
# A smaller image is padded: P-Net would see no window of it, or one.
SMALLEST_SIDE = 48
PAD_GREY = 128

# Faces cut by the photo's edge are found with a border around it. Small ones are not worth the time, and large ones
# are found on a smaller copy.
BORDER_SHARE, BORDER_FACE_SHARE, BORDER_SIDE = 0.2, 1 / 6, 320
# With a face this large, as a share of the shorter side, that touches no edge there is none to be looked for there.
LARGE_FACE_SHARE = 1 / 3

# A finer search where the first found no face above this share of the longer side, or several near its limit.
FINE_SIDE, FINE_FACE_SHARE, FINE_SMALLEST_FACE = 2048, 1 / 100, 14
FINE_BELOW_SHARE, FINE_FROM_FACES, FINE_NEAR_LIMIT, FINE_GAIN = 1 / 20, 3, 1.7, 0.6
# A photo that is wider than this many heights, or the other way round, is searched in overlapping tiles.
PANORAMA_RATIO, TILE_RATIO, TILE_OVERLAP, MAX_TILES = 3.0, 1.5, 0.25, 16


class FaceDetector:
    """MTCNN (Zhang et al. 2016, https://arxiv.org/abs/1604.02878) with facenet-pytorch's weights.

    Args:
        device: where the three networks run.
        min_score: faces below this score are left out. A value below 0.6 changes nothing, as MTCNN's last network finds
            no face with a lower score.
    """

    def __init__(self, device: str | torch.device | None = None, min_score: float = MIN_SCORE) -> None:
        from facenet_pytorch import MTCNN

        self.min_score = min_score
        device = torch.device(device or "cpu")
        mtcnn = MTCNN(device=device)
        self._cascade = Cascade(mtcnn.pnet, mtcnn.rnet, mtcnn.onet, device, NETWORK_THRESHOLDS)

    def detect(
        self, image: Image.Image, smallest_share: float = SMALLEST_FACE_SHARE, min_score: float | None = None
    ) -> list[Face]:
        """The faces of one image of any size and mode, left to right by box centre; none is an empty list.

        Args:
            smallest_share: side of the smallest face, as a share of the longer side; the cost grows with its inverse
                square.
            min_score: takes the place of the detector's own.
        """
        copy, scale = _reduced(image, DETECTION_SIDE)
        faces = self._search([copy], smallest_share)[0]
        return self._from_score([_moved(face, 1 / scale, image.size) for face in faces], min_score)

    def detect_batch(self, images: Sequence[Image.Image]) -> list[list[Face]]:
        """`detect` for images that are all of one size, in one pass through the networks."""
        if not images:
            return []
        if len({image.size for image in images}) > 1:
            raise ValueError(f"a batch must be of one size, got {sorted({image.size for image in images})}")
        copies, scales = zip(*(_reduced(image, DETECTION_SIDE) for image in images), strict=True)
        found = self._search(copies)
        return [self._from_score([_moved(face, 1 / scales[0], images[0].size) for face in faces]) for faces in found]

    def detect_any_rotation(self, image: Image.Image, min_score: float | None = None) -> tuple[int, list[Face]]:
        """The faces of a photo that may lie on its side or head: also those cut by its edge, small ones, and those of
        a panorama.

        Args:
            min_score: takes the place of the detector's own. It decides about faces only: the rotation is the same.

        Returns:
            The counter-clockwise rotation in degrees to apply, and the faces in the rotated image's pixels, left to
            right by box centre.
        """
        copy, _ = _reduced(image, DETECTION_SIDE)
        upright = self._search([copy])[0]
        cut = self._cut_by_edge(copy, upright)
        candidates = {0: without_duplicates([*upright, *cut])}
        if not is_certainly_upright(candidates[0]):
            # With a second look at all of them, the upright ones too: upside-down faces get high scores.
            for rotation in (0, *ROTATIONS):
                candidates[rotation] = self._search([rotate_image(copy, rotation)], sure_score=1.0)[0]
            candidates[0] = without_duplicates([*candidates[0], *cut])
        rotation = chosen_rotation(candidates)
        turned, turned_copy = rotate_image(image, rotation), rotate_image(copy, rotation)
        faces = candidates[rotation]
        if rotation:
            faces = without_duplicates([*faces, *self._cut_by_edge(turned_copy, faces)])
        factor = max(turned.size) / max(turned_copy.size)
        faces = [_moved(face, factor, turned.size) for face in faces]
        return rotation, self._from_score(without_duplicates([*faces, *self._small(turned, faces)]), min_score)

    def _from_score(self, faces: Sequence[Face], min_score: float | None = None) -> list[Face]:
        lowest = self.min_score if min_score is None else min_score
        return [face for face in faces if face.score >= lowest]

    def _search(
        self,
        copies_rgb: Sequence[Image.Image],
        smallest_share: float = SMALLEST_FACE_SHARE,
        smallest: int = SMALLEST_FACE,
        sure_score: float = SURE_SCORE,
    ) -> list[list[Face]]:
        """The faces of images of one size as they are, left to right; those below `sure_score` get a second look."""
        size_wh = copies_rgb[0].size
        pixels = np.stack([_padded(copy) for copy in copies_rgb])
        return self._faces(pixels, size_wh, max(smallest, max(size_wh) * smallest_share), sure_score)

    def _faces(
        self, pixels: np.ndarray, size_wh: tuple[int, int], smallest: float, sure_score: float, border: int = 0
    ) -> list[list[Face]]:
        """The faces of `(images, height, width, 3)` uint8 images, which may have a border around `size_wh` pixels."""
        integral = self._cascade.integral_images(pixels)
        results = []
        for index, (boxes, scores, points) in enumerate(self._cascade.search(integral, smallest)):
            agreement, looked = np.ones(len(scores), dtype=np.float32), scores < sure_score
            agreement[looked] = self._cascade.second_look(integral, boxes[looked], index)
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
            results.append(without_duplicates(visible))
        return results

    def _cut_by_edge(self, copy_rgb: Image.Image, found: Sequence[Face]) -> list[Face]:
        """Large faces that the edge of the image cuts, or that fill it, in pixels of `copy_rgb`."""
        large = [face for face in found if face.side >= LARGE_FACE_SHARE * min(copy_rgb.size)]
        if any(_is_inside(face, copy_rgb.size) for face in large):
            return []
        small, scale = _reduced(copy_rgb, BORDER_SIDE)
        border = round(max(small.size) * BORDER_SHARE)
        pixels = np.pad(np.asarray(small), ((border, border), (border, border), (0, 0)), constant_values=PAD_GREY)
        smallest = max(SMALLEST_FACE, max(small.size) * BORDER_FACE_SHARE)
        faces = self._faces(pixels[None], small.size, smallest, SURE_SCORE, border)[0]
        return [_moved(face, 1 / scale, copy_rgb.size) for face in faces]

    def _small(self, image: Image.Image, found: Sequence[Face]) -> list[Face]:
        """Faces that are too small for the first search, where there may be some, in pixels of `image`."""
        longer, shorter = max(image.size), min(image.size)
        if longer > PANORAMA_RATIO * shorter:
            return [face for tile, left_top in _tiles(image) for face in self._of_tile(tile, left_top, image.size)]
        limit = max(SMALLEST_FACE * max(1.0, longer / DETECTION_SIDE), longer * SMALLEST_FACE_SHARE)
        near_limit = sum(face.side < FINE_NEAR_LIMIT * limit for face in found)
        has_large = any(face.side >= longer * FINE_BELOW_SHARE for face in found)
        fine_limit = max(FINE_SMALLEST_FACE * max(1.0, longer / FINE_SIDE), longer * FINE_FACE_SHARE)
        if fine_limit > FINE_GAIN * limit or (has_large and near_limit < FINE_FROM_FACES):
            return []
        copy, scale = _reduced(image, FINE_SIDE)
        faces = self._search([copy], FINE_FACE_SHARE, FINE_SMALLEST_FACE)[0]
        return [_moved(face, 1 / scale, image.size) for face in faces]

    def _of_tile(self, tile: Image.Image, left_top: tuple[int, int], size_wh: tuple[int, int]) -> list[Face]:
        return [face.moved(1.0, left_top, size_wh) for face in self.detect(tile, min_score=0.0)]


def _tiles(image: Image.Image) -> list[tuple[Image.Image, tuple[int, int]]]:
    """Overlapping parts of a panorama, with the left upper corner of each."""
    longer, shorter = max(image.size), min(image.size)
    length = max(round(shorter * TILE_RATIO), longer // MAX_TILES)
    count = max(2, int(np.ceil((longer - length) / (length * (1 - TILE_OVERLAP)))) + 1)
    starts = np.linspace(0, longer - length, count).round().astype(int).tolist()
    if image.width >= image.height:
        return [(image.crop((start, 0, start + length, image.height)), (start, 0)) for start in starts]
    return [(image.crop((0, start, image.width, start + length)), (0, start)) for start in starts]


def _reduced(image: Image.Image, longest_side: int) -> tuple[Image.Image, float]:
    """An RGB copy of at most `longest_side` pixels on its longer side, and its scale (copy pixels per image pixel)."""
    scale = min(1.0, longest_side / max(image.size))
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


def _moved(face: Face, factor: float, size_wh: tuple[int, int]) -> Face:
    return face.moved(factor, (0.0, 0.0), size_wh)


def _is_inside(face: Face, size_wh: tuple[int, int]) -> bool:
    x1, y1, x2, y2 = face.box
    return x1 > 0 and y1 > 0 and x2 < size_wh[0] and y2 < size_wh[1]
