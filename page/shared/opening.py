"""How the page opens and searches what visitors send: in worker processes, and fairly shared among its tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

from PIL import Image

from gender_age.errors import PhotoError
from gender_age.guarded_opener import guarded_opener
from gender_age.images import MAX_PIXELS, Photo
from gender_age.photo_names import photo_name, photo_path
from gender_age.prediction import GenderAgePredictor
from gender_age.searched_photo import SearchedPhoto

from ..server.model_turns import FairSemaphore

# Photos that are open at once, so that their pixels fit into memory: those up to a usual camera's, and larger ones,
# which take seconds. The others wait before they are opened.
USUAL_PIXELS = 24_000_000
USUAL_PLACES, LARGE_PLACES = FairSemaphore(4), FairSemaphore(1)
# Searches and explanations at once: a third one on two cores would only slow down the others.
MODEL_TURNS = FairSemaphore(2)


@cache
def page_opener() -> Callable[..., Image.Image]:
    """The one opener of this process. Its workers start with the first photos."""
    return guarded_opener()


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
    """A predictor whose threads search photos in turn. (Pictures of a camera are fast, and take no turn.)"""

    def _search(self, photo: Photo, whole_image: bool, min_score: float | None) -> SearchedPhoto:
        if isinstance(photo, Image.Image):  # of `opened_in_turn`
            with MODEL_TURNS:
                return super()._search(photo, whole_image, min_score)
        with opened_in_turn(photo) as image_rgb:
            searched = self._search(image_rgb, whole_image, min_score)
        return replace(searched, photo=photo_name(photo), path=photo_path(photo))


def guarded(predictor: GenderAgePredictor) -> GenderAgePredictor:
    """The predictor shared and with the page's opener, unless it has an opener of its own."""
    if not isinstance(predictor, GenderAgePredictor) or predictor.opener is not None:
        return predictor
    return SharedPredictor(predictor.model, predictor.image_processor, predictor.detector, page_opener())


def _opened_if_usual(photo: Photo) -> Image.Image | None:
    """The photo, or None where it has more than `USUAL_PIXELS`, which is known before it is decoded."""
    try:
        return page_opener()(photo, USUAL_PIXELS)
    except PhotoError as error:
        if f"the limit is {USUAL_PIXELS / 1e6:g} megapixels" in str(error):
            return None
        raise
