"""Predictions as rows, a row a face, and as CSV, JSON and Parquet files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.writers import FORMULA_STARTS, NO_FACE

COLUMNS = (
    "photo",
    "face",
    "age",
    "age_low",
    "age_high",
    "gender",
    "probability",
    "uncertain",
    "x1",
    "y1",
    "x2",
    "y2",
    "error",
)
"""`face` counts from 1, left to right; ages in years, `age_low` to `age_high` is the interval; boxes in pixels."""

Row = tuple[str | int | float | bool | None, ...]
"""Values in the order of `COLUMNS`; None where there is nothing to say."""


def rows(predictions: Iterable[PhotoPrediction]) -> list[Row]:
    """A row a face; a photo without one, or an unusable one, is a row whose `error` says so."""
    table: list[Row] = []
    for prediction in predictions:
        if prediction.error is not None or not prediction.faces:
            nothing = (None,) * (len(COLUMNS) - 2)
            table.append((prediction.photo, *nothing, prediction.error or NO_FACE))
        table += [_face_row(prediction.photo, number, face) for number, face in enumerate(prediction.faces, 1)]
    return table


def shown_rows(table: Sequence[Row]) -> list[list[str | int | float]]:
    """The rows as the page shows them: rounded, "yes" or "no", and nothing where there is nothing to say."""
    return [[_shown(column, value) for column, value in zip(COLUMNS, row, strict=True)] for row in table]


def as_csv(table: Sequence[Row]) -> bytes:
    """Text that a spreadsheet would run as a formula is made harmless; see OWASP, "CSV Injection"."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([_csv_cell(value) for value in row] for row in table)
    # With a byte-order mark: without it Excel takes the names for another encoding.
    return file.getvalue().encode("utf-8-sig")


def as_json(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The list of the JSON of every photo, as `/predict_batch` answers it."""
    photos = [prediction.to_dict() for prediction in predictions]
    return (json.dumps(photos, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def as_parquet(table: Sequence[Row]) -> bytes:
    """Typed columns, null where there is nothing to say."""
    # Here, as it takes a quarter of a second that the start of the page need not wait for.
    import pyarrow
    import pyarrow.parquet

    text, whole, real = pyarrow.string(), pyarrow.int32(), pyarrow.float64()
    types = {"photo": text, "gender": text, "error": text, "face": whole, "uncertain": pyarrow.bool_()}
    types |= dict.fromkeys(("x1", "y1", "x2", "y2"), whole)
    schema = pyarrow.schema([(column, types.get(column, real)) for column in COLUMNS])
    columns = [[row[index] for row in table] for index in range(len(COLUMNS))]
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), file)
    return file.getvalue()


def _face_row(photo: str, number: int, face: FacePrediction) -> Row:
    return (
        photo,
        number,
        face.age,
        *face.age_interval,
        face.gender,
        face.gender_probability,
        face.uncertain,
        *face.box,
        None,
    )


def _shown(column: str, value: str | int | float | bool | None) -> str | int | float:
    if value is None:
        return ""
    if column == "uncertain":
        return "yes" if value else "no"
    if column == "probability":
        # Never 1: some doubt always remains.
        return min(round(value, 3), 0.999)
    return round(value, 1) if isinstance(value, float) else value


def _csv_cell(value: str | int | float | bool | None) -> str | int | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
