"""A photo whose faces are found and cut, before the model has seen them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass

from PIL import Image

from .geometry import Landmarks, PixelBox
from .results import FaceEstimate, FacePrediction, PhotoPrediction

# A photo with more faces is answered without their mirror images, worth 0.06 years: at half the cost of each, 200 faces
# take no more than a bounded time.
CROWD = 100


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

    @property
    def is_crowd(self) -> bool:
        """Whether its faces are answered without their mirror images."""
        return len(self.found) > CROWD

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


def in_batches(
    searched_photos: Generator[SearchedPhoto, None, None], batch_size: int, max_wait_s: float | None
) -> Generator[list[SearchedPhoto], None, None]:
    """Photos with enough faces for the model, or that have waited long enough; the photos are closed with it."""
    waiting: list[SearchedPhoto] = []
    num_faces, since = 0, 0.0
    with closing(searched_photos) as stream:
        for searched in stream:
            if not waiting:
                num_faces, since = 0, time.monotonic()
            waiting.append(searched)
            num_faces += len(searched.found)
            full = num_faces >= batch_size or len(waiting) >= batch_size
            late = max_wait_s is not None and time.monotonic() - since >= max_wait_s
            if full or late or num_faces == 0:
                yield waiting
                waiting = []
    yield waiting


__all__ = ["FoundFace", "SearchedPhoto", "in_batches"]
