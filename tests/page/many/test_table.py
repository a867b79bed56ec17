"""Rows of predictions and their CSV, JSON and Parquet files."""

import csv
import io
import json

import pyarrow.parquet
import pytest

from gender_age.results import FacePrediction, PhotoPrediction
from page.many.table import COLUMNS, as_csv, as_json, as_parquet, rows, shown_rows

FACE = FacePrediction((5, 10, 25, 40), 0.98, "female", 0.99987, True, 40.4821, (30.04, 50.06), 0.8, None)
PREDICTIONS = [
    PhotoPrediction("two.jpg", 60, 50, 0, (FACE, FACE)),
    PhotoPrediction("=cmd|' /C calc'!A0.jpg", 60, 50, 90, ()),
    PhotoPrediction("notes.jpg", None, None, 0, (), "“notes.jpg” is not a photo."),
]
ROWS = [
    ("two.jpg", 1, 40.4821, 30.04, 50.06, "female", 0.99987, True, 5, 10, 25, 40, None),
    ("two.jpg", 2, 40.4821, 30.04, 50.06, "female", 0.99987, True, 5, 10, 25, 40, None),
    ("=cmd|' /C calc'!A0.jpg", *[None] * 11, "no face found"),
    ("notes.jpg", *[None] * 11, "“notes.jpg” is not a photo."),
]


def test_rows():
    assert rows([]) == []
    assert rows(PREDICTIONS) == ROWS


def test_shown_rows_are_rounded_and_never_without_doubt():
    assert shown_rows(rows([])) == []
    first, *_, last = shown_rows(ROWS)
    assert first == ["two.jpg", 1, 40.5, 30.0, 50.1, "female", 0.999, "yes", 5, 10, 25, 40, ""]
    assert last == ["notes.jpg", *[""] * 11, "“notes.jpg” is not a photo."]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv():
    header, first, _, formula, last = read_csv(as_csv(ROWS))
    assert header == list(COLUMNS)
    assert ",".join(first) == "two.jpg,1,40.4821,30.04,50.06,female,0.99987,true,5,10,25,40,"
    assert formula[0] == "'=cmd|' /C calc'!A0.jpg"
    assert last == ["notes.jpg", *[""] * 11, "“notes.jpg” is not a photo."]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start):
    text = start + "1+1"
    _, cells = read_csv(as_csv(rows([PhotoPrediction(text, None, None, 0, (), text)])))
    assert (cells[0], cells[-1]) == ("'" + text, "'" + text)


def test_json():
    assert json.loads(as_json(PREDICTIONS)) == [prediction.to_dict() for prediction in PREDICTIONS]


def test_parquet():
    found = pyarrow.parquet.read_table(io.BytesIO(as_parquet(ROWS)))
    assert found.column_names == list(COLUMNS)
    assert [tuple(row.values()) for row in found.to_pylist()] == ROWS
    assert str(found.schema.field("age").type) == "double"
    assert str(found.schema.field("uncertain").type) == "bool"


def test_files_of_nothing():
    assert read_csv(as_csv([])) == [list(COLUMNS)]
    assert json.loads(as_json([])) == []
    assert pyarrow.parquet.read_table(io.BytesIO(as_parquet([]))).schema.names == list(COLUMNS)
