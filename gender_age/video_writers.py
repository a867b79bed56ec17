"""Videos as tables, the same everywhere: a row a person, a row a face in a frame; and as text for a terminal."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from .counted import counted
from .results import PhotoPrediction
from .video_results import VideoPrediction
from .writers import NO_FACE, Cell, Row, TextWriter, csv_cell, estimate_cells, estimate_text, path_cell, typed_table

if TYPE_CHECKING:
    import pyarrow

PEOPLE_COLUMNS = {
    "path": str,
    "person": int,
    "first": float,
    "last": float,
    "frames": int,
    "gender": str,
    "gender_probability": float,
    "uncertain": bool,
    "age": float,
    "age_low": float,
    "age_high": float,
    "error": str,
}
"""Columns of the table of people, in order, and their types. `person` counts from 1, by appearance; `first` and `last`
are in seconds, `frames` are the sampled ones."""

FRAME_COLUMNS = (
    ("path", "time", "person", "x1", "y1", "x2", "y2", "score")
    + ("gender", "gender_probability", "uncertain", "age", "age_low", "age_high")
)  # fmt: skip
"""Columns of the table of frames: what each sampled frame alone says of a person."""


def people_rows(prediction: VideoPrediction) -> list[Row]:
    """A row a person; a video without one, or an unusable one, is a row whose `error` says so.

    The `error` of a video that could be read in part stands in the row of each of its people.
    """
    path, error = path_cell(prediction.path or prediction.video), prediction.error
    if not prediction.people:
        return [_row({"path": path, "error": error or NO_FACE}, PEOPLE_COLUMNS)]
    return [
        _row(
            {
                "path": path,
                "person": number,
                **{"first": person.first, "last": person.last, "frames": person.frames},
                **estimate_cells(person),
                "error": error,
            },
            PEOPLE_COLUMNS,
        )
        for number, person in enumerate(prediction.people, 1)
    ]


def frame_rows(prediction: VideoPrediction) -> list[Row]:
    """A row for each frame that a person was seen in, by time."""
    seen = [(face, number) for number, person in enumerate(prediction.people, 1) for face in person.seen]
    rows = []
    for face, number in sorted(seen, key=lambda pair: (pair[0].time, pair[1])):
        x1, y1, x2, y2 = face.box
        cells: dict[str, Cell] = {
            "path": path_cell(prediction.path or prediction.video),
            **{"time": face.time, "person": number},
            **{"x1": x1, "y1": y1, "x2": x2, "y2": y2},
            "score": face.score,
            **estimate_cells(face),
        }
        rows.append(_row(cells, FRAME_COLUMNS))
    return rows


def people_table(predictions: Iterable[VideoPrediction]) -> pyarrow.Table:
    """The table of people with typed columns, null where there is nothing to say."""
    return typed_table([row for prediction in predictions for row in people_rows(prediction)], PEOPLE_COLUMNS)


def people_csv(predictions: Iterable[VideoPrediction], out: TextIO) -> None:
    """The table of people as CSV, with its header."""
    writer = PeopleCsvWriter(out)
    for prediction in predictions:
        writer.add(prediction)


class PeopleCsvWriter:
    """The table of people as CSV; the header comes at once."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(PEOPLE_COLUMNS)

    def add(self, prediction: VideoPrediction) -> None:
        """Writes the people of one video."""
        self._writer.writerows(_csv(people_rows(prediction)))


class FrameCsvWriter:
    """The table of frames as CSV; the header comes at once. Photos have none."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(FRAME_COLUMNS)

    def add(self, prediction: PhotoPrediction | VideoPrediction) -> None:
        """Writes the frames of one video."""
        if isinstance(prediction, VideoPrediction):
            self._writer.writerows(_csv(frame_rows(prediction)))


class MixedTextWriter(TextWriter):
    """The readable table, a line a face or a person, with a person's seconds and frames in place of a box."""

    def add(self, prediction: PhotoPrediction | VideoPrediction) -> None:
        """Prints one photo or video."""
        if not isinstance(prediction, VideoPrediction):
            super().add(prediction)
            return
        if prediction.error is not None or not prediction.people:
            self.add_line(prediction.video, prediction.error or NO_FACE)
        for number, person in enumerate(prediction.people, 1):
            when = f"{person.first:.1f}-{person.last:.1f} s, {counted(person.frames, 'frame')}"
            self.add_line(prediction.video, f"{number:>4}  {when:<23}  {'':<5}  {estimate_text(person)}")


def _row(cells: dict[str, Cell], columns: Iterable[str]) -> Row:
    return tuple(cells.get(name) for name in columns)


def _csv(rows: Iterable[Row]) -> Iterator[list[Cell]]:
    return ([csv_cell(cell) for cell in row] for row in rows)


__all__ = ["FRAME_COLUMNS", "PEOPLE_COLUMNS", "FrameCsvWriter", "MixedTextWriter", "PeopleCsvWriter"]
__all__ += ["frame_rows", "people_csv", "people_rows", "people_table"]
