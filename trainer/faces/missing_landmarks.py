"""Finds the landmarks of datasets that come without: once, by the function that `prepare` uses."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path

from datasets import Dataset, Image, config
from PIL import Image as PILImage
from tqdm.auto import tqdm

from gender_age.detection import FaceDetector
from gender_age.errors import PhotoError

from ..errors import DataError
from ..files import write_whole_text
from ..preparation.landmarks import BATCH, BATCH_PIXELS, Points, photo_face, rounded
from ..preparation.parquet import FEATURES
from ..preparation.photos import decode
from .aligned_faces import images_digest

logger = logging.getLogger(__name__)

VERSION = 1
"""Part of the cache's name; incremented when the detector finds other landmarks."""


def with_landmarks(dataset: Dataset, where: str) -> Dataset:
    """The rows with the landmarks of each image's main face, in place of a column of nulls.

    They are cached by the images' content. Images without a face stay without landmarks.

    Args:
        dataset: with the columns of a prepared one.
        where: for messages.

    Raises:
        DataError: an image cannot be read.
    """
    path = Path(config.HF_DATASETS_CACHE) / f"gender-age-landmarks-{VERSION}-{images_digest(dataset)[:32]}.json"
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
    else:
        found = list(_search(dataset, where))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole_text(path, json.dumps(found))
    missing = sum(points is None for points in found)
    logger.warning("%s has no landmarks: they were detected; %d of %d images show no face", where, missing, len(found))
    rows = dataset.remove_columns("landmarks").add_column("landmarks", found, feature=FEATURES["landmarks"])
    return rows.select_columns(dataset.column_names)


def _search(dataset: Dataset, where: str) -> Iterator[Points | None]:
    detector = FaceDetector()
    images = _images(dataset, where)
    with tqdm(total=len(dataset), desc=f"landmarks of {where}", unit="image") as bar:
        for (width, height), several in groupby(images, key=lambda image: image.size):
            at_once = max(1, min(BATCH, BATCH_PIXELS // (width * height)))
            while batch := list(islice(several, at_once)):
                for image, faces in zip(batch, detector.detect_batch(batch), strict=True):
                    yield rounded(photo_face(image, faces, detector))
                bar.update(len(batch))


def _images(dataset: Dataset, where: str) -> Iterator[PILImage.Image]:
    rows = dataset.select_columns("image").cast_column("image", Image(decode=False))
    for batch in rows.iter(BATCH):
        for image in batch["image"]:
            try:
                yield decode(image["bytes"])
            except (PhotoError, TypeError) as error:
                raise DataError(
                    f"{where} holds an image that cannot be read; `python -m trainer prepare` leaves such images out"
                ) from error
