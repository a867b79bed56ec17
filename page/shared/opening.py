"""How the page opens and searches what visitors send: in worker processes, and fairly shared among its tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cache
from typing import TypeVar

from PIL import Image

from gender_age.errors import PhotoTooLargeError
from gender_age.guarded_opener import GuardedOpener
from gender_age.images import MAX_PIXELS, Photo
from gender_age.photo_names import photo_name, photo_path
from gender_age.prediction import BATCH_SIZE, GenderAgePredictor
from gender_age.results import FaceEstimate, PhotoPrediction
from gender_age.searched_photo import SearchedPhoto

from ..server.model_turns import FairSemaphore

Result = TypeVar("Result")
See = Callable[[Image.Image, SearchedPhoto], None]
"""Called with a photo as it was opened, not yet turned, and what was found in it."""

# Photos that are open at once, so that their pixels fit into memory: those up to a usual camera's, and larger ones,
# which take seconds. The others wait before they are opened.
USUAL_PIXELS = 24_000_000
USUAL_PLACES, LARGE_PLACES = FairSemaphore(4), FairSemaphore(1)
# Threads that run the model, first come, first served: a third one on two cores would only slow down the others. With
# gradio's, of which every photo may have another one, each brought buffers of its own: 300 MB more.
_model_threads = ThreadPoolExecutor(2, "model")


def in_turn(function: Callable[..., Result], *arguments: object) -> Result:
    """Calls a function that runs the model, after those that were asked for before."""
    return _model_threads.submit(function, *arguments).result()


@cache
def page_opener() -> GuardedOpener:
    """The one opener of this process. Its workers start with the first photos."""
    return GuardedOpener()


@contextmanager
def opened_in_turn(photo: Photo) -> Iterator[Image.Image]:
    """A photo opened by the page's opener; it counts as open until the context ends.

    Raises:
        PhotoError: it cannot be used.
    """
    with USUAL_PLACES:
        image_rgb = _opened_if_usual(photo)
        if image_rgb is not None:
            yield image_rgb
            return
    with LARGE_PLACES:
        yield page_opener()(photo, MAX_PIXELS)


class SharedPredictor(GenderAgePredictor):
    """A predictor for many visitors, whose photos take turns. (Pictures of a camera are fast, and do not wait.)

    Args:
        predictor: whose model and detector it uses.
    """

    def __init__(self, predictor: GenderAgePredictor) -> None:
        super().__init__(predictor.model, predictor.image_processor, predictor.detector, page_opener())
        self._unshared = predictor
        self._see: See | None = None

    def seen_by(self, see: See) -> SharedPredictor:
        """A predictor that also shows every photo to `see`, in several threads, while it is open."""
        twin = copy(self)
        twin._see = see
        return twin

    def predict_frame(self, frame_rgb: Photo) -> PhotoPrediction:
        """See `GenderAgePredictor.predict_frame`."""
        return self._unshared.predict_frame(frame_rgb)

    def estimate(
        self, crops: Sequence[Image.Image], batch_size: int = BATCH_SIZE, mirrored: bool = True
    ) -> list[FaceEstimate]:
        """See `GenderAgePredictor.estimate`."""
        return in_turn(super().estimate, crops, batch_size, mirrored)

    def _search(self, photo: Photo, whole_image: bool, min_score: float | None) -> SearchedPhoto:
        if isinstance(photo, Image.Image):  # of `opened_in_turn`
            return in_turn(super()._search, photo, whole_image, min_score)
        with opened_in_turn(photo) as image_rgb:
            searched = self._search(image_rgb, whole_image, min_score)
            searched = replace(searched, photo=photo_name(photo), path=photo_path(photo))
            if self._see is not None:
                self._see(image_rgb, searched)
        return searched


def guarded(predictor: GenderAgePredictor) -> GenderAgePredictor:
    """The predictor shared and with the page's opener, unless it has an opener of its own."""
    if not isinstance(predictor, GenderAgePredictor) or predictor.opener is not None:
        return predictor
    return SharedPredictor(predictor)


def _opened_if_usual(photo: Photo) -> Image.Image | None:
    """The photo, or None where it has more than `USUAL_PIXELS`, which is known before it is decoded."""
    try:
        return page_opener()(photo, USUAL_PIXELS)
    except PhotoTooLargeError:
        return None
