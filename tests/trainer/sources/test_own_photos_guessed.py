"""Own photos whose tables and folders leave something to guess: what is read, asked for, and told."""

from pathlib import Path

import pyarrow
import pytest
from datasets import Array2D, Dataset, Features, Image, List, Value
from pyarrow import parquet

from tests.trainer.drawn_sources import drawing, write_folder, write_tar, write_zip
from tests.trainer.sources.own_forms import PEOPLE, as_parquet, labels
from tests.trainer.sources.test_own_photos import photos
from trainer.errors import DataError
from trainer.sources.columns import Wishes, parse_values
from trainer.sources.opening import open_source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gender:f=woman?", "has gender:f=woman.; write female or male"),
        ("age:kid=young", "has age:kid=young; write an age"),
        ("sexx:f=female", "names the column sexx, which is not read; these are: age .age., gender .gender."),
    ],
)
def test_values_that_cannot_be_meant_are_told(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        open_source(photos(tmp_path, "file_name,age,gender", "1.jpg,23,f"), wishes=Wishes({}, parse_values([text])))


def test_what_is_not_read_is_known(tmp_path):
    source = open_source(
        photos(tmp_path, 'file_name,"age, years",note,gender', "1.jpg,23,x,f", "2.jpg,old,x,m", "2.jpg,24,x,m")
    )
    assert labels(source) == {"1.jpg": (23, "female"), "2.jpg": (24, "male")}
    assert source.not_read == ("note",)
    assert source.unnamed == ("3.jpg",)
    assert source.not_understood == {"age: old": 1}


def test_folders_named_by_words_of_the_user(tmp_path):
    files = {f"{folder}/1.jpg": drawing(1) for folder in ("0", "1")}
    folder = write_folder(tmp_path / "photos", files, prefix="")
    with pytest.raises(DataError, match="named 0 and 1, which may be ages or genders"):
        open_source(folder)
    genders, ages = (
        open_source(folder, wishes=Wishes({}, parse_values(texts)))
        for texts in (["gender:0=female", "gender:1=male"], ["age:0=0", "age:1=10-19"])
    )
    assert [record.gender for record in genders.records] == ["female", "male"]
    assert [record.age_min for record in ages.records] == [0, 10]


def test_folders_by_date_are_no_ages(tmp_path):
    def opened(*folders, wishes=Wishes()):  # noqa: B008
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        write_folder(path, {f"{folder}/a.jpg": drawing(n) for n, folder in enumerate(folders, 1)}, prefix="")
        return [(record.age_min, record.gender) for record in open_source(path, wishes=wishes).records]

    assert opened("female/2021/05/12", "male/2021/06/30") == [(None, "female"), (None, "male")]
    assert opened("2021/25-32", "2021/5", "2022/60+", "12/2021") == [(12, None), (25, None), (60, None)]
    assert opened("2021/18", wishes=Wishes({}, parse_values(["age:18=18"]))) == [(18, None)]
    with pytest.raises(DataError, match=r"look like dates, such as 2020/11, .*, such as `--values age:11=11`"):
        opened("2020/11", "2021/05/12")


@pytest.mark.parametrize(
    ("folder", "age", "is_told"),
    [
        ("2019/female/25", 25, False),
        ("2019/05/female/25", 25, True),
        ("2019/05/12/25/female", 25, True),
        ("2019/05/12/female", None, True),
        ("female/2019/05", None, True),
        ("female/25/2019", 25, False),
    ],
)
def test_only_numbers_right_below_a_year_are_dates_and_that_is_told(tmp_path, caplog, folder, age, is_told):
    write_folder(tmp_path, {f"{folder}/a.jpg": drawing(1)}, prefix="")
    (record,) = open_source(tmp_path).records
    assert (record.age_min, record.gender) == (age, "female")
    found = f"folders such as {folder} are taken for dates: if the numbers below a year are ages, name each, such as"
    assert (f"{found} `--values age:05=05`" in caplog.text) == is_told


@pytest.mark.parametrize(
    ("name", "said"),
    [("metadata.xlsx", "metadata.xlsx is not read: save it as CSV"), ("metadata.csv", "metadata.csv has no rows")],
)
def test_a_table_that_labels_nothing_is_named(tmp_path, name, said):
    with pytest.raises(DataError, match=said):
        open_source(write_folder(tmp_path / "photos", {"1.jpg": drawing(1), name: b"file_name,age"}, prefix=""))


def test_rows_of_one_photo_for_several_people_are_left_out(tmp_path):
    rows = [
        "1.jpg,23,f,",
        "1.jpg,24,Herr,",
        "1.jpg,25,f,",
        "2.jpg,30,,7",
        "2.jpg,31,Dame,7",
        "3.jpg,4,,8",
        "3.jpg,4,,9",
    ]
    source = open_source(photos(tmp_path, "file_name,age,gender,person", *rows))
    assert labels(source) == {"2.jpg": (30, None)}
    people = "named more than once, for several people (--box says whose face is meant)"
    assert {(skip.file, skip.reason) for skip in source.skipped} == {
        ("1.jpg", people),
        ("1.jpg", "named more than once"),
        ("2.jpg", "named more than once"),
        ("3.jpg", people),
    }


def test_an_archive_inside_an_archive_is_named(tmp_path):
    with pytest.raises(DataError, match="holds no images, but photos/more.tar.gz: unpack it first"):
        open_source(write_zip(tmp_path / "photos.zip", {"more.tar.gz": b""}, prefix="photos/"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("people.xlsx", "people.xlsx is not read: save it as CSV"),
        ("photos.rar", r"photos.rar is not read: give a folder, an archive \(.tar.gz, .* or a table \(.csv, "),
    ],
)
def test_a_file_that_is_not_read_is_told_what_is(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=said):
        open_source(tmp_path / name)
    with pytest.raises(DataError, match=r"is an address \(https:\): download it first"):
        open_source(Path(f"https://host.invalid/{name}"))


def test_rows_that_name_addresses_are_left_out(tmp_path):
    here, there = str(tmp_path / "1.jpg"), "https://host.invalid/2.jpg"
    (tmp_path / "1.jpg").write_bytes(drawing(1))
    Dataset.from_dict({"image": [here, there], "age": [3, 4]}).save_to_disk(tmp_path / "saved")
    source = open_source(tmp_path / "saved")
    assert [record.age_min for record in source.records] == [3]
    assert [(skip.file, skip.reason) for skip in source.skipped] == [
        (there, "names an address (download its photo first)")
    ]
    assert dict(source.read({"1.jpg"})) == {"1.jpg": drawing(1)}


def test_a_table_of_another_machine(tmp_path):
    files = {f"faces/{n}.jpg": drawing(n) for n in (1, 2)}
    files["people.csv"] = (
        b"path,age\nC:\\Users\\me\\faces\\1.jpg,3\nC:\\Users\\me\\faces\\2.jpg,4\nC:\\Users\\me\\5.jpg,5"
    )
    source = open_source(write_folder(tmp_path, files, prefix="") / "people.csv")
    assert [(record.file, record.age_min) for record in source.records] == [("1.jpg", 3), ("2.jpg", 4)]
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("5.jpg", "names no file of the source")]


def test_the_column_of_files_may_be_written_in_any_way(tmp_path):
    source = open_source(photos(tmp_path, " File Name , AGE , Sex ", "1.jpg , 23 , F "))
    assert labels(source) == {"1.jpg": (23, "female")}


def test_images_as_bytes_are_found_under_any_name(tmp_path):
    table = pyarrow.table({"note": ["x", "y"], "jpeg_bytes": [drawing(1), drawing(2)], "age": [3.6, float("nan")]})
    parquet.write_table(table.append_column("sex", [["F", "m"]]), tmp_path / "faces.parquet")
    source = open_source(tmp_path / "faces.parquet")
    assert labels(source) == {"000000": (4, "female"), "000001": (None, "male")}
    assert source.reading["image"] == "jpeg_bytes"


def test_images_as_text_do_not_fill_the_report(tmp_path):
    with pytest.raises(DataError, match="names no file of the source: 1, such as ") as told:
        open_source(photos(tmp_path, "image,age", f"{'iVBORw0KGgo' * 999},30"), wishes=Wishes({"image": "image"}))
    assert len(str(told.value)) < 600


def test_other_pictures_of_a_dataset_are_not_read(tmp_path):
    """They were decoded, kept in memory, and made it another source at every run."""
    picture, box = {"bytes": drawing(1), "path": None}, {"x": 1.0, "y": 1.0, "w": 9.0, "h": 9.0}
    kinds = {"image": Image(), "face": Image(), "crops": List(Image()), "data": Value("binary"), "age": Value("int32")}
    cells = {"image": picture, "face": {"bytes": b"none", "path": None}, "crops": [picture], "data": b"1", "age": 31}
    features = Features(kinds | {"box": {name: Value("float32") for name in box}, "matrix": Array2D((2, 2), "int8")})
    cells |= {"box": box, "matrix": [[1, 2], [3, 4]]}
    rows = Dataset.from_dict({name: [cell] for name, cell in cells.items()}, features=features)
    rows.save_to_disk(tmp_path / "saved")
    source, again = (open_source(tmp_path / "saved") for _ in range(2))
    assert source.not_read == ("face", "crops", "data", "matrix")
    assert source.fingerprint == again.fingerprint
    assert [(record.age_min, record.box) for record in source.records] == [(31, (1.0, 1.0, 10.0, 10.0))]


@pytest.mark.parametrize("head", ["photo,file_name,age", "file_name,photo,age"])
def test_file_name_comes_before_other_columns_of_names(tmp_path, head):
    values = {"photo": "Holiday", "file_name": "1.jpg", "age": "33"}
    source = open_source(photos(tmp_path, head, ",".join(values[name] for name in head.split(","))))
    assert labels(source) == {"1.jpg": (33, None)}


def test_a_column_of_names_that_are_no_files_is_passed_over(tmp_path):
    source = open_source(photos(tmp_path, "image,path,age", "17,1.jpg,33"))
    assert labels(source) == {"1.jpg": (33, None)}


def test_a_tar_of_a_folders_inside(tmp_path):
    """`tar -cf photos.tar .` writes `./1.jpg`."""
    files = {"1.jpg": drawing(1), "a/1.jpg": drawing(2), "metadata.csv": b"file_name,age\n1.jpg,30\na/1.jpg,40"}
    source = open_source(write_tar(tmp_path / "photos.tar.gz", files, prefix="./"))
    assert [(record.file, record.age_min) for record in source.records] == [("1.jpg", 30), ("a/1.jpg", 40)]
    assert dict(source.read({"1.jpg", "a/1.jpg"})) == {name: files[name] for name in ("1.jpg", "a/1.jpg")}


def test_pictures_beside_the_parquet_files_of_a_dataset(tmp_path):
    """As in a clone of one, and in what `prepare` makes, whose report is drawn."""
    as_parquet(tmp_path / "data")
    write_folder(tmp_path, {f"report/{n}.png": drawing(n) for n in range(1, 4)} | {"old.parquet": b"cut"}, prefix="")
    with pytest.raises(DataError, match="cannot be read as a dataset"):
        open_source(tmp_path)
    (tmp_path / "old.parquet").unlink()
    assert labels(open_source(tmp_path)) == PEOPLE
