"""Faces and their landmarks, by MTCNN; the only module that knows facenet_pytorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_model
from torch import nn

from .errors import ModelError
from .face_search import SMALLEST_FACE_SHARE, SURE_SCORE, FaceSearch, Found
from .found_faces import Face, largest, without_duplicates
from .image_parts import is_blank, reduced, tiles
from .lying_faces import with_lying_faces
from .model_source import detector_weights
from .mtcnn import Cascade
from .small_faces import (
    DETECTION_SIDE,
    FINE_FACE_SHARE,
    FINE_SIDE,
    FINE_SMALLEST_FACE,
    is_panorama,
    may_hold_smaller,
)
from .turning import ROTATIONS, chosen_rotation, is_certainly_upright, rotate_image

# For camera frames, which have to be answered at once: such a face is about two metres away.
LIVE_FACE_SHARE = 1 / 16
# Facenet-pytorch's are 0.6, 0.7 and 0.7: the second look leaves out what is no face (docs/experiments.md).
NETWORK_THRESHOLDS = (0.6, 0.6, 0.6)
MIN_SCORE = 0.6
# A photo of a thousand faces would take the page's time from all others.
MAX_FACES = 200


class FaceDetector:
    """MTCNN (Zhang et al. 2016, https://arxiv.org/abs/1604.02878) with facenet-pytorch's weights.

    Args:
        device: where the three networks run.
        min_score: faces below this score are left out. A value below 0.6 changes nothing, as MTCNN's last network finds
            no face with a lower score.
        weights: a file as `scripts/mtcnn_weights.py` writes it; by default the one beside this module.

    Raises:
        ModelError: there are no weights, or they cannot be read.
    """

    def __init__(
        self,
        device: str | torch.device | None = None,
        min_score: float = MIN_SCORE,
        weights: str | Path | None = None,
    ) -> None:
        self.min_score = min_score
        device = torch.device(device or "cpu")
        networks = _networks(Path(weights or detector_weights())).to(device)
        cascade = Cascade(networks["pnet"], networks["rnet"], networks["onet"], device, NETWORK_THRESHOLDS)
        self._search = FaceSearch(cascade)

    def detect(
        self, image: Image.Image, smallest_share: float = SMALLEST_FACE_SHARE, min_score: float | None = None
    ) -> list[Face]:
        """The faces of one image of any size and mode, left to right by box centre; none is an empty list.

        Args:
            smallest_share: side of the smallest face, as a share of the longer side; the cost grows with its inverse
                square.
            min_score: takes the place of the detector's own.
        """
        copy, scale = reduced(image, DETECTION_SIDE)
        faces = self._search.search([copy], smallest_share)[0].faces
        return self._from_score([face.scaled(1 / scale, image.size) for face in faces], min_score)

    def detect_batch(self, images: Sequence[Image.Image]) -> list[list[Face]]:
        """`detect` for images that are all of one size, in one pass through the networks."""
        if not images:
            return []
        if len({image.size for image in images}) > 1:
            raise ValueError(f"a batch must be of one size, got {sorted({image.size for image in images})}")
        copies, scales = zip(*(reduced(image, DETECTION_SIDE) for image in images), strict=True)
        return [
            self._from_score([face.scaled(1 / scales[0], images[0].size) for face in found.faces])
            for found in self._search.search(copies)
        ]

    def detect_any_rotation(self, image: Image.Image, min_score: float | None = None) -> tuple[int, list[Face]]:
        """The faces of a photo that may lie on its side or head, `MAX_FACES` at most, the largest ones: also those that
        lie among upright ones, those cut by its edge, small ones, and those of a panorama.

        Args:
            min_score: takes the place of the detector's own. It decides about faces only: the rotation is the same.

        Returns:
            The counter-clockwise rotation in degrees to apply, and the faces in the rotated image's pixels, left to
            right by box centre.
        """
        copy, _ = reduced(image, DETECTION_SIDE)
        if is_blank(copy):
            return 0, []
        rotation, found = self._upright(copy)
        turned, turned_copy = rotate_image(image, rotation), rotate_image(copy, rotation)
        faces = found.faces
        if is_certainly_upright(faces):
            faces = with_lying_faces(self._search, turned_copy, found)
        factor = max(turned.size) / max(turned_copy.size)
        faces = [face.scaled(factor, turned.size) for face in faces]
        faces = without_duplicates([*faces, *self._small(turned, faces)])
        return rotation, largest(self._from_score(faces, min_score), MAX_FACES)

    def _upright(self, copy_rgb: Image.Image) -> tuple[int, Found]:
        """The rotation that an image needs, and what is found in the image turned by it."""
        search = self._search.search
        found = search([copy_rgb])[0]
        cut = {0: self._search.cut_by_edge(copy_rgb, found.faces)}
        faces = without_duplicates([*found.faces, *cut[0]])
        if is_certainly_upright(faces):
            return 0, replace(found, faces=faces)
        # With a second look at all faces, the upright ones too: upside-down ones get high scores.
        copies = {rotation: rotate_image(copy_rgb, rotation) for rotation in (0, *ROTATIONS)}
        turned = {0: found} if all(face.score < SURE_SCORE for face in found.faces) else {}
        turned |= {each: search([copy], sure_score=1.0)[0] for each, copy in copies.items() if each not in turned}
        if not any(found.faces for found in turned.values()):
            # A face that fills the photo, whichever way it is turned.
            cut |= {rotation: self._search.cut_by_edge(copies[rotation], []) for rotation in ROTATIONS}
        rotation = chosen_rotation({each: [*found.faces, *cut.get(each, [])] for each, found in turned.items()})
        if rotation not in cut:
            cut[rotation] = self._search.cut_by_edge(copies[rotation], turned[rotation].faces)
        faces = without_duplicates([*turned[rotation].faces, *cut[rotation]])
        return rotation, replace(turned[rotation], faces=faces)

    def _from_score(self, faces: Sequence[Face], min_score: float | None = None) -> list[Face]:
        lowest = self.min_score if min_score is None else min_score
        return [face for face in faces if face.score >= lowest]

    def _small(self, image: Image.Image, found: Sequence[Face]) -> list[Face]:
        """Faces that are too small for the first search, where there may be some, in pixels of `image`."""
        if is_panorama(image.size):
            return [face for tile, left_top in tiles(image) for face in self._of_tile(tile, left_top, image.size)]
        if len(found) >= MAX_FACES or not may_hold_smaller(image.size, found):
            return []
        copy, scale = reduced(image, FINE_SIDE)
        faces = self._search.search([copy], FINE_FACE_SHARE, FINE_SMALLEST_FACE)[0].faces
        return [face.scaled(1 / scale, image.size) for face in faces]

    def _of_tile(self, tile: Image.Image, left_top: tuple[int, int], size_wh: tuple[int, int]) -> list[Face]:
        return [face.moved(1.0, left_top, size_wh) for face in self.detect(tile, min_score=0.0)]


def _networks(weights: Path) -> nn.ModuleDict:
    """P-Net, R-Net and O-Net. Not facenet-pytorch's `MTCNN`, which unpickles the weights in its wheel.

    Raises:
        ModelError: the weights cannot be read.
    """
    from facenet_pytorch import ONet, PNet, RNet

    networks = {"pnet": PNet(pretrained=False), "rnet": RNet(pretrained=False), "onet": ONet(pretrained=False)}
    modules = nn.ModuleDict(networks)
    try:
        load_model(modules, weights)
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".:")
        raise ModelError(f"The face detector's weights {weights.name} cannot be read ({reason}).") from error
    return modules
