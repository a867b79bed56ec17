"""The two stages between reading and writing: fetching, opening, detection and alignment; and the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow
import torch
from ray.actor import ActorHandle

from gender_age.guarded_opener import GuardedOpener
from gender_age.parallel import parallel_map
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.searched_photo import SearchedPhoto, in_batches
from gender_age.video import video_or_error
from gender_age.video_results import VideoPrediction
from gender_age.video_writers import people_table
from gender_age.writers import face_table

from .items import check_place, fetched, photo_of
from .model_choice import ModelChoice

# What no photo is known to cause. One among millions must not end the job.
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
# Faces that are handed on together, and photos that one actor fetches ahead.
FACES_AT_ONCE, FETCHERS = 64, 4
DISTRIBUTION = "age_distribution"

Batch = dict[str, np.ndarray]


class FindFaces:
    """Items in, searched photos out: one actor a core, with a process of its own that opens photos."""

    def __init__(self, model: ModelChoice, min_score: float | None) -> None:
        # Cores are shared by actors, not by threads.
        torch.set_num_threads(1)
        self._predictor = model.predictor("cpu", GuardedOpener())
        self._min_score = min_score

    def __call__(self, items: pyarrow.Table) -> Iterator[Batch]:
        there = parallel_map(fetched, items.to_pylist(), FETCHERS)
        searched = (searched_item(self._predictor, item, self._min_score) for item in there)
        for photos in filter(None, in_batches(searched, FACES_AT_ONCE, max_wait_s=None)):
            column = np.empty(len(photos), dtype=object)
            column[:] = photos
            yield {"path": np.array([photo.path for photo in photos], dtype=object), "searched": column}


class EstimateFaces:
    """Searched photos in, rows out: an actor a GPU, or on the CPU few beside those that search."""

    def __init__(
        self, model: ModelChoice, device: str, batch_size: int, distribution: bool, counter: ActorHandle
    ) -> None:
        torch.set_num_threads(1)
        self._predictor = model.predictor(device)
        self._batch_size, self._distribution, self._counter = batch_size, distribution, counter

    def __call__(self, batch: Batch) -> pyarrow.Table:
        predictions = self._predictor.answer(list(batch["searched"]), self._batch_size)
        self._counter.add.remote(len(predictions))
        return rows_of(predictions, self._distribution)


class FollowPeople:
    """Items in, rows of people out, for videos: an actor a core, on the CPU, with a process that decodes."""

    def __init__(self, model: ModelChoice, min_score: float | None, counter: ActorHandle) -> None:
        torch.set_num_threads(1)
        self._predictor = model.predictor("cpu")
        self._min_score, self._counter = min_score, counter

    def __call__(self, items: pyarrow.Table) -> Iterator[pyarrow.Table]:
        for item in items.to_pylist():
            yield people_table([video_of(self._predictor, fetched(item, is_video=True), self._min_score)])
            self._counter.add.remote(1)


def video_of(predictor: GenderAgePredictor, item: dict, min_score: float | None) -> VideoPrediction:
    """The people of one item (items.py); whatever is wrong with it is its `error`.

    Raises:
        StoreLostError: the disk that it was on is gone.
    """
    path = item["path"]
    if item["error"] is not None:
        return VideoPrediction(video=path, path=path, error=item["error"])
    try:
        video = video_or_error(predictor, photo_of(item), min_score)
    except UNFORESEEN as unforeseen:
        error = f"The video could not be analysed ({type(unforeseen).__name__})."
        video = VideoPrediction(video=path, path=path, error=error)
    if video.error is not None:
        check_place(item)
    return replace(video, path=path)


def searched_item(predictor: GenderAgePredictor, item: dict, min_score: float | None) -> SearchedPhoto:
    """The faces of one item (items.py); whatever is wrong with it is its `error`.

    Raises:
        StoreLostError: the disk that it was on is gone.
    """
    path = item["path"]
    if item["error"] is not None:
        return SearchedPhoto(path, path, size_wh=None, error=item["error"])
    try:
        searched = predictor.search(photo_of(item), min_score=min_score)
    except UNFORESEEN as unforeseen:
        error = f"The photo could not be analysed ({type(unforeseen).__name__})."
        searched = SearchedPhoto(path, path, size_wh=None, error=error)
    if searched.error is not None:
        check_place(item)
    return replace(searched, path=path)


def rows_of(predictions: Sequence[PhotoPrediction], distribution: bool) -> pyarrow.Table:
    """The table of faces without `photo`; with the probability of every year where it is asked for."""
    table = face_table(predictions).drop_columns(["photo"])
    if not distribution:
        return table
    ages = [face and face.age_distribution for photo in predictions for face in (photo.faces or (None,))]
    return table.append_column(DISTRIBUTION, pyarrow.array(ages, pyarrow.list_(pyarrow.float32())))
