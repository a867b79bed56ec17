"""The table of faces on the page, and its downloads."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace

from gender_age.results import PhotoPrediction
from gender_age.writers import COLUMNS, Cell, face_rows, write_csv

SHOWN_COLUMNS = (
    "photo",
    "face",
    "age",
    "age_low",
    "age_high",
    "gender",
    "gender_probability",
    "uncertain",
    "x1",
    "y1",
    "x2",
    "y2",
    "error",
)
"""Columns that the page shows; the downloads have all."""


def shown_rows(predictions: Iterable[PhotoPrediction]) -> list[list[str | int | float]]:
    """The rows for the page: numbers rounded, booleans as "yes" or "no", None as an empty cell."""
    places = [list(COLUMNS).index(column) for column in SHOWN_COLUMNS]
    return [
        [_shown(column, row[place]) for column, place in zip(SHOWN_COLUMNS, places, strict=True)]
        for row in face_rows(predictions)
    ]


def as_csv(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The table of faces as CSV."""
    file = io.StringIO(newline="")
    write_csv(predictions, file)
    # With a byte-order mark, without which Excel assumes another encoding.
    return file.getvalue().encode("utf-8-sig")


def as_json(predictions: Iterable[PhotoPrediction]) -> bytes:
    """A list with the JSON of every photo, as `/predict_batch` returns it."""
    photos = [photo_json(prediction) for prediction in predictions]
    return (json.dumps(photos, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def photo_json(prediction: PhotoPrediction) -> dict[str, object]:
    """The JSON of a photo without `path`, which is for the command line and the library only."""
    return replace(prediction, path=None).to_dict()


def _shown(column: str, cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if column == "gender_probability":
        # Never 1, as some doubt remains.
        return min(round(float(cell), 3), 0.999)
    return round(cell, 1) if isinstance(cell, float) else cell
