"""The page's private folder: where it is, who may read it, and that nothing of it stays."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from page.server.janitor import delete_old_files
from page.server.private_folder import PREFIX, private_folder
from tests.conftest import REPOSITORY

HOLD = """
import sys
from page.server.private_folder import private_folder
with private_folder() as folder:
    (folder / "photo.jpg").write_text("a face")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def folders(base):
    return [path.name for path in base.glob(f"{PREFIX}*") if path.is_dir()]


def test_it_is_private_in_use_and_gone_afterwards(base):
    with private_folder() as folder:
        assert folder.parent == base
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert os.environ["GRADIO_TEMP_DIR"] == tempfile.gettempdir() == str(folder)
        with tempfile.NamedTemporaryFile() as file:
            assert file.name.startswith(str(folder))
        (folder / "photo.jpg").write_text("a face")
    assert folders(base) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(base)
    assert not tempfile.gettempdir().startswith(str(base))


def test_it_has_the_path_that_gradio_gives_its_files(tmp_path, monkeypatch):
    """macOS's folder for temporary files is a link, and what the page keeps is known by its path."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "link"))
    with private_folder() as folder:
        kept = Path(save_pil_to_cache(Image.new("RGB", (2, 2)), str(folder)))
        delete_old_files(folder, {kept}, -1)
        assert kept.exists()


def held(base, **options):
    """A process that uses a folder, and that folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    return process, base / process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, -signal.SIGINT)]
)
def test_a_process_that_is_ended_leaves_nothing(base, number, status):
    process, used = held(base)
    assert (used / "photo.jpg").exists()
    process.send_signal(number)
    assert process.wait(timeout=30) == status
    assert folders(base) == []


def test_the_end_of_the_terminal_is_ignored_where_nohup_says_so(base):
    process, used = held(base, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    assert (used / "photo.jpg").exists()
    process.terminate()
    assert process.wait(timeout=30) == 0


def test_what_a_killed_process_left_is_removed_and_a_running_ones_stays(base):
    (killed, abandoned), (running, used) = held(base), held(base)
    killed.kill()
    killed.wait()
    (base / "other").mkdir()
    try:
        assert (abandoned / "photo.jpg").exists()
        with private_folder():
            assert not abandoned.exists()
            assert (used / "photo.jpg").exists()
            assert len(folders(base)) == 2
        assert (base / "other").exists()
    finally:
        running.terminate()
        assert running.wait(timeout=30) == 0
    assert not used.exists()
