"""A disk or share that is gone while photos are prepared: no photo's fault, unlike a file that is."""

import errno
import os

import pytest

from tests.trainer.drawn_sources import DrawnFaces, run, write_folder
from tests.trainer.test_prepare_own import people
from trainer.errors import DataError
from trainer.preparation import landmarks
from trainer.sources.archives import read_files, read_plain


class Unplugging(DrawnFaces):
    """Its first call takes the disk away, and leaves an empty folder where it was mounted."""

    def __init__(self, disk, is_mount):
        super().__init__()
        self.disk, self.is_mount = disk, is_mount

    def detect_batch(self, images):
        if not self.sizes:
            self.disk.rename(self.disk.with_name("elsewhere"))
            if self.is_mount:
                self.disk.mkdir()
        return super().detect_batch(images)


@pytest.mark.parametrize("is_mount", [False, True])
@pytest.mark.parametrize("form", ["folder", "table"])
def test_the_command_ends_and_goes_on_when_the_disk_is_there_again(tmp_path, out, monkeypatch, form, is_mount):
    monkeypatch.setattr(landmarks, "BATCH", 4)
    files = people(12)
    disk = write_folder(tmp_path / "disk", files, prefix="")
    source = disk
    if form == "table":
        source = tmp_path / "people.csv"
        source.write_bytes((disk / "metadata.csv").read_bytes().replace(b"\n", b"\ndisk/"))
    with pytest.raises(DataError, match=f"^{disk} can no longer be read .* kept, and the same command goes on$"):
        run(source, out, Unplugging(disk, is_mount))
    assert not out.exists()
    if is_mount:
        disk.rmdir()
    disk.with_name("elsewhere").rename(disk)
    finisher = DrawnFaces()
    report, _ = run(source, out, finisher)
    assert finisher.seen == 8, "what was found before is not looked for again"
    assert report["skipped"] == {"no face found": ["0.png", "10.png"]}
    assert sum(report["images"].values()) == 10


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV])
def test_a_disk_that_answers_with_an_error_is_gone(tmp_path, monkeypatch, number):
    write_folder(tmp_path, {"1.png": b"1"}, prefix="")

    def fails(path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pathlib.Path.read_bytes", fails)
    with pytest.raises(DataError, match=rf"1\.png can no longer be read \({os.strerror(number)}\)"):
        list(read_files(tmp_path, {"1.png"}))


def test_a_file_that_is_gone_is_left_out(tmp_path):
    write_folder(tmp_path, {"1.png": b"1"}, prefix="")
    assert list(read_files(tmp_path, {"1.png", "2.png"})) == [("1.png", b"1"), ("2.png", None)]
    assert read_plain(tmp_path / "2.png", tmp_path) is read_plain(tmp_path / "none" / "2.png", None) is None
