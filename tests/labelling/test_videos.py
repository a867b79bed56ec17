"""`--videos`: the people of many videos as Parquet."""

import pyarrow.parquet
import pytest

from gender_age.prediction import GenderAgePredictor
from gender_age.video_writers import PEOPLE_COLUMNS
from labelling import stages
from labelling.errors import LabellingError
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


def item(**changes):
    return {"path": "clips/a.mp4", "address": b"", "data": None, "error": None} | changes


def test_an_item_becomes_rows_of_people(clips, tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    predictor.detector = FakeDetector(if_wide(detected_face(box=(40, 30, 100, 100)), detected_face(score=0.7)))
    path = str(clips / "hopper.mp4").encode()
    data = (clips / "hopper.mp4").read_bytes()
    given = [item(address=path), item(data=data, path="s3://b/c.mp4"), item(data=b"x"), item(error="Not fetched.")]
    table = stages.people_table([stages.video_of(predictor, each, 0.8) for each in given])
    assert table.column_names == list(PEOPLE_COLUMNS)
    assert table["path"].to_pylist() == ["clips/a.mp4", "s3://b/c.mp4", "clips/a.mp4", "clips/a.mp4"]
    assert table["person"].to_pylist() == [1, 1, None, None]
    assert table["frames"].to_pylist() == [5, 5, None, None]
    assert table["error"].to_pylist()[3] == "Not fetched."
    assert "is not a video" in table["error"].to_pylist()[2]


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
