"""Tables as other programs write them."""

import io
import json

import pyarrow
import pyarrow.parquet
import pytest

from tests.trainer.drawn_sources import drawing, write_folder
from trainer.errors import DataError
from trainer.sources.opening import open_source
from trainer.sources.tables import read_table

ROWS = [{"file_name": "a.png", "age": 3}, {"file_name": "b.png", "age": 4}]


@pytest.mark.parametrize(
    "form",
    [
        ROWS,
        {"photos": ROWS},
        {"a.png": {"age": 3}, "b.png": {"age": 4}},
        {"file_name": ["a.png", "b.png"], "age": [3, 4]},
        {"file_name": {"0": "a.png", "1": "b.png"}, "age": {"0": 3, "1": 4}},
    ],
)
def test_forms_of_json(form):
    assert read_table("x.json", json.dumps(form).encode()) == ROWS


@pytest.mark.parametrize("form", [{}, 3, [1, 2], {"a": 1}, {"a": [1], "b": [1, 2]}])
def test_json_that_is_no_table(form):
    with pytest.raises(DataError, match="no list of objects"):
        read_table("x.json", json.dumps(form).encode())


def test_a_broken_line_of_json_is_an_empty_row():
    lines = b'{"file_name": "a.png", "age": 3}\n{"file_name": \n[1]\n\n{"file_name": "b.png", "age": 4}\n'
    assert read_table("x.jsonl", lines) == [ROWS[0], {}, {}, ROWS[1]]
    with pytest.raises(DataError, match="no line of it is an object"):
        read_table("x.jsonl", b"file_name,age\n1.png,3\n")


def test_a_first_line_may_name_the_separator():
    assert read_table("x.csv", b"sep=;\r\nfile_name;age\r\na, b.png;3\r\n") == [{"file_name": "a, b.png", "age": "3"}]


def parquet_of(names):
    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table([["a.png"], [3], [40]], names=names), data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", b"file_name, age,age\na.png,3,40\n"),
        ("x.tsv", b"file_name\tage\tage\na.png\t3\t40\n"),
        ("x.parquet", parquet_of(["file_name", "age", "age"])),
    ],
)
def test_two_columns_of_one_name_are_refused(name, data):
    with pytest.raises(DataError, match=f"{name} has several columns 'age': rename or remove all but one"):
        read_table(name, data)


def test_columns_without_names_may_be_several():
    assert read_table("x.csv", b"file_name,age,,\na.png,3,,\n") == [{"file_name": "a.png", "age": "3", "": ""}]


def test_only_a_table_that_names_photos_needs_columns_of_different_names(tmp_path):
    files = {"1.png": drawing(1), "labels.csv": b"file_name,age\n1.png,3\n", "other.csv": b"x,x\n1,2\n"}
    assert len(open_source(write_folder(tmp_path / "source", files, prefix="")).records) == 1
    (tmp_path / "source" / "labels.csv").write_bytes(b"file_name,age,age\n1.png,3,40\n")
    with pytest.raises(DataError, match="labels.csv has several columns 'age'"):
        open_source(tmp_path / "source")
