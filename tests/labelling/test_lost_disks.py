"""A disk that is gone while a job runs: no photo's error, unlike a file that is."""

import errno
import os
import re

import pytest

from gender_age import guarded_opener
from gender_age.errors import PhotoError
from gender_age.guarded_opener import GuardedOpener
from gender_age.opening import why_not_opened
from gender_age.prediction import GenderAgePredictor
from labelling import stages
from labelling.errors import StoreLostError
from labelling.items import fetched
from labelling.sources import pieces_of
from tests.conftest import REPOSITORY
from tests.fakes import FakeDetector

from .conftest import items_of, photo_bytes, write_table


@pytest.fixture
def predictor(tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    predictor.detector = FakeDetector({(60, 50): (0, [])})
    return predictor


@pytest.fixture
def disk(tmp_path):
    """A folder of two photos, two videos and a table."""
    folder = tmp_path / "disk"
    folder.mkdir()
    for name in ("a.png", "b.png", "a.mp4", "b.mp4"):
        (folder / name).write_bytes(photo_bytes())
    write_table(folder / "shard.parquet", [photo_bytes()])
    return folder


def unplugged(disk, is_mount):
    """Where the disk was mounted an empty folder is left."""
    disk.rename(disk.parent / "elsewhere")
    if is_mount:
        disk.mkdir()


@pytest.mark.parametrize("is_mount", [False, True])
def test_a_disk_that_is_gone_is_no_photos_error(disk, predictor, is_mount):
    lost = rf"^{disk} can no longer be read \({'it is empty' if is_mount else 'No such file or directory'}\)$"
    photos, table = pieces_of(str(disk), 1)[::2]
    videos, *_ = pieces_of(str(disk), 1, videos=True)
    unplugged(disk, is_mount)
    (photo,), (video,) = (next(piece.read()).to_pylist() for piece in (photos, videos))
    with pytest.raises(StoreLostError, match=lost):
        stages.searched_item(predictor, fetched(photo), None)
    with pytest.raises(StoreLostError, match=lost):
        stages.video_of(predictor, fetched(video, is_video=True), None)
    with pytest.raises(StoreLostError, match=lost):
        list(table.read())


def test_a_file_that_is_gone_is_a_photos_error(disk, predictor):
    there, gone, _ = items_of(disk)
    (videos, *_) = pieces_of(str(disk), 1, videos=True)
    (disk / "b.png").unlink()
    (disk / "a.mp4").unlink()
    assert stages.searched_item(predictor, there, None).error is None
    assert stages.searched_item(predictor, gone, None).error.startswith("“b.png” does not exist")
    (video,) = next(videos.read()).to_pylist()
    assert stages.video_of(predictor, video, None).error.startswith("“a.mp4” does not exist")


def test_the_rows_to_try_again_are_all_that_another_day_may_mend(disk, predictor, monkeypatch):
    """By the pattern of docs/scale.md."""
    document = (REPOSITORY / "docs" / "scale.md").read_text(encoding="utf-8")
    pattern = re.compile(re.search(r'^RETRY = r"(.+)"$', document, re.M)[1])
    path = str(disk / "a.png")
    errors = [OSError(number, os.strerror(number)) for number in (errno.EIO, errno.ESTALE, errno.EACCES, errno.ENOENT)]
    sentences = [why_not_opened(error, path, "“a.png”") for error in errors]
    photo = items_of(path)[0]
    monkeypatch.setattr(predictor, "search", lambda *given, **options: 1 / 0)
    sentences.append(stages.searched_item(predictor, photo, None).error)
    monkeypatch.setattr(guarded_opener, "WorkerProcess", _no_process)
    with pytest.raises(PhotoError, match="just now") as raised:
        GuardedOpener()(path)
    sentences.append(str(raised.value))
    (table,) = pieces_of(str(disk / "shard.parquet"), 1)
    (disk / "shard.parquet").unlink()
    sentences += next(table.read())["error"].to_pylist()
    sentences.append("“a.png” cannot be fetched (Forbidden): check that it is there and may be read.")
    assert [sentence for sentence in sentences if not pattern.search(sentence)] == []
    assert not pattern.search("“a.dng” is a RAW photo, which cannot be read here: save or export it as JPEG.")


def _no_process():
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
