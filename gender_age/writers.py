"""Predictions as a table of faces, the same everywhere: rows, CSV and Parquet; as JSON; and as text for a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from .photo_names import photo_name

if TYPE_CHECKING:
    import pyarrow

    from .results import FaceEstimate, FacePrediction, PhotoPrediction

COLUMNS = {
    "path": str,
    "photo": str,
    "face": int,
    "x1": int,
    "y1": int,
    "x2": int,
    "y2": int,
    "score": float,
    "gender": str,
    "gender_probability": float,
    "uncertain": bool,
    "age": float,
    "age_low": float,
    "age_high": float,
    "rotation": int,
    "width": int,
    "height": int,
    "error": str,
}
"""Columns of the table of faces, in order, and their types. `face` counts from 1, left to right; boxes, width and
height are in pixels, ages in years, `age_low` to `age_high` is the interval."""

Cell = str | int | float | bool | None
"""None where there is nothing to say."""

Row = tuple[Cell, ...]
"""Values in the order of `COLUMNS`."""

NO_FACE = "no face found"
# A spreadsheet runs a cell that starts with one of these; an apostrophe makes it text (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 40


class Writer(Protocol):
    """Takes one prediction after the other, of a photo or a video."""

    def add(self, prediction: Any) -> None: ...


def face_rows(predictions: Iterable[PhotoPrediction]) -> list[Row]:
    """A row a face; a photo without one, or an unusable one, is a row whose `error` says so."""
    return [row for prediction in predictions for row in _rows(prediction)]


def write_csv(predictions: Iterable[PhotoPrediction], out: TextIO) -> None:
    """The table of faces as CSV, with its header."""
    writer = CsvWriter(out)
    for prediction in predictions:
        writer.add(prediction)


def face_table(predictions: Iterable[PhotoPrediction]) -> pyarrow.Table:
    """The table of faces with typed columns, null where there is nothing to say."""
    return typed_table(face_rows(predictions), COLUMNS)


def typed_table(rows: Sequence[Row], columns: Mapping[str, type]) -> pyarrow.Table:
    """Rows with one cell for each of the columns, which have names and types."""
    # Here, as it takes a quarter of a second that few need to wait for.
    import pyarrow

    types = {str: pyarrow.string(), int: pyarrow.int32(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    return pyarrow.table([[row[index] for row in rows] for index in range(len(columns))], schema=schema)


def parquet_bytes(predictions: Iterable[PhotoPrediction]) -> bytes:
    """The table of faces as a Parquet file."""
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(face_table(predictions), file)
    return file.getvalue()


class CsvWriter:
    """The table of faces as CSV; the header comes at once."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(COLUMNS)

    def add(self, prediction: PhotoPrediction) -> None:
        """Writes the rows of one photo."""
        self._writer.writerows([csv_cell(cell) for cell in row] for row in _rows(prediction))


class JsonWriter:
    """One line a photo, flushed at once."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def add(self, prediction: PhotoPrediction) -> None:
        """Writes one photo."""
        print(json.dumps(prediction.to_dict(), allow_nan=False), file=self.out, flush=True)


class TextWriter:
    """A readable table, a line a face.

    Args:
        out: where it is printed.
        photos: all paths that will come, for the width of the first column.
    """

    def __init__(self, out: TextIO, photos: Sequence[str]) -> None:
        self.out = out
        self.name_width = min(LONGEST_NAME, max(map(len, ["photo", *map(photo_name, photos)])))
        self._print(
            f"{'photo':{self.name_width}}  face  {'box':<23}  score  {'gender':<6}  {'prob.':<6}  {'age':>6}  interval"
        )

    def add(self, prediction: PhotoPrediction) -> None:
        """Prints one photo."""
        if prediction.error is not None or not prediction.faces:
            self.add_line(prediction.photo, prediction.error or NO_FACE)
        for number, face in enumerate(prediction.faces, start=1):
            box = ",".join(map(str, face.box))
            score = "" if face.score is None else f"{face.score:.3f}"
            self.add_line(prediction.photo, f"{number:>4}  {box:<23}  {score:<5}  {estimate_text(face)}")

    def add_line(self, name: str, text: str) -> None:
        """Prints a line that begins with the name of a photo."""
        if len(name) > self.name_width:
            name = name[: self.name_width - 1] + "…"
        self._print(f"{name:{self.name_width}}  {text}")

    def _print(self, line: str) -> None:
        # A terminal of another encoding must not end the run with an error at the first name it lacks a letter for.
        encoding = getattr(self.out, "encoding", None) or "utf-8"
        print(line.encode(encoding, "replace").decode(encoding), file=self.out, flush=True)


def _rows(prediction: PhotoPrediction) -> list[Row]:
    photo: dict[str, Cell] = {
        "path": path_cell(prediction.path),
        "photo": prediction.photo,
        "rotation": None if prediction.error is not None else prediction.rotation,
        "width": prediction.width,
        "height": prediction.height,
    }
    if prediction.error is not None or not prediction.faces:
        return [_row(photo | {"error": prediction.error or NO_FACE})]
    return [_row(photo | _face_cells(number, face)) for number, face in enumerate(prediction.faces, 1)]


def _row(cells: dict[str, Cell]) -> Row:
    return tuple(cells.get(name) for name in COLUMNS)


def _face_cells(number: int, face: FacePrediction) -> dict[str, Cell]:
    x1, y1, x2, y2 = face.box
    return {
        "face": number,
        **{"x1": x1, "y1": y1, "x2": x2, "y2": y2},
        "score": face.score,
        **estimate_cells(face),
    }


def estimate_cells(face: FaceEstimate) -> dict[str, Cell]:
    """The columns from `gender` to `age_high`."""
    low, high = face.age_interval
    return {
        "gender": face.gender,
        "gender_probability": face.gender_probability,
        "uncertain": face.uncertain,
        **{"age": face.age, "age_low": low, "age_high": high},
    }


def path_cell(path: str | None) -> str | None:
    """A path may hold bytes that are no UTF-8, as lone surrogates, which no file of text can take."""
    return path and path.encode("utf-8", "backslashreplace").decode("utf-8")


def csv_cell(cell: Cell) -> Cell:
    """A cell as it stands in a CSV file."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def estimate_text(face: FaceEstimate) -> str:
    """The last columns of `TextWriter`."""
    low, high = face.age_interval
    unsure = "  uncertain" if face.uncertain else ""
    return (
        f"{face.gender:<6}  {face.gender_probability:.4f}  {face.age:6.2f}  "
        f"{low:.0f}-{high:.0f} ({face.age_interval_level:.0%}){unsure}"
    )
