"""Tables as other programs write them."""

import json

import pytest

from trainer.errors import DataError
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
