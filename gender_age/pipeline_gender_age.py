"""The transformers pipeline: `pipeline(model=repo, trust_remote_code=True)(photo)`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import GeneratorType
from typing import Any, cast

from torch.utils.data import Dataset
from transformers import Pipeline
from transformers.dynamic_module_utils import custom_object_save

from .configuration_gender_age import AUTO_MAP, CUSTOM_PIPELINES
from .detection import FaceDetector
from .errors import PhotoError
from .fetched_photo import TIMEOUT_S, fetched_photo
from .images import Photo
from .model_source import DETECTOR_WEIGHTS, detector_weights
from .prediction import BATCH_SIZE, GenderAgePredictor
from .results import PhotoPrediction

NO_PHOTOS = (str, bytes, bytearray, memoryview)
"""Sequences that are not several photos."""


class GenderAgePipeline(Pipeline):
    """Task "gender-age": a photo -> a list of faces, each a dict; several photos -> a list of such lists.

    A photo is a path, an `http(s)` address, a PIL image or an RGB array. Same results as `GenderAgePredictor`, whose
    `predict` also tells the frame of the boxes: `pipe.predictor.predict(photo)` has `width`, `height` and `rotation`.

    Args:
        detector: face detector; MTCNN on the pipeline's device by default.
        kwargs: as `transformers.Pipeline`; `whole_image=True` treats every image as one face already cropped,
            `min_score` leaves out faces that the detector is less sure of, `timeout` is that of addresses.
    """

    # Which processors `pipeline()` loads: https://github.com/huggingface/transformers/pull/32514, which annotates the
    # flags as None; no issue found. mypy's unused-ignore check shows when the ignores can go.
    _load_image_processor = True  # type: ignore[assignment]
    _load_processor = _load_video_processor = _load_feature_extractor = _load_tokenizer = False  # type: ignore[assignment]

    def __init__(self, *args: Any, detector: FaceDetector | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.image_processor is None:
            raise ValueError("the gender-age pipeline needs an image processor")
        self.predictor = GenderAgePredictor(self.model, self.image_processor, detector)

    # Like every pipeline of transformers, the methods below narrow the parent's signatures.
    def __call__(  # type: ignore[override]
        self,
        inputs: Photo | Iterable[Photo],
        *,
        whole_image: bool | None = None,
        min_score: float | None = None,
        batch_size: int | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[dict] | list[list[dict]] | Iterator[list[dict]]:
        """
        Args:
            inputs: a photo; a list, tuple or other sequence of photos, such as a column of `datasets`; or a
                generator or dataset of photos, answered lazily.
            whole_image: each image is one face, already cropped.
            min_score: leave out faces whose detection score is lower, in [0, 1].
            batch_size: number of faces, across photos, per forward pass.
            timeout: seconds in which the photo at an address has to come; 30 by default.

        Raises:
            PhotoError: a photo cannot be fetched or used.
            ValueError: `min_score` is no number in [0, 1].
        """
        # Pipeline's own loop batches and pads photos, but their numbers of faces differ; no upstream issue found.
        # `test_batch_size_counts_faces_across_photos` would pass without this loop if transformers batched faces.
        fetching, given, _ = self._sanitize_parameters(whole_image, min_score, timeout, **kwargs)
        fetching, params = self._preprocess_params | fetching, self._forward_params | given
        is_sequence = isinstance(inputs, Sequence) and not isinstance(inputs, NO_PHOTOS)
        if is_sequence or isinstance(inputs, (GeneratorType, Dataset)):
            photos = map(partial(_fetched, **fetching), cast(Iterable[Photo], inputs))
            stream = _faces_of_each(
                self.predictor.iter_predict(photos, batch_size=batch_size or self._batch_size or BATCH_SIZE, **params)
            )
            return list(stream) if is_sequence else stream
        return self.run_single(inputs, fetching, params, {})

    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: Any) -> None:
        """Saves a repository that `pipeline(model=…, trust_remote_code=True)` loads; `push_to_hub` uploads one.

        transformers' own leaves out the code of a pipeline that is not in its registry; no issue found. The closest
        test is `test_a_saved_pipeline_is_a_repository`.

        Raises:
            ModelError: the detector's weights are not to be had.
        """
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        weights = detector_weights(self.model)
        if weights.resolve() != (folder / DETECTOR_WEIGHTS).resolve():
            shutil.copyfile(weights, folder / DETECTOR_WEIGHTS)
        custom_object_save(self, folder)
        config = self.model.config
        before = {name: getattr(config, name, None) for name in ("auto_map", "custom_pipelines")}
        config.auto_map, config.custom_pipelines = dict(AUTO_MAP), dict(CUSTOM_PIPELINES)
        try:
            super().save_pretrained(str(folder), **kwargs)  # an image processor that is pushed splits the path as text
        finally:
            for name, value in before.items():
                # A model without code, saved by itself, must not point to code that is not there.
                delattr(config, name) if value is None else setattr(config, name, value)

    def _sanitize_parameters(
        self,
        whole_image: bool | None = None,
        min_score: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        kwargs.pop("num_workers", None)
        if kwargs:
            raise TypeError(f"unknown arguments for the gender-age pipeline: {', '.join(sorted(kwargs))}")
        given = {"whole_image": whole_image, "min_score": min_score}
        fetching = {} if timeout is None else {"timeout": timeout}
        return fetching, {name: value for name, value in given.items() if value is not None}, {}

    def preprocess(self, input_: Photo, **preprocess_parameters: Any) -> dict:
        """Downloads the photo if it is a URL."""
        return {"photo": _fetched(input_, **preprocess_parameters)}

    def _forward(self, input_tensors: dict, **forward_parameters: Any) -> PhotoPrediction:  # type: ignore[override]
        return self.predictor.predict(input_tensors["photo"], **forward_parameters)

    def postprocess(  # type: ignore[override]
        self, model_outputs: PhotoPrediction, **postprocess_parameters: Any
    ) -> list[dict]:
        """The faces as dicts."""
        return [face.to_dict() for face in model_outputs.faces]


def _fetched(photo: Photo, timeout: float = TIMEOUT_S) -> Photo:
    if isinstance(photo, str) and photo.startswith(("http://", "https://")):
        return fetched_photo(photo, timeout)
    return photo


def _faces_of_each(predictions: Iterable[PhotoPrediction]) -> Iterator[list[dict]]:
    for prediction in predictions:
        if prediction.error is not None:  # a list of faces cannot hold an error
            raise PhotoError(prediction.error)
        yield [face.to_dict() for face in prediction.faces]


__all__ = ["GenderAgePipeline"]
