"""The private folder, and the page in it, under another user, a strange umask, without a home or a place to write."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from page.server import private_folder as module
from page.server.private_folder import IN_PLACE, LOCK, LONGEST_START_S, PREFIX, private_folder, remove_abandoned
from tests.conftest import REPOSITORY
from tests.robustness.pages import Caller

USER = 23_456
# The tests' Python may lie where only root can read: to read everything is all that the other user may do more.
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
AS_USER += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
START = "from page.server.private_folder import private_folder\nwith private_folder() as folder: print(folder)"


@pytest.fixture
def base(monkeypatch):
    """Open to every user, as the system's folder for temporary files; pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="gender-age-shared-") as folder:
        Path(folder).chmod(0o1777)
        monkeypatch.setenv("GRADIO_TEMP_DIR", folder)
        yield Path(folder)


def is_other_user_possible() -> bool:
    if shutil.which("setpriv") is None:
        return False
    return subprocess.run([*AS_USER, "true"], capture_output=True, check=False).returncode == 0


as_other_user = pytest.mark.skipif(not is_other_user_possible(), reason="only root may become somebody else")


def folders(base: Path) -> list[Path]:
    return [path for path in base.glob(f"{PREFIX}*") if path.is_dir()]


def left_behind(base: Path, name: str, is_made: bool = True) -> Path:
    folder = base / f"{PREFIX}{name}"
    folder.mkdir(mode=0o700)
    (folder / LOCK).touch()
    (folder / "photo.jpg").touch()
    if is_made:
        (folder / IN_PLACE).touch()
    return folder


@pytest.mark.parametrize("umask", [0o777, 0o700, 0o077, 0o000])
def test_any_umask(base, umask):
    """Root may read everything whatever its mode, so modes are looked at."""
    shutil.rmtree(base)
    before = os.umask(umask)
    try:
        with private_folder() as folder:
            (folder / "photos").mkdir()
            for path in (base, folder, folder / "photos", Path(tempfile.mkdtemp())):
                assert path.stat().st_mode & 0o700 == 0o700
            assert {stat.S_IMODE(path.stat().st_mode) for path in (base, folder)} == {0o700}
            assert (folder / LOCK).stat().st_mode & 0o600 == 0o600
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert folders(base) == []


def test_a_folder_that_is_being_made_stays_and_one_that_was_never_finished_goes(base):
    young, old = left_behind(base, "young", is_made=False), left_behind(base, "old", is_made=False)
    long_ago = time.time() - LONGEST_START_S - 1
    os.utime(old, (long_ago, long_ago))
    remove_abandoned(base)
    assert young.exists()
    assert not old.exists()


def test_a_link_is_not_followed(base, tmp_path):
    elsewhere = left_behind(tmp_path, "elsewhere")
    (base / f"{PREFIX}link").symlink_to(elsewhere)
    remove_abandoned(base)
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted([LOCK, IN_PLACE, "photo.jpg"])


def test_a_link_in_place_of_the_lock_is_not_followed(base, tmp_path):
    folder = left_behind(base, "trap")
    (folder / LOCK).unlink()
    (folder / LOCK).symlink_to(tmp_path / "made-by-the-link")
    remove_abandoned(base)
    assert not (tmp_path / "made-by-the-link").exists()


def test_many_servers_that_start_at_once_leave_each_other_alone(base):
    """Each removes what is abandoned, while others make theirs."""
    hold = f"{START.replace('print(folder)', 'print(folder, flush=True); input(); (folder / chr(120)).touch()')}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", hold], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    places = [process.stdout.readline().strip() for process in processes]
    assert len(set(places)) == len(processes)
    assert {str(path) for path in folders(base)} == set(places)
    for process in processes:
        process.communicate("\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * len(processes)
    assert folders(base) == []


def test_an_error_leaves_everything_as_it_was(base, monkeypatch):
    def fail(*_, **__):
        raise OSError("no lock")

    monkeypatch.setattr(module, "FileLock", fail)
    umask, handler, tempdir = os.umask(0o022), signal.getsignal(signal.SIGTERM), tempfile.tempdir
    try:
        with pytest.raises(OSError, match="no lock"), private_folder():
            pass
        assert (os.umask(0o022), signal.getsignal(signal.SIGTERM), tempfile.tempdir) == (0o022, handler, tempdir)
    finally:
        os.umask(umask)
    assert folders(base) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(base)


@as_other_user
def test_two_users_do_not_meet(base):
    """Not even where the other one is root, whose folders, locks and names lie in the way."""
    roots = left_behind(base, "of-root")
    for name in (f"{USER}.lock", f"{USER}"):
        (base / f"{PREFIX}{name}").touch(mode=0o600)
    done = subprocess.run(
        [*AS_USER, sys.executable, "-c", START],
        cwd=REPOSITORY, env=os.environ | {"GRADIO_TEMP_DIR": str(base)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(base))
    assert (roots / "photo.jpg").exists()
    theirs = left_behind(base, "of-the-other")
    for path in (theirs, *theirs.iterdir()):
        os.chown(path, USER, USER)
    with private_folder():
        assert not roots.exists()
        assert (theirs / "photo.jpg").exists()


@pytest.mark.slow
@as_other_user
@pytest.mark.parametrize("umask", [0o022, 0o777])
def test_the_page_of_a_user_without_home_and_place_to_write(base, tiny_model_folder, tmp_path, umask):
    """As in a container whose user is a mere number, with a read-only file system but for temporary files."""
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir(mode=0o555)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": str(base),
    }
    command = [*AS_USER, sys.executable, "-m", "app", "--model", str(tiny_model_folder), "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        page = subprocess.Popen(command, cwd=nowhere, env=variables, stdout=log, stderr=log, umask=umask)
    try:
        wait_for(page, f"http://127.0.0.1:{port}/", tmp_path / "log")
        photo = (REPOSITORY / "examples" / "collins.jpg").read_bytes()
        assert len(Caller(f"http://127.0.0.1:{port}").predict("a.jpg", photo)["faces"]) == 1
        (folder,) = folders(base)
        assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (USER, 0o700)
    finally:
        page.terminate()
        assert page.wait(timeout=60) == 0
    assert folders(base) == []
    assert list(nowhere.iterdir()) == []
    assert "Traceback" not in (tmp_path / "log").read_text()


def wait_for(page: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and page.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the page is not served: {log.read_text()[-2000:]}")
