import argparse
import io
import json
import os
import random
import tarfile
import zipfile

import numpy as np
import pytest
import yaml
from datasets import Dataset, Features, Value, concatenate_datasets, load_dataset
from datasets import Image as ImageFeature
from PIL import Image, ImageDraw
from PIL.ExifTags import Base

from gender_age.detection import Face
from trainer import parquet_dataset
from trainer import prepare as command
from trainer.errors import DataError
from trainer.landmarks import UNDECODABLE, main_face
from trainer.prepare import prepare
from trainer.staging import Staging, locked

POINTS = ((8.0, 9.0), (16.0, 9.0), (12.0, 13.0), (9.0, 17.0), (15.0, 17.0))
RACE_NUMBERS = 5


class DrawnFaces:
    """Finds a face wherever the middle pixel is not black; can die after some batches, as a killed run does."""

    def __init__(self, dies_after=None):
        self.sizes = []
        self.seen = 0
        self.dies_after = dies_after

    def detect_batch(self, images):
        if self.dies_after is not None and len(self.sizes) >= self.dies_after:
            raise KeyboardInterrupt
        assert len({image.size for image in images}) == 1
        self.sizes.append(images[0].size)
        self.seen += len(images)
        face = Face(box=(4.0, 4.0, 20.0, 20.0), score=0.99, landmarks=POINTS)
        return [[face] if image.getpixel((12, 12)) != (0, 0, 0) else [] for image in images]


def drawing(seed, side=24, kind="PNG"):
    """Encoded noise with a bright or, for seeds that 10 divides, black middle."""
    image = Image.fromarray(np.random.default_rng(seed).integers(1, 256, (side, side, 3), dtype=np.uint8))
    ImageDraw.Draw(image).rectangle((11, 11, 13, 13), fill="black" if seed % 10 == 0 else "white")
    data = io.BytesIO()
    image.save(data, kind, lossless=True) if kind == "WEBP" else image.save(data, kind)
    return data.getvalue()


def chip_name(number):
    return f"{number % 90}_{number % 2}_{number % RACE_NUMBERS}_20170116{number:09d}.jpg.chip.jpg"


def chips(count=100):
    """Names and bytes: `count` pictures, a broken one and a malformed name; 1 and 3 are twins, so are 5 and 7."""
    files = {chip_name(number): drawing(number) for number in range(count)}
    files[chip_name(3)] = drawing(1, kind="WEBP")
    files[chip_name(7)] = files[chip_name(5)]
    files["20_0_0_20170117000000000.jpg.chip.jpg"] = b"\xff\xd8 no picture"
    files["39_1_20170116174525125.jpg.chip.jpg"] = drawing(500)
    return files


def write_folder(path, files, prefix="UTKFace/"):
    for name, data in files.items():
        (path / prefix).mkdir(parents=True, exist_ok=True)
        (path / prefix / name).write_bytes(data)
    return path


def write_tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"UTKFace/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"UTKFace/{name}", data)
    return path


def write_fairface(path, count=40):
    path.mkdir()
    features = {
        "image": ImageFeature(),
        "age_range": Value("string"),
        "gender": Value("string"),
        "race": Value("string"),
    }
    rows = {
        "image": [{"bytes": drawing(n, kind="WEBP"), "path": f"train_{n}.webp"} for n in range(1000, 1000 + count)],
        "age_range": [("0-2", "20-29", "40-49", "70+")[n % 4] for n in range(count)],
        "gender": [("male", "female")[n // 4 % 2] for n in range(count)],
        "race": [("White", "Middle Eastern")[n % 2] for n in range(count)],
    }
    Dataset.from_dict(rows, features=Features(features)).to_parquet(path / "train-00000-of-00001.parquet")
    return path


def run(source, out, detector=None, **options):
    return prepare(source, out, detector=detector or DrawnFaces(), progress=False, **options)


def split_files(out):
    return {path.stem: path.read_text().splitlines() for path in (out / "splits").glob("*.txt")}


@pytest.fixture
def load(tmp_path):
    return lambda out: load_dataset(str(out), cache_dir=str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path):
    return write_folder(tmp_path / "source", chips())


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "utkface"


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


def test_a_killed_run_is_continued(source, out):
    killed, finisher = DrawnFaces(dies_after=1), DrawnFaces()
    with pytest.raises(KeyboardInterrupt):
        run(source, out, killed)
    assert not out.exists(), "nothing half-written is in place"
    run(source, out, finisher)
    assert killed.seen == 64
    assert finisher.seen == 36, "what was found before the kill is not looked for again"
    assert sorted(out.parent.iterdir()) == [out], "the work folder is gone"


def test_a_continued_run_gives_the_same_dataset(source, out, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    run(source, out)
    run(source, tmp_path / "at_once")
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "at_once" / path.relative_to(out)).read_bytes()


@pytest.mark.parametrize("cut", [1, 200, 3000])
@pytest.mark.parametrize("name", ["journal.jsonl", "images.bin"])
def test_a_torn_end_is_cut_off(source, out, name, cut, load):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    torn = out.with_name(".utkface.prepare") / name
    os.truncate(torn, torn.stat().st_size - cut)
    finisher = DrawnFaces()
    run(source, out, finisher)
    assert 36 < finisher.seen < 100
    originals = chips()
    for rows in load(out).values():
        for row in rows.cast_column("image", ImageFeature(decode=False)):
            assert row["image"]["bytes"] == originals[row["file"]]


def test_death_while_writing_leaves_nothing_in_place(source, out, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("trainer.dataset_build.render_card", dies)
        with pytest.raises(KeyboardInterrupt):
            run(source, out)
    assert not out.exists()
    detector = DrawnFaces()
    run(source, out, detector)
    assert detector.seen == 0
    assert (out / "README.md").exists()


def test_a_second_run_does_nothing(source, out):
    first, _ = run(source, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    detector = DrawnFaces()
    report, fresh = run(source, out, detector)
    assert (report, fresh, detector.seen) == (first, False, 0)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_leftovers_of_a_run_killed_at_the_very_end_are_removed(source, out):
    run(source, out)
    settings = json.loads((out / "prepare.json").read_text())["settings"]
    work = out.with_name(".utkface.prepare")
    work.mkdir()
    (work / "settings.json").write_text(json.dumps(settings))
    run(source, out)
    assert not work.exists()


def test_a_changed_source_or_setting_is_an_error_until_overwritten(source, out):
    run(source, out)
    with pytest.raises(DataError, match=r"without --limit; choose another folder or use --overwrite"):
        run(source, out, limit=20)
    (source / "UTKFace" / chip_name(200)).write_bytes(drawing(200))
    with pytest.raises(DataError, match="from a source with other content"):
        run(source, out)
    report, fresh = run(source, out, limit=20, overwrite=True)
    assert fresh
    assert sum(report["images"].values()) == 20
    assert sorted(out.parent.iterdir()) == [out]


def test_unfinished_work_of_another_setting_is_an_error_until_dropped(source, out):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    with pytest.raises(DataError, match="unfinished preparation without --limit"):
        run(source, out, limit=20)
    detector = DrawnFaces()
    run(source, out, detector, limit=20, overwrite=True)
    assert detector.seen == 20


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_prepare_did_not_make_is_never_replaced(source, out, overwrite):
    out.mkdir(parents=True)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="was not made by `prepare`"):
        run(source, out, overwrite=overwrite)
    assert (out / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_used(source, out):
    out.mkdir(parents=True)
    assert run(source, out)[1]


def test_out_inside_the_source_is_an_error(source):
    with pytest.raises(DataError, match="inside the source"):
        run(source, source / "prepared")


def test_two_at_once_are_an_error(source, out):
    with locked(out.with_name(".utkface.prepare")), pytest.raises(DataError, match="another `prepare`"):
        run(source, out)


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
    monkeypatch.setattr("trainer.landmarks.WAITING_PIXELS", 3000)
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


def test_the_card_counts_and_gates(source, out):
    report, _ = run(source, out)
    text = (out / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "other"
    assert front["task_categories"] == ["image-classification"]
    assert front["size_categories"] == ["n<1K"]
    assert "non-commercial" in front["extra_gated_prompt"]
    counts = {split["name"]: split["num_examples"] for split in front["dataset_info"]["splits"]}
    assert counts == report["images"]
    assert "| 20–39 | 10 | 10 | 20 |" in text
    assert "| Others | 20 |" in text
    assert "10 images have no landmarks" in text
    assert "4 images are in 2 groups" in text
    assert "1 left out (malformed name): `39_1_20170116174525125.jpg.chip.jpg`" in text


def test_the_fairface_card_names_its_licence(tmp_path, out):
    run(write_fairface(tmp_path / "fairface"), out)
    front = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert front["license"] == "cc-by-4.0"
    assert "non-commercial" not in (out / "README.md").read_text()


def test_no_path_of_this_machine_is_published(source, out, tmp_path):
    run(source, out)
    for path in (*out.glob("*.*"), *out.glob("splits/*")):
        assert str(tmp_path) not in path.read_text()


def parse(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(argument) for argument in arguments])


def test_the_command_prints_what_it_did(source, out, monkeypatch, capsys):
    monkeypatch.setattr(command, "FaceDetector", lambda device: DrawnFaces())
    assert command.main(parse(source, out)) == 0
    first = capsys.readouterr().out
    assert "is prepared: 8" in first
    assert "left out, malformed name: 1 (39_1_20170116174525125.jpg.chip.jpg)" in first
    assert command.main(parse(source, out)) == 0
    assert "already prepared" in capsys.readouterr().out


def test_the_command_takes_source_limit_and_overwrite(source, out):
    args = parse(source, out, "--source", "fairface", "--limit", "5", "--overwrite")
    assert (args.source, args.source_name, args.limit, args.overwrite) == (source, "fairface", 5, True)
    with pytest.raises(DataError, match="neither FairFace's"):
        command.main(args)


def test_a_folder_that_cannot_be_written_is_told(source, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match="cannot be used"):
        command.main(parse(source, tmp_path / "file" / "out"))


def test_a_journal_of_another_kind_of_line_is_cut_off(tmp_path):
    staging = Staging(tmp_path)
    staging.add("a", b"bytes", np.zeros((24, 24), np.uint8), None)
    staging.close()
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"unknown": 1}\n[]\n')
    again = Staging(tmp_path)
    assert list(again.entries) == ["a"]
    assert list(again.images(again.usable())) == [b"bytes"]
    again.close()
    assert (tmp_path / "journal.jsonl").read_text().count("\n") == 1
