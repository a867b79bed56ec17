"""Analyses many photos in portions, with an answer also for those that cannot be used."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from PIL import Image

from gender_age.photo_names import photo_name
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.searched_photo import SearchedPhoto

from ..inputs.archive import ArchivedPhoto, ArchiveError, is_archive, list_photos
from ..inputs.photo_files import MAX_PHOTOS, GivenFile
from ..inputs.unpacking import Unpacker
from ..shared.opening import SharedPredictor
from .strips import strip_jpeg

# A portion takes no further photo after this time. It is the interval between updates of the page, and the longest wait
# after Cancel. The predictor analyses two photos at once and has opened a third.
PORTION_S = 1.0
# A GPU takes less than that for so many; all photos of a portion are unpacked before it starts.
PORTION_PHOTOS = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one photo, and a strip of small pictures of its faces (see `strip_jpeg`), if one was made."""

    prediction: PhotoPrediction
    strip: bytes | None = None


PredictPortion = Callable[[list[str]], list[Answer]]
"""Paths of photos -> answers for the first of them, at least one; see `predict_portion`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One photo of a run.

    Attributes:
        name: its base name, or its path inside the archive.
        path: of the photo, or of the archive that contains it; None where there is neither.
        archived: where it is in the archive, else None.
        error: a sentence that says why it is not analysed, else None.
    """

    name: str
    path: str | None
    archived: ArchivedPhoto | None = None
    error: str | None = None

    @property
    def folder(self) -> str:
        """The archive and the folder inside that the photo is from; empty for a photo of its own."""
        if self.archived is None or self.path is None:
            return ""
        return " › ".join((photo_name(self.path), *self.name.split("/")[:-1]))


def items_of(files: Iterable[GivenFile]) -> list[Item]:
    """All photos of the files and of the archives among them, in order; beyond the limit, one item that says so."""
    items = list(islice(_items(files), MAX_PHOTOS + 1))
    if len(items) > MAX_PHOTOS:
        first = items.pop().name
        error = (
            f"From “{first}” on, photos were left out: {MAX_PHOTOS} are the limit, choose the others in another run."
        )
        items.append(Item(first, None, error=error))
    return items


def predict_portion(
    predictor: GenderAgePredictor, paths: Sequence[str], min_score: float | None = None, strips: bool = False
) -> list[Answer]:
    """Answers for as many of the photos as `PORTION_S` allows, at least one, with their faces in common batches.

    Args:
        min_score: as in `GenderAgePredictor.predict`.
        strips: also make the small pictures. Only a page's own predictor does, as it has the photo open.
    """
    deadline = time.monotonic() + PORTION_S
    made: dict[str | None, bytes] = {}

    def see(image_rgb: Image.Image, searched: SearchedPhoto) -> None:
        made[searched.path] = strip_jpeg(image_rgb, searched)

    if strips and isinstance(predictor, SharedPredictor):
        predictor = predictor.seen_by(see)

    def in_time() -> Iterator[str]:
        for number, path in enumerate(paths):
            if number and time.monotonic() >= deadline:
                return
            yield path

    predictions = predictor.predict_batch(in_time(), min_score=min_score)
    return [Answer(prediction, made.get(prediction.path)) for prediction in predictions]


def run(items: Sequence[Item], predict: PredictPortion) -> Iterator[list[Answer]]:
    """Analyses the items.

    Args:
        items: of `items_of`.
        predict: runs the model on the first of some photos.

    Yields:
        The answers for the next items, in order, portion by portion. The `photo` and `path` of one in an archive
        are its path inside; others have no `path`.
    """
    remaining = iter(items)
    waiting: deque[tuple[Item, str | PhotoPrediction]] = deque()
    with Unpacker() as unpacker:
        while True:
            for item in islice(remaining, PORTION_PHOTOS - len(waiting)):
                waiting.append((item, _photo_path(item, unpacker)))
            if not waiting:
                return
            paths = [path for _, path in waiting if isinstance(path, str)]
            answers = deque(predict(paths)) if paths else deque()
            portion = []
            while waiting and (answers or not isinstance(waiting[0][1], str)):
                item, path = waiting.popleft()
                if isinstance(path, str):
                    portion.append(_named(answers.popleft(), item))
                    if item.archived is not None:
                        unpacker.discard(path)
                else:
                    portion.append(Answer(path))
            if not portion:
                raise RuntimeError("predict answered for no photo")
            yield portion


def _items(files: Iterable[GivenFile]) -> Iterator[Item]:
    for file in files:
        if file.path is None or not is_archive(file.path):
            yield Item(file.name, file.path, error=file.error)
            continue
        try:
            photos = list_photos(file.path)
        except ArchiveError as error:
            yield Item(file.name, None, error=str(error))
            continue
        yield from (Item(photo.name, file.path, photo) for photo in photos)


def _photo_path(item: Item, unpacker: Unpacker) -> str | PhotoPrediction:
    """Where the photo is, or what is said of it instead."""
    try:
        if item.path is None:
            raise ArchiveError(item.error or f"“{item.name}” is not there: upload it again.")
        return item.path if item.archived is None else unpacker.unpack(item.path, item.archived)
    except ArchiveError as error:
        return PhotoPrediction.unusable(item.name, str(error), _path_inside(item))


def _named(answer: Answer, item: Item) -> Answer:
    """The answer for an item's file under the item's name, which replaces the file's in the error too."""
    error = answer.prediction.error
    if error is not None and item.archived is not None:
        error = error.replace(f"“{item.archived.file_name}”", f"“{item.name}”", 1)
    named = replace(answer.prediction, photo=item.name, path=_path_inside(item), error=error)
    return replace(answer, prediction=named)


def _path_inside(item: Item) -> str | None:
    return None if item.archived is None else item.name
