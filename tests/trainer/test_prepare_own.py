"""Own photos, prepared: every form of `tests/trainer/sources/test_own_photos.py` goes the same way from there."""

import json

import pytest
import yaml
from PIL import Image as PILImage

from tests.trainer.drawn_sources import POINTS, DrawnFaces, drawing, run, split_files, write_folder, write_tar
from tests.trainer.test_prepare_command import parse
from trainer import prepare as command
from trainer.errors import DataError
from trainer.faces.loading import load_rows
from trainer.preparation.pictures import label
from trainer.sources.columns import Wishes


def people(count=40, columns="", cells=lambda number: ""):
    """Photos `0.png` to `{count - 1}.png`, without a face where 10 divides the number."""
    lines = [f"{n}.png,{20 + n % 50},{'fm'[n % 2]}{cells(n)}" for n in range(count)]
    files = {f"{n}.png": drawing(n) for n in range(count)}
    return files | {"metadata.csv": "\n".join([f"file_name,age,gender{columns}", *lines]).encode()}


def own(tmp_path, *given, **options):
    return write_folder(tmp_path / "photos", people(*given, **options), prefix="")


def test_own_photos_become_a_dataset(tmp_path, out, load):
    report, _ = run(own(tmp_path), out)
    data = load(out)
    assert {split: len(rows) for split, rows in data.items()} == report["images"]
    assert sum(report["images"].values()) == 36
    assert set(report["images"]) == {"train", "validation", "test"}
    assert report["skipped"] == {"no face found": ["0.png", "10.png", "20.png", "30.png"]}
    assert report["without_landmarks"] == 0
    for rows in data.values():
        assert rows.column_names == ["image", "age_min", "age_max", "gender", "race", "source", "landmarks", "file"]
        for row in rows:
            number = int(row["file"].removesuffix(".png"))
            assert row["age_min"] == row["age_max"] == 20 + number % 50
            assert rows.features["gender"].int2str(row["gender"]) == ("female", "male")[number % 2]
            assert rows.features["source"].int2str(row["source"]) == "photos"
            assert row["landmarks"] == [list(point) for point in POINTS]
            assert row["race"] is None


def test_the_card_claims_nothing_that_is_not_so(tmp_path, out):
    run(own(tmp_path), out)
    text = (out / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert "license" not in front
    for claimed in ("utkface", "fairface", "cc-by", "non-commercial", "apparent", "perceived", "twins", str(tmp_path)):
        assert claimed not in text.lower()
    assert "## Groups" not in text
    assert "| `age` | age |" in text
    assert "own encoded bytes, and with them what cameras write there, such as the place;\nHEIC, JPEG XL" in text
    assert "4 left out (no face found): `0.png`, `10.png`, `20.png`, `30.png`" in text


def test_the_card_says_what_the_tables_do_not_name_and_that_ages_are_between_dates(tmp_path, out):
    files = {f"{n}.png": drawing(n) for n in range(1, 6)}
    files["metadata.csv"] = b"file_name,dob,taken\n" + b"".join(b"%d.png,1980,2010\n" % n for n in range(1, 4))
    run(write_folder(tmp_path / "photos", files, prefix=""), out)
    text = (out / "README.md").read_text()
    assert "| `age_min`, `age_max` | completed years between two dates;" in text
    assert "2 images of the source are in none of its tables" in text


def test_a_person_lies_in_one_split(tmp_path, out, load):
    report, _ = run(own(tmp_path, 60, ",person", lambda number: f",p{number % 12}"), out)
    homes = {}
    for split, rows in load(out).items():
        assert len(rows)
        for person in rows["identity"]:
            homes.setdefault(person, set()).add(split)
    assert report["people"] == len(homes) == 12
    assert all(len(splits) == 1 for splits in homes.values())


def test_own_splits_are_kept_and_validation_is_divided(tmp_path, out):
    report, _ = run(own(tmp_path, 60, ",split", lambda number: ",test" if number % 3 == 0 else ",train"), out)
    files = split_files(out)
    assert {int(file.removesuffix(".png")) % 3 for file in files["test"]} == {0}
    assert {int(file.removesuffix(".png")) % 3 for file in files["train"] + files["validation"]} == {1, 2}
    assert report["images"]["validation"] == round(0.1 * 36)
    assert "source's own" in (out / "README.md").read_text()


def test_near_duplicates_across_own_splits_are_counted(tmp_path, out):
    files = people(20, ",split", lambda number: f",{('train', 'val')[number % 2]}") | {"4.png": drawing(5)}
    report, _ = run(write_folder(tmp_path / "photos", files, prefix=""), out)
    assert report["across_splits"] == 1
    assert "1 groups of near-duplicates" in (out / "README.md").read_text()


def test_missing_labels_are_null(tmp_path, out, load):
    files = {f"{n}.png": drawing(n) for n in range(1, 9)}
    lines = [f"{n}.png,{'' if n % 2 else n},{'f' if n % 2 else ''}" for n in range(1, 9)]
    files["metadata.csv"] = "\n".join(["file_name,age,gender", *lines]).encode()
    report, _ = run(write_folder(tmp_path / "photos", files, prefix=""), out)
    assert (report["without_age"], report["without_gender"]) == (4, 4)
    for rows in load(out).values():
        for row in rows:
            number = int(row["file"].removesuffix(".png"))
            assert (row["age_min"], row["age_max"]) == ((None, None) if number % 2 else (number, number))
            assert row["gender"] == (0 if number % 2 else None)
    assert "4 images have no age: they train the other head only" in (out / "README.md").read_text()


def test_unreadable_photos_are_left_out(tmp_path, out):
    files = people(9) | {"3.png": b"no picture", "4.png": b""}
    report, _ = run(write_folder(tmp_path / "photos", files, prefix=""), out)
    assert report["skipped"] == {
        "missing, empty or too large": ["4.png"],
        "no face found": ["0.png"],
        "not a readable image": ["3.png"],
    }


def test_an_archive_gives_the_same_rows_and_splits_as_its_folder(tmp_path, out):
    run(own(tmp_path), out)
    run(write_tar(tmp_path / "photos.tar.gz", people(), prefix=""), tmp_path / "second")
    assert split_files(out) == split_files(tmp_path / "second")


def test_photos_without_any_face_are_an_error(tmp_path, out):
    with pytest.raises(DataError, match="there is no face in them"):
        run(own(tmp_path, 1), out)


def test_other_columns_are_another_dataset(tmp_path, out):
    source = own(tmp_path, 20, ",other", lambda number: f",{number}")
    run(source, out)
    with pytest.raises(DataError, match="with other columns"):
        run(source, out, wishes=Wishes({"age": "other"}))


def test_the_command_says_what_it_read(tmp_path, out, monkeypatch, capsys):
    monkeypatch.setattr(command, "FaceDetector", lambda device: DrawnFaces())
    source = own(tmp_path, 12, ",sex,kind", lambda number: f",{'12'[number % 2]},x")
    given = ["--gender", "sex", "--values", "gender:1=female", "gender:2=male", "--name", "club"]
    assert command.main(parse(source, out, *given)) == 0
    said = capsys.readouterr().out
    assert "read as club: image from file_name of metadata.csv, gender from sex, age from age" in said
    assert "left out, no face found: 2 (0.png, 10.png)" in said
    settings = json.loads((out / "prepare.json").read_text())["settings"]
    assert settings["values"] == {"gender": {"1": "female", "2": "male"}}


def test_the_command_says_what_is_missing(tmp_path, out, monkeypatch, capsys):
    monkeypatch.setattr(command, "FaceDetector", lambda device: DrawnFaces())
    files = people(5, ",person,note", lambda number: ",anna,x") | {"6.png": drawing(6), "other.png": drawing(7)}
    files["metadata.csv"] += b"\n6.png,thirtyish,f,anna,x"
    source = write_folder(tmp_path / "photos", files, prefix="")
    assert command.main(parse(source, out)) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].endswith("identity from person; not read: note")
    assert said[2:] == [
        "not understood in age: thirtyish (1)",
        "left out, impossible age: 1 (6.png)",
        "left out, no face found: 1 (0.png)",
        "images that no table names: 1 (other.png)",
        "there are no images for validation: it can be trained together with a dataset that has some, but not alone",
        "there are no images for test: `evaluate` cannot measure on it",
    ]


@pytest.mark.parametrize(
    ("ages", "text"), [((60, 120), "male, 60+ *"), ((25, 32), "male, 25-32 *"), ((31, 31), "male, 31 *")]
)
def test_examples_are_labelled_as_people_write_ages(ages, text):
    assert label({"age_min": ages[0], "age_max": ages[1], "gender": 1, "landmarks": None}) == text


def test_the_data_is_drawn(tmp_path, out):
    files = people(24) | {"metadata.csv": people(24)["metadata.csv"].replace(b"3,f", b"3,").replace(b"5,m", b",m")}
    source = write_folder(tmp_path / "photos", files, prefix="")
    run(source, out, pictures=True)
    run(source, tmp_path / "again", pictures=True)
    names = sorted(path.name for path in (out / "report").iterdir())
    assert names == ["examples.png", "labels.png", "rows.png"]
    for name in names:
        assert (out / "report" / name).read_bytes() == (tmp_path / "again" / "report" / name).read_bytes()
        with PILImage.open(out / "report" / name) as picture:
            assert min(picture.size) > 100
    assert load_rows(str(out), "train")
