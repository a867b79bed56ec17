"""Rows to measure on, by source, whatever the columns `source` and `race` are."""

import io

import pytest
from datasets import ClassLabel, Dataset, Features, Value
from PIL import Image

from trainer.evaluation.samples import _race_names
from trainer.evaluation.sources import load_sources
from trainer.faces.column_mapping import ColumnMapping
from trainer.faces.loading import load_rows, sources_of
from trainer.preparation.parquet import FEATURES


def drawn(shade: int) -> dict:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 90, 80)).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": "a.png"}


@pytest.fixture
def write(tmp_path):
    """Writes a dataset of three faces, with some of its columns of another kind."""

    def write_dataset(name, *, kinds=None, without=(), **columns):
        rows = {
            "image": [drawn(shade) for shade in range(3)],
            "age_min": [30] * 3,
            "age_max": [30] * 3,
            "gender": ["female"] * 3,
            "race": [None] * 3,
            "source": ["utkface"] * 3,
            "landmarks": [None] * 3,
            "file": ["0.png", "1.png", "2.png"],
        } | columns
        features = {key: kind for key, kind in (FEATURES | (kinds or {})).items() if key not in without}
        dataset = Dataset.from_dict({key: rows[key] for key in features}, features=Features(features))
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        dataset.to_parquet(folder / "data" / "test-00000-of-00001.parquet")
        return str(folder)

    return write_dataset


def counted(*folders):
    return {source: len(rows) for source, rows in load_sources(folders, "test").items()}


@pytest.mark.parametrize("kind", [Value("string"), ClassLabel(names=["mine", "utkface"]), FEATURES["source"]])
def test_rows_without_a_source_are_of_the_datasets_name(write, kind):
    folder = write("photos", kinds={"source": kind}, source=["utkface", None, "utkface"])
    assert counted(folder) == {"photos": 1, "utkface": 2}
    assert sources_of(load_rows(folder, "test")) == ["utkface"]
    assert counted(write("other", kinds={"source": kind}, source=[None] * 3)) == {"other": 3}
    assert counted(write("bare", without=["source"])) == {"bare": 3}


def test_a_class_that_stands_for_no_label_names_nothing(write):
    folder = write("photos", source=[-1, 0, 1], race=[-1, 0, 1])
    assert counted(folder) == {"fairface": 1, "photos": 1, "utkface": 1}
    assert sources_of(load_rows(folder, "test")) == ["fairface", "utkface"]
    assert sorted(str(_race_names(rows)[0]) for rows in load_sources([folder], "test").values()) == [
        "",
        "Black",
        "White",
    ]


def test_mapped_rows_without_a_source_are_of_the_datasets_name(write):
    folder = write("photos", kinds={"source": Value("string"), "file": Value("string")}, source=["mine", None, "mine"])
    mapping = ColumnMapping({"file": "file"})
    assert {source: len(rows) for source, rows in load_sources([folder], "test", mapping=mapping).items()} == {
        "mine": 2,
        "photos": 1,
    }


def test_datasets_with_other_class_lists_are_joined(write):
    kinds = {"source": ClassLabel(names=["mine", "utkface"]), "race": Value("string")}
    folders = [
        write("first", race=["White", None, "Black"]),
        write("second", kinds=kinds, race=["Asian", "White", None], file=["3.png", "4.png", "5.png"]),
        write("third", kinds={"source": Value("string")}, without=["race"], file=["6.png", "7.png", "8.png"]),
    ]
    (rows,) = load_sources(folders, "test").values()
    assert _race_names(rows).tolist() == ["White", "", "Black", "Asian", "White", "", "", "", ""]
    assert [image.getpixel((0, 0))[0] for image in rows["image"][:]] == [0, 1, 2] * 3


def test_a_face_that_comes_twice_counts_once(write, caplog):
    folder, copy = write("photos"), write("copy")
    assert counted(folder) == {"utkface": 3}
    assert not caplog.records
    assert counted(folder, folder) == counted(folder, copy) == {"utkface": 3}
    assert "3 rows of utkface come more than once, and count once: is a folder given twice?" in caplog.text


def test_photos_of_one_name_and_faces_of_one_photo_all_count(write, caplog):
    points = [[[1.0, 1.0]] * 5, [[2.0, 2.0]] * 5, None]
    named_alike = write("photos", file=["a.png"] * 3)
    of_one_photo = write("group", file=["b.png"] * 3, image=[drawn(7)] * 3, landmarks=points)
    assert counted(named_alike, of_one_photo) == {"utkface": 6}
    assert not caplog.records
