"""A folder that cannot be listed ends the command: its photos would be left out in silence."""

import os

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem

from labelling.errors import LabellingError
from labelling.sources import pieces_of

from .conftest import paths_of, photo_bytes


def closed(monkeypatch, kind, folder, method="ls"):
    """Lets nobody into one folder of a kind of file systems."""
    listed = getattr(kind, method)

    def ls(self, path, *given, **options):
        if str(path).rstrip("/").endswith(f"/{folder}"):
            raise PermissionError(13, "Permission denied")
        return listed(self, path, *given, **options)

    monkeypatch.setattr(kind, method, ls)


class Store(AsyncFileSystem):
    """One that is walked with coroutines."""

    protocol, cachable = "walked", False
    folders = {"bucket": ["bucket/a", "bucket/b"], "bucket/a": ["bucket/a/1.png"], "bucket/b": ["bucket/b/2.png"]}

    async def _info(self, path, **options):
        path = path.strip("/")
        if "*" in path:
            raise FileNotFoundError(path)
        return {"name": path, "size": 1, "type": "directory" if path in self.folders else "file"}

    async def _ls(self, path, detail=True, **options):
        return [await self._info(each) for each in self.folders[path.strip("/")]]


@pytest.mark.parametrize("inside", ["", "/**/*.*", "/*/*.png"])
def test_a_folder_that_may_not_be_read_is_a_sentence(photos, monkeypatch, inside):
    fsspec.register_implementation("walked", Store, clobber=True)
    assert paths_of("walked://bucket/*/*.png") == ["walked://bucket/a/1.png", "walked://bucket/b/2.png"]
    for kind, method, folder, source in (
        (LocalFileSystem, "ls", "inside", str(photos)),
        (Store, "_ls", "b", "walked://bucket"),
    ):
        closed(monkeypatch, kind, folder, method)
        with pytest.raises(LabellingError, match=f"^The folder {source}/{folder} cannot be read .*Permission denied"):
            pieces_of(f"{source}{inside}", 1)


def test_a_folder_that_a_pattern_does_not_match_may_be_closed(photos, monkeypatch):
    fsspec.register_implementation("walked", Store, clobber=True)
    (photos / "private").mkdir()
    for kind, method in ((LocalFileSystem, "ls"), (Store, "_ls")):
        closed(monkeypatch, kind, "private" if kind is LocalFileSystem else "b", method)
    assert len(paths_of(f"{photos}/ins*/*")) == 2
    assert paths_of("walked://bucket/a*/*.png") == ["walked://bucket/a/1.png"]
    for pattern in (f"{photos}/*/*.png", f"{photos}/**/*.png", "walked://bucket/[ab]/*.png"):
        with pytest.raises(LabellingError, match="cannot be read"):
            pieces_of(pattern, 1)


def test_a_listing_leaves_the_file_system_as_it_was(photos):
    assert len(pieces_of(str(photos), 1)) == 4
    assert "ls" not in vars(LocalFileSystem())


@pytest.mark.parametrize("folder", [".Trash-1000", "lost+found"])
def test_a_hidden_folder_that_may_not_be_read_is_left_out_as_all_of_them(photos, monkeypatch, folder):
    (photos / folder).mkdir()
    (photos / folder / "a.png").write_bytes(photo_bytes())
    assert len(paths_of(photos)) == 4
    closed(monkeypatch, LocalFileSystem, folder)
    assert len(paths_of(photos)) == 4


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission(photos):
    (photos / "inside").chmod(0)
    try:
        with pytest.raises(LabellingError, match="inside cannot be read"):
            pieces_of(str(photos), 1)
    finally:
        (photos / "inside").chmod(0o755)
