"""The table of faces as the page shows it and gives it away; tests/gender_age/test_writers.py has the table itself."""

import csv
import io
import json

import pyarrow.parquet
import pytest

from gender_age.results import PhotoPrediction
from gender_age.writers import COLUMNS, parquet_bytes
from page.inputs.photo_files import GivenFile
from page.many.batch import items_of, predict_portion, run
from page.many.table import as_csv, as_json, decade_of, photo_line, table_value
from tests import fakes

FACE = fakes.face(
    box=(5, 10, 25, 40), gender_probability=0.99987, uncertain=True, age=40.4821, age_interval=(30.04, 50.06)
)
PREDICTIONS = [
    fakes.photo(photo="two.jpg", faces=(FACE, FACE)),
    fakes.photo(photo="=cmd|' /C calc'!A0.jpg", rotation=90),
    PhotoPrediction.unusable("notes.jpg", "“notes.jpg” is not a photo."),
]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_entries_of_photos_are_rounded_and_never_without_doubt():
    two = json.loads(photo_line(PREDICTIONS[0], "trip.zip › a", "faces.jpg"))
    assert two | {"faces": None} == {
        "name": "two.jpg",
        "folder": "trip.zip › a",
        "problem": "",
        "usable": True,
        "strip": "faces.jpg",
        "faces": None,
    }
    assert two["faces"][0] == two["faces"][1]
    assert two["faces"][0] == {
        "age": 40.5,
        "years": "40",
        "interval": "30–50",
        "decade": 40,
        "gender": "female",
        "probability": 1.0,
        "percent": "over 99%",
        "uncertain": True,
    }


def test_entries_of_photos_without_faces_say_why():
    empty, unusable = (json.loads(photo_line(prediction, "", None)) for prediction in PREDICTIONS[1:])
    assert (empty["problem"], empty["usable"], empty["faces"]) == ("No face found", True, [])
    assert (unusable["problem"], unusable["usable"]) == ("“notes.jpg” is not a photo.", False)


def test_a_photo_of_an_archive_is_named_within_its_folder():
    inside = fakes.photo(photo="a/1.jpg", path="a/1.jpg")
    assert json.loads(photo_line(inside, "trip.zip › a", None))["name"] == "1.jpg"


@pytest.mark.parametrize(("age", "decade"), [(0.0, 0), (9.4, 0), (39.6, 40), (99.9, 90), (100.0, 90)])
def test_the_decade_is_that_of_the_age_as_it_is_shown(age, decade):
    assert decade_of(age) == decade


def test_every_photo_is_one_line():
    name = "a\u2028\n.jpg"
    assert len(photo_line(fakes.photo(photo=name), name, None).split("\n")) == 2
    assert table_value() == {"lines": "", "files": []}
    value = table_value("{}\n", "folder/faces.jpg")
    assert (value["lines"], [file["path"] for file in value["files"]]) == ("{}\n", ["folder/faces.jpg"])


def test_csv_has_the_mark_by_which_excel_knows_its_encoding():
    data = as_csv(PREDICTIONS)
    assert data.startswith("\ufeff".encode())
    header, first, _, formula, last = read_csv(data)
    assert header == list(COLUMNS)
    assert ",".join(first) == ",two.jpg,1,5,10,25,40,0.99,female,0.99987,true,40.4821,30.04,50.06,0,200,100,"
    assert formula[1] == "'=cmd|' /C calc'!A0.jpg"
    assert (last[1], last[-1]) == ("notes.jpg", "“notes.jpg” is not a photo.")


def test_json():
    assert json.loads(as_json(PREDICTIONS)) == [prediction.to_dict() for prediction in PREDICTIONS]


def test_the_path_inside_an_archive_is_in_the_table_and_not_in_the_json():
    inside = fakes.photo(photo="a/1.jpg", path="a/1.jpg", faces=(FACE,))
    assert read_csv(as_csv([inside]))[1][:2] == ["a/1.jpg", "a/1.jpg"]
    assert json.loads(as_json([inside])) == [fakes.photo(photo="a/1.jpg", faces=(FACE,)).to_dict()]


def test_downloads_of_nothing():
    assert read_csv(as_csv([])) == [list(COLUMNS)]
    assert json.loads(as_json([])) == []


@pytest.mark.parametrize("name", ["photo.png", "notes.jpg"])
def test_no_download_holds_a_path_of_the_server(tmp_path, name):
    """The predictor says where a photo was, and what the page gives away must not."""
    fakes.noise((60, 50)).save(tmp_path / "photo.png")
    (tmp_path / "notes.jpg").write_text("Dear all")
    predictor = fakes.FakePredictor(fakes.unless_white(FACE))
    asked = []

    def predict(paths):
        asked.extend(predict_portion(predictor, paths))
        return asked

    (answers,) = run(items_of([GivenFile(name, str(tmp_path / name))]), predict)
    predictions = [answer.prediction for answer in answers]
    assert [answer.prediction.path for answer in asked] == [str(tmp_path / name)], (
        "the fake does not do as the predictor does"
    )
    table, photos, columns = as_csv(predictions), as_json(predictions), parquet_bytes(predictions)
    assert [row[0] for row in read_csv(table)[1:]] == [""]
    assert "path" not in json.loads(photos)[0]
    assert pyarrow.parquet.read_table(io.BytesIO(columns)).column("path").to_pylist() == [None]
    assert str(tmp_path).encode() not in table + photos + columns
