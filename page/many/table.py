"""The table of faces on the page, and its downloads."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

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
"""Of the table of faces, what the page shows; the downloads have all columns."""


def shown_rows(predictions: Iterable[PhotoPrediction]) -> list[list[str | int | float]]:
    """The rows as the page shows them: rounded, "yes" or "no", and nothing where there is nothing to say."""
    places = [list(COLUMNS).index(column) for column in SHOWN_COLUMNS]
    return [
        [_shown(column, row[place]) for column, place in zip(SHOWN_COLUMNS, places, strict=True)]
        for row in face_rows(predictions)
    ]


def as_csv(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The table of faces as CSV."""
    file = io.StringIO(newline="")
    write_csv(predictions, file)
    # With a byte-order mark: without it Excel takes the names for another encoding.
    return file.getvalue().encode("utf-8-sig")


def as_json(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The list of the JSON of every photo, as `/predict_batch` answers it."""
    photos = [prediction.to_dict() for prediction in predictions]
    return (json.dumps(photos, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def _shown(column: str, cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if column == "gender_probability":
        # Never 1: some doubt always remains.
        return min(round(float(cell), 3), 0.999)
    return round(cell, 1) if isinstance(cell, float) else cell
