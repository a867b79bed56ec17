"""A photo whose faces are found and cut, before the model has seen them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from PIL import Image

from .geometry import Landmarks, PixelBox
from .results import FaceEstimate, FacePrediction, PhotoPrediction


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face before the model has seen it; `crop` is its aligned RGB picture."""

    box: PixelBox
    score: float | None
    landmarks: Landmarks | None
    crop: Image.Image


@dataclass(frozen=True, slots=True)
class SearchedPhoto:
    """A searched photo, of which only the aligned faces are kept: a dozen decoded photos would fill the memory."""

    photo: str
    path: str | None
    size_wh: tuple[int, int] | None
    rotation: int = 0
    found: tuple[FoundFace, ...] = ()
    error: str | None = None

    def with_estimates(self, estimates: Iterable[FaceEstimate]) -> PhotoPrediction:
        """The photo's prediction from one estimate a face."""
        faces = tuple(
            FacePrediction(box=face.box, score=face.score, landmarks=face.landmarks, **asdict(estimate))
            for face, estimate in zip(self.found, estimates, strict=True)
        )
        width, height = self.size_wh or (None, None)
        return PhotoPrediction(
            photo=self.photo,
            path=self.path,
            width=width,
            height=height,
            rotation=self.rotation,
            faces=faces,
            error=self.error,
        )


__all__ = ["FoundFace", "SearchedPhoto"]
