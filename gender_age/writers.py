"""A stream of predictions as a table, as lines of JSON, or as rows of CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from .images import photo_name

if TYPE_CHECKING:
    from .results import FacePrediction, PhotoPrediction

CSV_COLUMNS = (
    "photo",
    "face",
    "x1",
    "y1",
    "x2",
    "y2",
    "score",
    "gender",
    "gender_probability",
    "uncertain",
    "age",
    "age_low",
    "age_high",
    "error",
)
NO_FACE = "no face found"
# A spreadsheet runs a cell that starts with one of these; an apostrophe makes it text (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 40


class JsonReport:
    """One line a photo, flushed at once."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def add(self, prediction: PhotoPrediction) -> None:
        """Writes one photo."""
        print(json.dumps(prediction.to_dict(), allow_nan=False), file=self.out, flush=True)


class TableReport:
    """A readable table, a line a face.

    Args:
        out: where it is printed.
        photos: all paths that will come, for the width of the first column.
    """

    def __init__(self, out: TextIO, photos: Sequence[str]) -> None:
        self.out = out
        self.name_width = min(LONGEST_NAME, max(len("photo"), *(len(photo_name(photo)) for photo in photos)))
        self._print(
            f"{'photo':{self.name_width}}  face  {'box':<23}  score  {'gender':<6}  {'prob.':<6}  {'age':>6}  interval"
        )

    def add(self, prediction: PhotoPrediction) -> None:
        """Prints one photo."""
        name = prediction.photo
        if len(name) > self.name_width:
            name = name[: self.name_width - 1] + "…"
        if prediction.error is not None or not prediction.faces:
            self._print(f"{name:{self.name_width}}  {prediction.error or NO_FACE}")
        for number, face in enumerate(prediction.faces, start=1):
            self._print(f"{name:{self.name_width}}  {number:>4}  {_face_cells(face)}")

    def _print(self, line: str) -> None:
        # A terminal of another encoding must not end the run with an error at the first name it lacks a letter for.
        encoding = getattr(self.out, "encoding", None) or "utf-8"
        print(line.encode(encoding, "replace").decode(encoding), file=self.out, flush=True)


def _face_cells(face: FacePrediction) -> str:
    box = ",".join(map(str, face.box))
    score = "" if face.score is None else f"{face.score:.3f}"
    low, high = face.age_interval
    unsure = "  uncertain" if face.uncertain else ""
    return (
        f"{box:<23}  {score:<5}  {face.gender:<6}  {face.gender_probability:.4f}  {face.age:6.2f}  "
        f"{low:.0f}-{high:.0f} ({face.age_interval_level:.0%}){unsure}"
    )


class CsvReport:
    """A row a face; a photo without one, or an unusable one, is a row that says so."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(CSV_COLUMNS)

    def add(self, prediction: PhotoPrediction) -> None:
        """Writes the rows of one photo."""
        name = f"'{prediction.photo}" if prediction.photo.startswith(FORMULA_STARTS) else prediction.photo
        if prediction.error is not None or not prediction.faces:
            empty = [""] * (len(CSV_COLUMNS) - 2)
            self._writer.writerow([name, *empty, prediction.error or NO_FACE])
        for number, face in enumerate(prediction.faces, start=1):
            score = "" if face.score is None else face.score
            self._writer.writerow(
                [
                    name,
                    number,
                    *face.box,
                    score,
                    face.gender,
                    face.gender_probability,
                    str(face.uncertain).lower(),
                    face.age,
                    *face.age_interval,
                    "",
                ]
            )
