"""Predictions as a table of faces: its rows, CSV and Parquet; as lines of JSON; and as text."""

import csv
import io
import json
import sys

import pyarrow.json
import pyarrow.parquet
import pytest

from gender_age.results import PhotoPrediction
from gender_age.writers import (
    COLUMNS,
    LONGEST_NAME,
    CsvWriter,
    JsonWriter,
    TextWriter,
    face_rows,
    parquet_bytes,
    write_csv,
)
from tests import fakes

NAMES = [
    "path", "photo", "face", "x1", "y1", "x2", "y2", "score", "gender", "gender_probability", "uncertain", "age",
    "age_low", "age_high", "rotation", "width", "height", "error",
]  # fmt: skip
PATH = "trip/two.jpg"
FACE = fakes.face(
    box=(5, 10, 25, 40),
    score=0.98,
    gender_probability=0.99987,
    uncertain=True,
    age=40.4821,
    age_interval=(30.04, 50.06),
)
WHOLE = fakes.face(box=(0, 0, 60, 50), score=None, gender="male")
PREDICTIONS = [
    fakes.photo(photo="two.jpg", path=PATH, width=60, height=50, faces=(FACE, WHOLE)),
    fakes.photo(photo="=cmd|' /C calc'!A0.jpg", width=50, height=60, rotation=90),
    PhotoPrediction.unusable("notes.jpg", "“notes.jpg” is not a photo.", path="notes.jpg"),
]
ROWS = [
    (PATH, "two.jpg", 1, 5, 10, 25, 40, 0.98, "female", 0.99987, True, 40.4821, 30.04, 50.06, 0, 60, 50, None),
    (PATH, "two.jpg", 2, 0, 0, 60, 50, None, "male", 0.9, False, 40.0, 30.0, 50.0, 0, 60, 50, None),
    (None, "=cmd|' /C calc'!A0.jpg", *[None] * 12, 90, 50, 60, "no face found"),
    ("notes.jpg", "notes.jpg", *[None] * 15, "“notes.jpg” is not a photo."),
]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_rows(predictions) -> list[list[str]]:
    out = io.StringIO(newline="")
    write_csv(predictions, out)
    return list(csv.reader(io.StringIO(out.getvalue(), newline="")))


def lines_of(writer, predictions) -> list[str]:
    for prediction in predictions:
        writer.add(prediction)
    return writer.out.getvalue().splitlines()


def test_columns_in_order():
    assert list(COLUMNS) == NAMES


@pytest.mark.parametrize(("predictions", "rows"), [([], []), (PREDICTIONS, ROWS)], ids=["none", "all kinds"])
def test_a_row_a_face_and_one_for_a_photo_without(predictions, rows):
    assert face_rows(predictions) == rows
    assert face_rows(iter(predictions)) == rows


def test_a_cell_has_the_type_of_its_column():
    for row in face_rows(PREDICTIONS):
        for cell, kind in zip(row, COLUMNS.values(), strict=True):
            assert cell is None or type(cell) is kind


def test_an_error_that_comes_with_faces_is_one_row_of_nulls():
    (row,) = face_rows([fakes.photo(faces=(FACE,), error="It went wrong.", rotation=90)])
    assert row == (None, "image", *[None] * 13, 200, 100, "It went wrong.")


def test_csv():
    header, first, second, formula, unusable = csv_rows(PREDICTIONS)
    assert header == NAMES
    assert ",".join(first) == (
        "trip/two.jpg,two.jpg,1,5,10,25,40,0.98,female,0.99987,true,40.4821,30.04,50.06,0,60,50,"
    )
    assert ",".join(second) == "trip/two.jpg,two.jpg,2,0,0,60,50,,male,0.9,false,40.0,30.0,50.0,0,60,50,"
    assert formula == ["", "'=cmd|' /C calc'!A0.jpg", *[""] * 12, "90", "50", "60", "no face found"]
    assert unusable == ["notes.jpg", "notes.jpg", *[""] * 15, "“notes.jpg” is not a photo."]


def test_the_header_of_a_csv_comes_before_any_photo_and_rows_come_with_theirs():
    out = io.StringIO(newline="")
    writer = CsvWriter(out)
    assert out.getvalue() == ",".join(NAMES) + "\r\n"
    for number, prediction in enumerate(PREDICTIONS):
        writer.add(prediction)
        assert out.getvalue().count("\r\n") == (3, 4, 5)[number]


@pytest.mark.parametrize("start", FORMULAS)
@pytest.mark.parametrize("has_face", [False, True])
def test_no_cell_is_a_formula(start, has_face):
    text = start + "1+1"
    prediction = fakes.photo(photo=text, path=text, **({"faces": (FACE,)} if has_face else {"error": text}))
    _, cells = csv_rows([prediction])
    row = dict(zip(NAMES, cells, strict=True))
    assert (row["path"], row["photo"]) == ("'" + text, "'" + text)
    assert row["error"] == ("" if has_face else "'" + text)
    assert not [cell for cell in cells if cell.startswith(FORMULAS)]


def test_a_negative_number_is_no_formula():
    _, cells = csv_rows([fakes.photo(faces=(fakes.face(age_interval=(-1.5, 3.0)),))])
    assert cells[NAMES.index("age_low")] == "-1.5"


def test_json_is_a_line_a_photo_with_the_path_as_it_was_given():
    lines = lines_of(JsonWriter(io.StringIO()), PREDICTIONS)
    values = [json.loads(line) for line in lines]
    assert values == [prediction.to_dict() for prediction in PREDICTIONS]
    assert [value.get("path", "none") for value in values] == [PATH, "none", "notes.jpg"]
    with pytest.raises(ValueError, match="JSON"):
        JsonWriter(io.StringIO()).add(fakes.photo(faces=(fakes.face(age=float("nan")),)))


def test_text_is_a_line_a_face():
    header, first, second, empty, unusable = lines_of(TextWriter(io.StringIO(), [PATH, "x" * 60]), PREDICTIONS)
    assert header.split() == ["photo", "face", "box", "score", "gender", "prob.", "age", "interval"]
    assert first.split() == (
        ["two.jpg", "1", "5,10,25,40", "0.980", "female", "0.9999", "40.48", "30-50", "(80%)", "uncertain"]
    )
    assert second.split() == ["two.jpg", "2", "0,0,60,50", "male", "0.9000", "40.00", "30-50", "(80%)"]
    assert first.index("5,10,25,40") == second.index("0,0,60,50") == header.index("box")
    assert empty.endswith("no face found")
    assert unusable.endswith("“notes.jpg” is not a photo.")
    assert header.index("face") == LONGEST_NAME + 2


def test_a_long_name_is_cut_in_text():
    (_, line) = lines_of(TextWriter(io.StringIO(), ["x" * 60]), [fakes.photo(photo="x" * 60)])
    assert line == "x" * (LONGEST_NAME - 1) + "…  no face found"


def test_parquet():
    found = pyarrow.parquet.read_table(io.BytesIO(parquet_bytes(PREDICTIONS)))
    assert found.column_names == NAMES
    assert [tuple(row.values()) for row in found.to_pylist()] == ROWS


@pytest.mark.parametrize("predictions", [[], PREDICTIONS], ids=["none", "all kinds"])
def test_parquet_has_the_same_types_whatever_it_holds(predictions):
    schema = pyarrow.parquet.read_table(io.BytesIO(parquet_bytes(predictions))).schema
    kinds = {str: "string", int: "int32", float: "double", bool: "bool"}
    assert {field.name: str(field.type) for field in schema} == {name: kinds[kind] for name, kind in COLUMNS.items()}
    assert all(field.nullable for field in schema)


def test_files_of_nothing():
    assert csv_rows([]) == [NAMES]
    assert pyarrow.parquet.read_table(io.BytesIO(parquet_bytes([]))).num_rows == 0


def test_a_path_that_is_no_utf8_is_written_with_its_bytes_escaped(tmp_path):
    prediction = PhotoPrediction.unusable("a?.jpg", "It is empty.", path="a\udcff.jpg")
    with open(tmp_path / "faces.csv", "w", newline="", encoding="utf-8") as file:
        write_csv([prediction], file)
    with open(tmp_path / "faces.csv", newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["path"] == "a\\udcff.jpg"
    assert pyarrow.parquet.read_table(io.BytesIO(parquet_bytes([prediction])))["path"].to_pylist() == ["a\\udcff.jpg"]


def test_in_json_a_path_that_is_no_utf8_gives_its_bytes_again():
    """docs/api.md says so, and of pyarrow too, which is stricter than JSON."""
    out, name = io.StringIO(), b"caf\xe9.jpg"
    path = name.decode("utf-8", "surrogateescape")
    JsonWriter(out).add(PhotoPrediction.unusable("caf?.jpg", "It is empty.", path=path))
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue())["path"].encode("utf-8", "surrogateescape") == name
    with pytest.raises(pyarrow.ArrowInvalid, match="surrogate"):
        pyarrow.json.read_json(io.BytesIO(out.getvalue().encode()))


def test_a_table_of_no_photos_is_its_header(capsys):
    TextWriter(sys.stdout, [])
    assert capsys.readouterr().out.startswith("photo")
