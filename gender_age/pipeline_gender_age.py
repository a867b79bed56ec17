"""The pipeline for users of the Hub: `pipeline(model=repo, trust_remote_code=True)(photo)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import GeneratorType
from typing import Any, cast

from torch.utils.data import Dataset
from transformers import Pipeline
from transformers.image_utils import load_image

from .detection import FaceDetector
from .errors import PhotoError
from .images import Photo
from .prediction import BATCH_SIZE, GenderAgePredictor
from .results import PhotoPrediction


class GenderAgePipeline(Pipeline):
    """Task "gender-age": a photo -> a list of its faces, each a dict; several photos -> a list of such lists.

    A photo is a path, an `http(s)` address, a PIL image or an RGB array. Answers are those of `GenderAgePredictor`.

    Args:
        detector: finds the faces; by default MTCNN on the pipeline's device.
        kwargs: those of `transformers.Pipeline`; `whole_image=True` takes every picture as one face already cropped.
    """

    # transformers annotates these flags as None.
    _load_image_processor = True  # type: ignore[assignment]
    _load_processor = _load_video_processor = _load_feature_extractor = _load_tokenizer = False  # type: ignore[assignment]

    def __init__(self, *args: Any, detector: FaceDetector | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.image_processor is None:
            raise ValueError("the gender-age pipeline needs an image processor")
        self.predictor = GenderAgePredictor(self.model, self.image_processor, detector)

    # The methods below narrow the parent's signatures, as every pipeline of transformers does.
    def __call__(  # type: ignore[override]
        self,
        inputs: Photo | Iterable[Photo],
        *,
        whole_image: bool | None = None,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> list[dict] | list[list[dict]] | Iterator[list[dict]]:
        """
        Args:
            inputs: a photo; or a list or tuple of photos; or a generator or dataset of photos, answered as a stream.
            whole_image: each picture is one face, already cropped.
            batch_size: faces, across photos, that the model sees at once.

        Raises:
            PhotoError: a photo cannot be used.
        """
        # Not through Pipeline's own loop: it batches photos, whose numbers of faces differ, and would pad them.
        params = self._forward_params | self._sanitize_parameters(whole_image=whole_image, **kwargs)[1]
        if isinstance(inputs, (list, tuple, GeneratorType, Dataset)):
            photos = map(_fetched, cast(Iterable[Photo], inputs))
            stream = _faces_of_each(
                self.predictor.iter_predict(photos, batch_size=batch_size or self._batch_size or BATCH_SIZE, **params)
            )
            return list(stream) if isinstance(inputs, (list, tuple)) else stream
        return self.run_single(inputs, {}, params, {})

    def _sanitize_parameters(self, whole_image: bool | None = None, **kwargs: Any) -> tuple[dict, dict, dict]:
        kwargs.pop("num_workers", None)
        if kwargs:
            raise TypeError(f"unknown arguments for the gender-age pipeline: {', '.join(sorted(kwargs))}")
        return {}, {} if whole_image is None else {"whole_image": whole_image}, {}

    def preprocess(self, input_: Photo, **preprocess_parameters: Any) -> dict:
        """Fetches the photo where it is an address."""
        return {"photo": _fetched(input_)}

    def _forward(self, input_tensors: dict, **forward_parameters: Any) -> PhotoPrediction:  # type: ignore[override]
        return self.predictor.predict(input_tensors["photo"], **forward_parameters)

    def postprocess(  # type: ignore[override]
        self, model_outputs: PhotoPrediction, **postprocess_parameters: Any
    ) -> list[dict]:
        """The faces as dicts."""
        return [face.to_dict() for face in model_outputs.faces]


def _fetched(photo: Photo) -> Photo:
    return load_image(photo) if isinstance(photo, str) and photo.startswith(("http://", "https://")) else photo


def _faces_of_each(predictions: Iterable[PhotoPrediction]) -> Iterator[list[dict]]:
    for prediction in predictions:
        if prediction.error is not None:  # a list of faces has no place for it
            raise PhotoError(prediction.error)
        yield [face.to_dict() for face in prediction.faces]


__all__ = ["GenderAgePipeline"]
