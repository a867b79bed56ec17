import io
import random

import pytest
from datasets import Image as ImageFeature
from datasets import concatenate_datasets
from PIL import Image
from PIL.ExifTags import Base

from gender_age.found_faces import Face
from tests.trainer.drawn_sources import (
    POINTS,
    DrawnFaces,
    chip_name,
    chips,
    drawing,
    run,
    split_files,
    write_fairface,
    write_folder,
    write_tar,
    write_zip,
)
from trainer.errors import DataError
from trainer.preparation import parquet as parquet_dataset
from trainer.preparation.landmarks import UNDECODABLE, main_face


def test_the_dataset_loads_with_its_columns_and_original_bytes(source, out, load):
    report, fresh = run(source, out)
    data = load(out)
    assert fresh
    assert {split: len(rows) for split, rows in data.items()} == report["images"]
    assert sum(report["images"].values()) == 100
    assert data["train"].features == parquet_dataset.FEATURES
    originals = chips()
    for split, rows in data.items():
        assert sorted(rows["file"]) == split_files(out)[split]
        for row in rows.cast_column("image", ImageFeature(decode=False)):
            number = int(row["file"].split("_")[3][8:17])
            assert row["image"]["bytes"] == originals[row["file"]]
            assert row["age_min"] == row["age_max"] == number % 90
            assert rows.features["gender"].int2str(row["gender"]) == ("male", "female")[number % 2]
            assert (
                rows.features["race"].int2str(row["race"])
                == ("White", "Black", "Asian", "Indian", "Others")[number % 5]
            )
            assert rows.features["source"].int2str(row["source"]) == "utkface"
            expected = None if number % 10 == 0 else [list(point) for point in POINTS]
            assert row["landmarks"] == expected
    assert data["train"][0]["image"].size == (24, 24)


def test_left_out_images_are_reported(source, out):
    report, _ = run(source, out)
    assert report["skipped"] == {
        "malformed name": ["39_1_20170116174525125.jpg.chip.jpg"],
        UNDECODABLE: ["20_0_0_20170117000000000.jpg.chip.jpg"],
    }
    assert report["without_landmarks"] == 10


def test_twins_are_in_one_split(source, out):
    report, _ = run(source, out)
    splits = {file: split for split, files in split_files(out).items() for file in files}
    assert splits[chip_name(1)] == splits[chip_name(3)]
    assert splits[chip_name(5)] == splits[chip_name(7)]
    assert (report["twin_groups"], report["twin_images"]) == (2, 4)


def test_every_form_and_order_gives_the_same_dataset(tmp_path):
    files = list(chips().items())
    outs = [tmp_path / name for name in ("flat", "nested", "zip", "tar")]
    run(write_folder(tmp_path / "s1", dict(files), prefix=""), outs[0])
    random.Random(0).shuffle(files)
    run(write_folder(tmp_path / "s2", dict(files), prefix="deep/part1/"), outs[1])
    run(write_zip(tmp_path / "utkface.zip", dict(files)), outs[2])
    random.Random(1).shuffle(files)
    run(write_tar(tmp_path / "utkface.tar.gz", dict(files)), outs[3])
    contents = [
        {
            path.relative_to(out): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file() and path.suffix != ".json"
        }
        for out in outs
    ]
    assert len(contents[0]) == 7
    assert contents[0] == contents[1] == contents[2] == contents[3]


def test_fairface_has_ranges_and_concatenates_with_utkface(source, out, tmp_path, load):
    report, _ = run(write_fairface(tmp_path / "fairface"), tmp_path / "ff")
    run(source, out)
    fairface, utkface = load(tmp_path / "ff"), load(out)
    assert report["settings"]["source"] == "fairface"
    assert sum(report["images"].values()) == 40
    row = next(row for row in fairface["train"] if row["age_min"] == 70)
    assert row["age_max"] == 120
    assert fairface["train"].features["race"].int2str(row["race"]) == "Middle Eastern"
    both = concatenate_datasets([fairface["train"], utkface["train"]])
    assert set(both.unique("source")) == {0, 1}


def test_a_limit_takes_the_same_images_each_time(source, tmp_path, load):
    files = chips()
    shuffled = write_tar(tmp_path / "other.tar.gz", dict(reversed(files.items())))
    run(source, tmp_path / "a", limit=10)
    run(shuffled, tmp_path / "b", limit=10)
    assert split_files(tmp_path / "a") == split_files(tmp_path / "b")
    assert sum(map(len, split_files(tmp_path / "a").values())) == 10


@pytest.mark.parametrize("limit", [1, 3])
def test_so_few_images_that_small_splits_are_empty_still_load(source, tmp_path, load, limit):
    run(source, tmp_path / "tiny", limit=limit)
    data = load(tmp_path / "tiny")
    assert {split: len(rows) for split, rows in data.items()} == {"train": limit}
    assert split_files(tmp_path / "tiny")["test"] == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_an_error(source, out, limit):
    with pytest.raises(DataError, match="at least 1"):
        run(source, out, limit=limit)


def test_a_source_of_broken_images_is_an_error(tmp_path, out):
    with pytest.raises(DataError, match="none of the 1 images can be read"):
        run(write_folder(tmp_path / "broken", {chip_name(1): b"no picture"}), out)
    assert not out.exists()


def test_many_bytes_make_many_shards(source, out, load, monkeypatch):
    monkeypatch.setattr(parquet_dataset, "SHARD_BYTES", 60_000)
    monkeypatch.setattr(parquet_dataset, "ROW_GROUP", 10)
    run(source, out)
    names = sorted(path.name for path in (out / "data").glob("train-*"))
    count = len(names)
    assert count > 1
    assert names == [f"train-{number:05d}-of-{count:05d}.parquet" for number in range(count)]
    rows = [row["file"] for row in load(out)["train"]]
    assert sorted(rows) == split_files(out)["train"]


def test_sizes_are_never_mixed_in_a_batch(tmp_path, out):
    files = {chip_name(number): drawing(number, side=24 + number % 3) for number in range(1, 200)}
    detector = DrawnFaces()
    run(write_folder(tmp_path / "mixed", files), out, detector)
    assert detector.seen == 199
    assert sorted(detector.sizes) == [(side, side) for side in (24, 24, 25, 25, 26, 26)]


def test_few_images_wait_when_sizes_differ(tmp_path, out, monkeypatch):
    monkeypatch.setattr("trainer.preparation.landmarks.WAITING_PIXELS", 3000)
    files = {chip_name(number): drawing(number, side=20 + number) for number in range(4, 20)}
    detector = DrawnFaces()
    run(write_folder(tmp_path / "mixed", files), out, detector)
    assert detector.seen == 16
    assert detector.sizes != sorted(detector.sizes), "large ones go first when too many pixels wait"


def test_landmarks_are_in_the_upright_frame(tmp_path, out, load):
    image = Image.new("RGB", (40, 24), "white")
    image.putpixel((12, 12), (0, 0, 0))
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    data = io.BytesIO()
    image.save(data, "PNG", exif=exif)
    detector = DrawnFaces()
    run(write_folder(tmp_path / "sideways", {chip_name(1): data.getvalue()}), out, detector)
    row = load(out)["train"][0]
    assert detector.sizes == [row["image"].size] == [(24, 40)]


def face(x1, y1, x2, y2, score=0.9):
    return Face(box=(x1, y1, x2, y2), score=score, landmarks=POINTS)


@pytest.mark.parametrize(
    ("faces", "chosen"),
    [
        ([], None),
        ([face(0, 0, 20, 20), face(30, 30, 70, 70)], 1),
        ([face(0, 0, 40, 40), face(33, 33, 67, 67)], 1),
        ([face(0, 0, 90, 90), face(45, 45, 55, 55)], 0),
        ([face(30, 30, 70, 70, 0.8), face(30, 30, 70, 70, 0.9)], 1),
    ],
)
def test_the_main_face_is_large_and_central(faces, chosen):
    assert main_face(faces, (100, 100)) == (None if chosen is None else faces[chosen])
