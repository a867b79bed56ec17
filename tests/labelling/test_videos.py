"""`--videos`: the people of many videos as Parquet."""

from pathlib import Path
from types import SimpleNamespace

import fsspec
import pyarrow.parquet
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from gender_age.prediction import GenderAgePredictor
from gender_age.video_writers import PEOPLE_COLUMNS
from labelling import items, stages
from labelling.errors import LabellingError, NoRoomError, StoreLostError
from labelling.sources import pieces_of
from tests.fakes import FakeDetector, detected_face, if_wide, noise
from tests.gender_age.clips import Actor, still, write_clip

from .conftest import command


@pytest.fixture
def clips(tmp_path):
    """A clip, a broken one and a photo."""
    folder = tmp_path / "clips"
    (folder / "inside").mkdir(parents=True)
    write_clip(folder / "hopper.mp4", [Actor(noise((64, 36)), still(0.5, height=1.0))], seconds=1, rate=5)
    (folder / "inside" / "broken.mov").write_bytes(b"no video")
    noise((60, 50)).save(folder / "photo.png")
    return folder


MEMORY = MemoryFileSystem().to_json()


def item(**changes):
    return {"path": "clips/a.mp4", "store": None, "place": b"", "data": None, "error": None} | changes


@pytest.fixture
def predictor(tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    predictor.detector = FakeDetector(if_wide(detected_face(box=(40, 30, 100, 100)), detected_face(score=0.7)))
    return predictor


def test_an_item_becomes_rows_of_people(clips, predictor):
    path = str(clips / "hopper.mp4").encode()
    data = (clips / "hopper.mp4").read_bytes()
    given = [item(place=path), item(data=data, path="s3://b/c.mp4"), item(data=b"x"), item(error="Not fetched.")]
    table = stages.people_table([stages.video_of(predictor, each, 0.8) for each in given])
    assert table.column_names == list(PEOPLE_COLUMNS)
    assert table["path"].to_pylist() == ["clips/a.mp4", "s3://b/c.mp4", "clips/a.mp4", "clips/a.mp4"]
    assert table["person"].to_pylist() == [1, 1, None, None]
    assert table["frames"].to_pylist() == [5, 5, None, None]
    assert table["error"].to_pylist()[3] == "Not fetched."
    assert "is not a video" in table["error"].to_pylist()[2]


@pytest.fixture
def bucket(clips):
    """The clips and an empty one in fsspec's file system in memory, as a store that is not on this machine."""
    fs = fsspec.filesystem("memory")
    fs.put(f"{clips}/", "/bucket/clips/", recursive=True)
    fs.pipe_file("/bucket/clips/empty.mp4", b"")
    yield "/bucket/clips"
    fs.rm("/bucket", recursive=True)


def followed(predictor, *given):
    """Rows of the stage, without Ray."""
    stage = stages.FollowPeople.__new__(stages.FollowPeople)
    stage._predictor, stage._min_score = predictor, 0.8
    stage._counter = SimpleNamespace(add=SimpleNamespace(remote=lambda number: None))
    return pyarrow.concat_tables(stage(pyarrow.Table.from_pylist(list(given), items.SCHEMA))).to_pylist()


def test_a_video_of_a_store_has_any_size_and_is_not_read_into_memory(bucket, predictor, monkeypatch):
    def whole(*given, **options):
        raise AssertionError("it was read into memory")

    monkeypatch.setattr(items, "MAX_BYTES", 100)
    photo = item(path="photo.png", store=MEMORY, place=f"{bucket}/photo.png".encode())
    assert "too large" in items.fetched(photo)["error"]
    monkeypatch.setattr(MemoryFileSystem, "cat_file", whole)
    names = ["hopper.mp4", "inside/broken.mov", "empty.mp4", "missing.mp4"]
    given = [item(path=f"s3://b/{name}", store=MEMORY, place=f"{bucket}/{name}".encode()) for name in names]
    found, broken, empty, missing = followed(predictor, *given)
    assert (found["path"], found["person"], found["frames"], found["error"]) == ("s3://b/hopper.mp4", 1, 5, None)
    assert broken["error"].startswith("“broken.mov” is not a video")
    assert empty["error"].startswith("“empty.mp4” is empty (0 bytes)")
    assert missing["error"].startswith("“missing.mp4” cannot be fetched")


def test_a_store_that_is_gone_ends_the_job_over_videos(bucket, predictor, monkeypatch):
    def gone(*given, **options):
        raise OSError("Timeout")

    monkeypatch.setattr(MemoryFileSystem, "_open", gone)
    monkeypatch.setattr(MemoryFileSystem, "info", gone)
    with pytest.raises(StoreLostError, match=r"can no longer be read \(Timeout\)$"):
        followed(predictor, item(store=MEMORY, place=f"{bucket}/hopper.mp4".encode()))


def test_a_full_temporary_folder_ends_the_job_over_videos(bucket, predictor, monkeypatch):
    def full():
        disk = Path("/dev/full")
        return disk.open("r+b", buffering=0) if disk.exists() else pytest.skip("no /dev/full here")

    monkeypatch.setattr(items.tempfile, "TemporaryFile", full)
    with pytest.raises(NoRoomError, match=r"cannot take a video \(No space left on device\): make room"):
        followed(predictor, item(store=MEMORY, place=f"{bucket}/hopper.mp4".encode()))


def test_only_videos_are_listed(clips):
    pieces = pieces_of(str(clips), 1, videos=True)
    paths = [path for piece in pieces for path in piece.paths]
    assert paths == [f"{clips}/hopper.mp4", f"{clips}/inside/broken.mov"]
    (clips / "empty").mkdir()
    with pytest.raises(LabellingError, match="holds no video: name"):
        pieces_of(str(clips / "empty"), 1, videos=True)


@pytest.mark.slow
def test_a_job_over_videos(clips, tmp_path, tiny_model_folder):
    out = tmp_path / "people"
    job = [clips, out, "--videos", "--model", tiny_model_folder, "--cpus", 1]
    done = command(*job)
    assert done.returncode == 0, done.stderr
    assert "2 videos (2 now" in done.stdout
    rows = pyarrow.parquet.read_table(out).to_pylist()
    assert {row["path"].rpartition("/")[2] for row in rows} == {"hopper.mp4", "broken.mov"}
    assert all(row["person"] == 1 or row["error"] for row in rows)
    assert "a row a person" in (out / "_README.md").read_text()
    assert "nothing new" in command(*job).stdout
    assert command(*job, "--report").returncode == 2
