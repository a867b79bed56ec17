"""A full disk: what was written of an upload is gone, a sentence says why, and the next one works."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from page.server.private_folder import private_folder
from page.server.request_limits import DISK_FULL

from .conftest import serve
from .inputs import saved

SIZE = 16_000_000


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes, which only root can mount."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def page(small_disk, monkeypatch):
    """The page in this process, whose private folder is on that disk."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(small_disk))
    with private_folder() as folder:
        page = serve(folder)
        yield page
        page.demo.close()


def test_what_finds_no_space_is_gone_and_the_next_upload_works(page, small_disk, capfd):
    caller = page.caller
    assert caller.predict("a.png", saved("PNG"))["error"] is None

    def files():
        return {path for path in small_disk.rglob("*") if path.is_file()}

    before = files()
    for _ in range(3):
        answer = caller.upload("large.jpg", bytes(2 * SIZE))
        assert (answer.status_code, answer.text) == (507, '{"detail":"' + DISK_FULL + '"}')
    assert files() == before
    address = "data:image/jpeg;base64," + base64.b64encode(bytes(2 * SIZE)).decode()
    event, (photo,) = caller.call("predict", [address])
    assert event == "complete"
    assert "there is no space" in photo["error"]
    assert files() == before
    assert caller.predict("b.png", saved("PNG", size_wh=(40, 30)))["error"] is None
    assert "Traceback" not in "".join(capfd.readouterr())
