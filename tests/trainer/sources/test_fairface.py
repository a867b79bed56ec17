import csv

import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value

from trainer.errors import DataError
from trainer.sources.fairface import (
    NAMELESS,
    OUTSIDE,
    UNKNOWN_LABEL,
    is_fairface,
    open_fairface,
    parse_age_range,
    parse_labels,
)
from trainer.sources.record import Record

AGES = ["0-2", "70+", "20-29"]
GENDERS = ["male", "female", "male"]
RACES = ["East Asian", "Latino_Hispanic", "Black"]


def write_parquet(path, paths=("train_1.webp", "train_2.webp", "train_3.webp"), **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "image": [{"bytes": f"image {n}".encode(), "path": name} for n, name in enumerate(paths)],
        "age_range": AGES,
        "gender": GENDERS,
        "race": RACES,
    } | columns
    values = {name: column for name, column in values.items() if column is not None}
    features = Features({name: Image() if name == "image" else Value("string") for name in values})
    Dataset.from_dict(values, features=features).to_parquet(path)
    return path


def write_csv(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "age", "gender", "race", "service_test"])
        writer.writerows([*row, "True"] for row in rows)


def published_folder(path, images="."):
    write_csv(path / "fairface_label_train.csv", [("train/1.jpg", "50-59", "Male", "East Asian")])
    write_csv(path / "fairface_label_val.csv", [("val/1.jpg", "more than 70", "Female", "Middle Eastern")])
    for name in ("train/1.jpg", "val/1.jpg"):
        file = path / images / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return path


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("0-2", (0, 2)),
        ("20-29", (20, 29)),
        ("70+", (70, 120)),
        ("more than 70", (70, 120)),
        ("", None),
        ("29-20", None),
        ("young", None),
        ("None", None),
    ],
)
def test_age_ranges(text, ages):
    assert parse_age_range(text) == ages


def test_labels_are_read_in_any_case():
    assert parse_labels("f", "3-9", "Female", "latino_hispanic") == Record("f", 3, 9, "female", "Latino_Hispanic")
    assert parse_labels("f", "3-9", "Female", "Martian") is None
    assert parse_labels("f", "3-9", None, "White") is None


def test_parquet_keeps_the_stored_names(tmp_path):
    write_parquet(tmp_path / "train-00000-of-00001.parquet")
    source = open_fairface(tmp_path)
    assert source.records == (
        Record("train_1.webp", 0, 2, "male", "East Asian"),
        Record("train_2.webp", 70, 120, "female", "Latino_Hispanic"),
        Record("train_3.webp", 20, 29, "male", "Black"),
    )
    assert dict(source.read({"train_1.webp", "train_3.webp"})) == {
        "train_1.webp": b"image 0",
        "train_3.webp": b"image 2",
    }


@pytest.mark.parametrize("paths", [(None, None, None), ("same", "same", "same")])
def test_parquet_without_names_is_numbered(tmp_path, paths):
    write_parquet(tmp_path / "data/train-00000-of-00001.parquet", paths)
    source = open_fairface(tmp_path)
    names = [f"data/train-00000-of-00001/00000{number}" for number in range(3)]
    assert [record.file for record in source.records] == names
    assert list(source.read({names[1]})) == [(names[1], b"image 1")]


def test_names_repeated_in_another_file_are_numbered_everywhere(tmp_path):
    write_parquet(tmp_path / "a.parquet")
    write_parquet(tmp_path / "b.parquet")
    files = [record.file for record in open_fairface(tmp_path).records]
    assert files == [f"{stem}/00000{number}" for stem in "ab" for number in range(3)]


def test_a_single_parquet_file_will_do(tmp_path):
    path = write_parquet(tmp_path / "train.parquet")
    assert is_fairface(path)
    assert len(open_fairface(path).records) == 3


def test_class_numbers_are_named(tmp_path):
    features = Features(
        {
            "image": Image(),
            "age": ClassLabel(names=["0-2", "more than 70"]),
            "gender": ClassLabel(names=["Male", "Female"]),
            "race": ClassLabel(names=["East Asian", "Indian"]),
        }
    )
    rows = {"image": [{"bytes": b"x", "path": "1.jpg"}], "age": [1], "gender": [1], "race": [0]}
    Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "hub.parquet")
    assert open_fairface(tmp_path).records == (Record("1.jpg", 70, 120, "female", "East Asian"),)


def test_unknown_labels_are_left_out(tmp_path):
    write_parquet(tmp_path / "a.parquet", age_range=["0-2", "?", "20-29"])
    source = open_fairface(tmp_path)
    assert len(source.records) == 2
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("train_2.webp", UNKNOWN_LABEL)]


def test_parquet_of_other_things_is_told(tmp_path):
    write_parquet(tmp_path / "a.parquet", age_range=None)
    with pytest.raises(DataError, match="lacks age_range"):
        open_fairface(tmp_path)


def test_broken_parquet_is_told(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        open_fairface(tmp_path)


@pytest.mark.parametrize("images", [".", "fairface-img-margin025-trainval"])
def test_the_published_folder(tmp_path, images):
    source = open_fairface(published_folder(tmp_path, images))
    assert source.records == (
        Record("train/1.jpg", 50, 59, "male", "East Asian"),
        Record("val/1.jpg", 70, 120, "female", "Middle Eastern"),
    )
    assert dict(source.read({"val/1.jpg"})) == {"val/1.jpg": b"val/1.jpg"}


def test_a_missing_image_comes_without_bytes(tmp_path):
    published_folder(tmp_path)
    (tmp_path / "val/1.jpg").unlink()
    assert dict(open_fairface(tmp_path).read({"val/1.jpg", "train/1.jpg"})) == {
        "train/1.jpg": b"train/1.jpg",
        "val/1.jpg": None,
    }


def test_names_outside_the_folder_are_left_out(tmp_path):
    (tmp_path / "fairface").mkdir()
    published_folder(tmp_path / "fairface")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    rows = [
        ("train/1.jpg", "3-9", "Male", "White"),
        ("../secret.jpg", "3-9", "Male", "White"),
        ("/x", "3-9", "Male", "White"),
    ]
    write_csv(tmp_path / "fairface/fairface_label_train.csv", rows)
    source = open_fairface(tmp_path / "fairface")
    assert [record.file for record in source.records] == ["train/1.jpg", "val/1.jpg"]
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("../secret.jpg", OUTSIDE), ("/x", OUTSIDE)]


def test_two_margins_in_one_folder_are_told(tmp_path):
    published_folder(tmp_path, "margin025")
    published_folder(tmp_path, "margin125")
    with pytest.raises(DataError, match="more than once"):
        open_fairface(tmp_path)


def test_two_margins_of_the_hubs_copy_are_told(tmp_path):
    """Their files are divided differently, and their images are others."""
    write_parquet(tmp_path / "0.25/train-00000-of-00001.parquet")
    for number in range(3):
        parts = {name: column[number : number + 1] for name, column in (("age_range", AGES), ("gender", GENDERS))}
        file = tmp_path / f"1.25/train-0000{number}-of-00003.parquet"
        write_parquet(file, [f"train_{number}.webp"], **parts, race=RACES[number : number + 1])
    with pytest.raises(DataError, match=r"more than once \(.*0\.25.*1\.25\); keep one margin"):
        open_fairface(tmp_path)
    assert len(open_fairface(tmp_path / "1.25").records) == 3


def test_rows_without_a_file_are_left_out(tmp_path):
    published_folder(tmp_path)
    rows = [("train/1.jpg", "3-9", "Male", "White"), ("", "", "", ""), ("", "3-9", "Male", "White")]
    write_csv(tmp_path / "fairface_label_train.csv", rows)
    source = open_fairface(tmp_path)
    assert [record.file for record in source.records] == ["train/1.jpg", "val/1.jpg"]
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("fairface_label_train.csv, line 4", NAMELESS)]


def test_images_that_come_later_are_other_content(tmp_path):
    whole = open_fairface(published_folder(tmp_path)).fingerprint
    (tmp_path / "val/1.jpg").unlink()
    assert open_fairface(tmp_path).fingerprint != whole == open_fairface(published_folder(tmp_path)).fingerprint


def test_labels_without_images_are_told(tmp_path):
    write_csv(tmp_path / "fairface_label_train.csv", [("train/1.jpg", "3-9", "Male", "White")])
    with pytest.raises(DataError, match="none of the images"):
        open_fairface(tmp_path)


def test_a_csv_without_its_columns_is_told(tmp_path):
    (tmp_path / "fairface_label_train.csv").write_text("file,age\ntrain/1.jpg,3-9\n")
    with pytest.raises(DataError, match="lacks the columns gender, race"):
        open_fairface(tmp_path)


@pytest.mark.parametrize("name", ["", "missing"])
def test_other_paths_are_told(tmp_path, name):
    with pytest.raises(DataError, match=r"holds neither|does not exist"):
        open_fairface(tmp_path / name)
