"""Own photos in every form that `prepare` takes."""

from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features

from tests.trainer.drawn_sources import drawing, write_folder
from tests.trainer.sources.own_forms import FORMS, PEOPLE, labels, pictures, saved
from trainer.errors import DataError
from trainer.sources import own_datasets, own_files
from trainer.sources.columns import Wishes, parse_values
from trainer.sources.opening import open_source


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_labels_and_pictures(form, tmp_path):
    source = open_source(FORMS[form](tmp_path))
    assert labels(source) == PEOPLE
    assert not source.skipped
    assert source.are_photos
    read = dict(source.read({record.file for record in source.records}))
    assert {name.rpartition("/")[2]: data for name, data in read.items()} == pictures()
    assert not any(name.startswith("/") for name in read)


@pytest.mark.parametrize("form", ["metadata.csv", "Parquet of paths", "Parquet", "save_to_disk"])
def test_the_fingerprint_follows_labels(form, tmp_path, monkeypatch):
    one, two = (open_source(FORMS[form](tmp_path / number)) for number in "12")
    monkeypatch.setitem(PEOPLE, "a.jpg", (24, "female"))
    assert one.fingerprint == two.fingerprint != open_source(FORMS[form](tmp_path / "3")).fingerprint


def test_folders_named_by_class(tmp_path):
    files = {f"train/female/18/{n}.jpg": drawing(n) for n in (1, 2)} | {
        f"val/male/30-39/{n}.png": drawing(n) for n in (3,)
    }
    source = open_source(write_folder(tmp_path / "faces", files | {"male/4.jpg": drawing(4)}, prefix=""))
    found = {record.file: (record.age_min, record.age_max, record.gender, record.split) for record in source.records}
    assert found == {
        "male/4.jpg": (None, None, "male", None),
        "train/female/18/1.jpg": (18, 18, "female", "train"),
        "train/female/18/2.jpg": (18, 18, "female", "train"),
        "val/male/30-39/3.png": (30, 39, "male", "validation"),
    }
    assert source.name == "faces"
    assert source.reading == {"image": "the folders' names", "age": "folder age", "gender": "folder gender"}


def photos(path, head, *lines, count=3):
    files = {f"{n}.jpg": drawing(n) for n in range(1, count + 1)}
    return write_folder(path / "photos", files | {"metadata.csv": "\n".join([head, *lines]).encode()}, prefix="")


def test_bad_rows_are_named_and_left_out(tmp_path):
    source = open_source(
        photos(
            tmp_path,
            "file_name,age,gender,box,split",
            "1.jpg,23,f,,",
            "none.jpg,23,f,,",
            ",23,f,,",
            "2.jpg,240,f,,",
            "2.jpg,,,,",
            "2.jpg,23,f,4 4 0 2,",
            "2.jpg,23,f,,somewhere",
            "../../etc/2.jpg,23,f,,",
            "1.jpg,24,f,,",
        )
    )
    assert labels(source) == {"1.jpg": (23, "female")}
    assert {(skip.file, skip.reason) for skip in source.skipped} == {
        ("none.jpg", "names no file of the source"),
        ("row 3 of metadata.csv", "names no file of the source"),
        ("../../etc/2.jpg", "names no file of the source"),
        ("2.jpg", "impossible age"),
        ("2.jpg", "neither age nor gender"),
        ("2.jpg", "impossible box"),
        ("2.jpg", "split of an unknown name"),
        ("1.jpg", "named more than once"),
    }


def test_photos_on_several_drives_are_a_sentence(tmp_path, monkeypatch):
    folder = photos(tmp_path, "file_name,age", "1.jpg,23", "2.jpg,24")

    def commonpath(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(own_files.os.path, "commonpath", commonpath)
    with pytest.raises(DataError, match="names photos on several drives: copy them to one"):
        open_source(folder / "metadata.csv")


def test_a_missing_label_is_none(tmp_path):
    source = open_source(photos(tmp_path, "file,age,sex", "1.jpg,23,unknown", "2.jpg,,F", "3.jpg,23.5,other"))
    assert labels(source) == {"1.jpg": (23, None), "2.jpg": (None, "female"), "3.jpg": (24, None)}
    assert source.not_understood == {"gender: other": 1}


def test_ages_from_dates(tmp_path):
    source = open_source(
        photos(tmp_path, "file_name,dob,taken", "1.jpg,1990-06-01,2020-05-31", "2.jpg,1990,2020", "3.jpg,2020,1990")
    )
    assert labels(source) == {"1.jpg": (29, None), "2.jpg": (30, None)}
    assert [skip.reason for skip in source.skipped] == ["impossible age"]
    assert source.reading == {"image": "file_name of metadata.csv", "birth_date": "dob", "photo_date": "taken"}


def test_columns_and_words_can_be_named(tmp_path):
    folder = photos(tmp_path, "pic,how_old,s,age", "1.jpg,23,1,99", "2.jpg,kid,2,99")
    wishes = Wishes({"image": "pic", "age": "how_old", "gender": "s"}, parse_values(["gender:1=female", "s:2=male"]))
    with pytest.raises(DataError, match="none of the 2 rows"):
        open_source(photos(tmp_path / "b", "pic,age", "x.jpg,1", "y.jpg,2"), wishes=Wishes({"image": "pic"}))
    values = parse_values(["gender:1=female", "gender:2=male", "age:kid=4-10"])
    source = open_source(folder, "mine", Wishes(wishes.columns, values))
    found = {record.file: (record.age_min, record.age_max, record.gender) for record in source.records}
    assert found == {"1.jpg": (23, 23, "female"), "2.jpg": (4, 10, "male")}
    assert source.name == "mine"


def test_youngest_and_oldest_age(tmp_path):
    source = open_source(photos(tmp_path, "file_name,age_min,age_max", "1.jpg,20,29", "2.jpg,60,", "3.jpg,30,20"))
    assert {record.file: (record.age_min, record.age_max) for record in source.records} == {
        "1.jpg": (20, 29),
        "2.jpg": (60, 120),
    }


@pytest.mark.parametrize(
    ("head", "row", "wishes", "said"),
    [
        ("file_name,age,gender", "1.jpg,23,1", {}, "--values gender:1=female"),
        ("file_name,height", "1.jpg,180", {}, "say which with --age or --gender"),
        ("file_name,age", "1.jpg,23", {"gender": "sex"}, "--gender sex names no column; there are file_name, age"),
        ("name,age", "1.jpg,23", {}, "say which with --image"),
        ("file_name,age", "1.jpg,old", {}, "none of the 1 rows .* impossible age: 1, such as 1.jpg; not .*: age: old"),
        ("file_name,age,split", "1.jpg,3,0", {}, "split: 0; `--values split:0=...` says what a word means"),
        ("file_name,age,gender", "1.jpg,23,K", {}, "the genders are words .K.*`--values gender:K=female"),
        ("file_name,dob", "1.jpg,1980", {}, "ages from dob need --photo-date"),
        ("file_name,dob,sex", "1.jpg,1980,f", {"birth_date": "dob"}, "--birth-date dob needs --photo-date, too"),
        ("1.jpg,23,f", "2.jpg,24,m", {}, "its first line is 1.jpg, 23, f; write the columns' names above it"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, head, row, wishes, said):
    with pytest.raises(DataError, match=said):
        open_source(photos(tmp_path, head, row), wishes=Wishes(wishes))


@pytest.mark.parametrize("text", ["gender", "gender:f", "f=female"])
def test_values_of_another_form_are_told(text):
    with pytest.raises(DataError, match="COLUMN:THEIRS=OURS"):
        parse_values([text])


def test_a_path_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "none", Path("none"), Path("photos/of/mine")):
        with pytest.raises(DataError, match="does not exist"):
            open_source(path)


def test_photos_without_labels_are_told(tmp_path):
    folder = write_folder(tmp_path / "photos", {"holiday/1.jpg": drawing(1), "metadata.csv": b""}, prefix="")
    with pytest.raises(DataError, match="holds 1 images, but nothing that labels them"):
        open_source(folder)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_spreadsheets_are_read(tmp_path, encoding):
    cells = "file_name;age;person\r\n1.jpg;23;Zoë\r\n".encode(encoding)
    folder = write_folder(tmp_path / "photos", {"1.jpg": drawing(1), "metadata.csv": cells}, prefix="")
    assert open_source(folder).records[0].identity == "Zoë"


def test_several_faces_of_a_photo_are_rows_with_boxes(tmp_path):
    source = open_source(
        photos(tmp_path, "file_name,age,x1,y1,x2,y2", "1.jpg,23,0,0,10,10", "1.jpg,50,12,0,22,10", "2.jpg,9,,,,"),
        wishes=Wishes({"box": "x1,y1,x2,y2"}),
    )
    assert [(record.file, record.photo, record.age_min, record.box) for record in source.records] == [
        ("1.jpg", "1.jpg", 23, (0, 0, 10, 10)),
        ("1.jpg#2", "1.jpg", 50, (12, 0, 22, 10)),
        ("2.jpg", "2.jpg", 9, None),
    ]
    assert dict(source.read({"1.jpg", "1.jpg#2"})) == {"1.jpg": drawing(1), "1.jpg#2": drawing(1)}


def test_a_table_names_no_path_of_this_machine(tmp_path):
    (tmp_path / "people.csv").write_text(f"path,age\n{tmp_path}/none.jpg,3\n{tmp_path}/photos/1.jpg,4\n")
    write_folder(tmp_path / "photos", {"1.jpg": drawing(1)}, prefix="")
    source = open_source(tmp_path / "people.csv")
    assert [record.file for record in source.records] == ["1.jpg"]
    assert [skip.file for skip in source.skipped] == ["none.jpg"]


def test_splits_of_a_saved_dataset_are_kept(tmp_path):
    DatasetDict({"train": saved(), "dev": saved().select([0])}).save_to_disk(tmp_path / "saved")
    source = open_source(tmp_path / "saved")
    assert sorted((record.file, record.split) for record in source.records) == [
        ("dev/000000", "validation"),
        ("train/000000", "train"),
        ("train/000001", "train"),
        ("train/000002", "train"),
    ]


def test_a_class_that_is_none_is_no_label(tmp_path):
    kinds = Features(saved().features | {"gender": ClassLabel(names=["female", "male"])})
    rows = [row | {"gender": [1, -1, 0][number]} for number, row in enumerate(saved())]
    Dataset.from_list(rows, features=kinds).save_to_disk(tmp_path / "saved")
    assert [record.gender for record in open_source(tmp_path / "saved").records] == ["male", None, "female"]


def test_a_dataset_of_the_hub(monkeypatch, tmp_path):
    asked = []
    splits = DatasetDict({"train": saved(), "test": saved().select([1])})
    monkeypatch.setattr(own_datasets, "load_dataset", lambda *args, **kwargs: asked.append((args, kwargs)) or splits)
    monkeypatch.chdir(tmp_path)
    source = open_source(Path("owner/Faces@v1"))
    assert asked == [(("owner/Faces",), {"revision": "v1"})]
    assert source.name == "faces"
    assert [record.split for record in source.records] == ["test", "train", "train", "train"]
    assert dict(source.read({"test/000000"})) == {"test/000000": pictures()["b.jpg"]}


def test_a_folder_called_like_a_public_dataset_does_not_claim_to_be_one(tmp_path):
    folder = photos(tmp_path, "file_name,age", "1.jpg,23")
    assert open_source(folder.rename(tmp_path / "UTKFace")).name == "utkface-photos"
