"""A disk without space is not called damage of the visitor's archive, and leaves nothing half-written."""

import errno
import zipfile
from pathlib import Path

import pytest

from page.inputs.archive import ArchiveError, list_photos
from page.inputs.unpacking import Unpacker


class FullFile:
    """A file that takes one block."""

    def __init__(self, file):
        self.file, self.is_full = file, False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, block):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.is_full = True
        return self.file.write(block)


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("when", ["mkdir", "open", "write"])
def test_a_full_disk_is_told_and_the_next_photo_is_unpacked(tmp_path, monkeypatch, when):
    path = tmp_path / "trip.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.jpg", b"x" * 200_000)
    (photo,) = list_photos(path)
    open_file = Path.open

    def open_full(file, mode="r", *arguments):
        opened = open_file(file, mode, *arguments)
        return FullFile(opened) if mode == "xb" else opened

    with Unpacker() as unpacker:
        with monkeypatch.context() as patch:
            patch.setattr(
                Path, *{"mkdir": ("mkdir", no_space), "open": ("open", no_space), "write": ("open", open_full)}[when]
            )
            with pytest.raises(ArchiveError, match=r"“a.jpg” cannot be kept: there is no space just now, try again"):
                unpacker.unpack(path, photo)
        assert list(Path(unpacker._folder.name).rglob("*.jpg")) == []
        assert Path(unpacker.unpack(path, photo)).read_bytes() == b"x" * 200_000
