"""Photos that several tables of one folder name, and what each table knows of them."""

import pytest

from tests.trainer.drawn_sources import drawing, write_folder
from tests.trainer.sources.own_forms import labels
from trainer.sources.opening import open_source


@pytest.fixture
def opened(tmp_path):
    """Opens a folder of four photos and these tables, given as lines."""

    def opened(**tables):
        files = {f"{number}.jpg": drawing(number) for number in range(1, 5)}
        files |= {f"{name}.csv": "\n".join(lines).encode() for name, lines in tables.items()}
        return open_source(write_folder(tmp_path / "photos", files, prefix=""))

    return opened


@pytest.mark.parametrize("names", [("all", "test"), ("labels", "a_test")])
def test_the_split_of_a_list_is_that_of_its_photos(opened, names):
    """Wherever the list is in the order of the alphabet, and whether it has labels or not."""
    everything, test = names
    tables = {
        everything: ["file,age", "1.jpg,31", "2.jpg,32"],
        test: ["file", "2.jpg"],
        "train": ["file,age", "1.jpg,31"],
    }
    source = opened(**tables)
    assert {record.file: (record.age_min, record.split) for record in source.records} == {
        "1.jpg": (31, "train"),
        "2.jpg": (32, "test"),
    }
    assert source.skipped == ()


def test_each_label_may_be_in_a_table_of_its_own(opened):
    source = opened(
        ages=["file,age", "1.jpg,31", "2.jpg,32"],
        genders=["file,gender", "1.jpg,f", "2.jpg,m", "3.jpg,f"],
        people=["file,person", "1.jpg,anna", "2.jpg,bert", "4.jpg,carl"],
    )
    assert labels(source) == {"1.jpg": (31, "female"), "2.jpg": (32, "male"), "3.jpg": (None, "female")}
    assert [record.identity for record in source.records] == ["anna", "bert", None]
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("4.jpg", "neither age nor gender")]


def test_tables_that_contradict_each_other_are_told(opened):
    source = opened(
        a=["file,age,gender,split", "1.jpg,31,f,", "2.jpg,32,m,", "3.jpg,33,,test", "4.jpg,34,f,train"],
        b=["file,age,gender,split", "1.jpg,31,f,train", "2.jpg,32,f,", "3.jpg,53,m,test", "4.jpg,34,,test"],
    )
    assert labels(source) == {"1.jpg": (31, "female"), "3.jpg": (33, "male"), "4.jpg": (34, "female")}
    assert [record.split for record in source.records] == ["train", "test", "train"]
    people = "named more than once, for several people (--box says whose face is meant)"
    other = "labelled otherwise by another table, which counts"
    assert [(skip.file, skip.reason) for skip in source.skipped] == [
        ("2.jpg", people),
        ("2.jpg", people),
        ("3.jpg", other),
        ("4.jpg", other),
    ]


def test_all_faces_of_a_photo_have_what_a_list_says_of_it(opened):
    source = opened(
        faces=[
            "file,age,box",
            '1.jpg,31,"1,1,9,9"',
            '1.jpg,32,"11,1,19,9"',
            '2.jpg,33,"1,1,9,9"',
            '2.jpg,,"11,1,19,9"',
        ],
        test=["file", "1.jpg"],
    )
    assert {record.file: (record.age_min, record.split) for record in source.records} == {
        "1.jpg": (31, "test"),
        "1.jpg#2": (32, "test"),
        "2.jpg": (33, None),
    }
    assert [(skip.file, skip.reason) for skip in source.skipped] == [("2.jpg", "neither age nor gender")]
