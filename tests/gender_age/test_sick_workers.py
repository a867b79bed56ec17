"""Workers that spin, sleep, die, lie or ask for much: each gives a sentence, and the next photo is opened."""

import signal
import socket
import sys
import time

import pytest

from gender_age import worker_process
from gender_age.errors import PhotoError
from gender_age.guarded_opener import GuardedOpener
from gender_age.opening_messages import send_message

from .pictures import encoded, is_upright, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")


@pytest.fixture
def sick(monkeypatch):
    """Makes workers whose `read_picture` runs a line of Python instead, which sees `name` and the `canvas`."""

    def make(line, deadline_s=20.0):
        start = worker_process.START.replace(
            "main()",
            f"import gender_age.opening_worker as w; exec({_PATCH.replace('LINE', line)!r}); main()",
        )
        monkeypatch.setattr(worker_process, "START", start)
        return GuardedOpener(workers=1, deadline_s=deadline_s)

    return make


_PATCH = """
import os, sys, time
healthy = w.read_picture
def read_picture(file, name, max_pixels, canvas):
    if "healthy" in name:
        return healthy(file, name, max_pixels, canvas)
    LINE
w.read_picture = read_picture
"""


def test_a_slow_file_is_ended_and_the_next_photo_is_opened(sick, tmp_path, caplog):
    (tmp_path / "slow.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "healthy.png").write_bytes(encoded(picture(), "PNG"))
    with sick("while True: pass") as opener:
        begun = time.monotonic()
        with pytest.raises(PhotoError, match="takes too long"):
            opener(tmp_path / "slow.png")
        assert time.monotonic() - begun > 1
        assert f"exit status {-signal.SIGPROF}" in caplog.text
        assert "slow.png" not in caplog.text
        assert is_upright(opener(tmp_path / "healthy.png"))


def test_a_fault_of_the_program_is_told_from_a_damaged_photo_and_logged_with_its_place(sick, tmp_path, caplog):
    (tmp_path / "private.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "healthy.png").write_bytes(encoded(picture(), "PNG"))
    with sick("canvas.blank((1, 1)).im.no_such_method(name)") as opener:
        with pytest.raises(PhotoError, match="failed at it"):
            opener(tmp_path / "private.png")
        assert "AttributeError in <string>, line 7" in caplog.text
        assert "private" not in caplog.text
        assert is_upright(opener(tmp_path / "healthy.png"))


def test_a_worker_that_cannot_share_memory_does_not_start(monkeypatch, tmp_path, caplog):
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    line = "import gender_age.opening_worker as w; w.image_over = None; main()"
    monkeypatch.setattr(worker_process, "START", worker_process.START.replace("main()", line))
    with GuardedOpener(workers=1) as opener, pytest.raises(PhotoError, match="cannot be opened just now"):
        opener(tmp_path / "a.png")
    assert "No worker that opens photos can be started" in caplog.text


def test_a_worker_that_sleeps_is_ended(sick, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    with sick("time.sleep(60)", deadline_s=0.5) as opener, pytest.raises(PhotoError, match="takes too long"):
        opener(tmp_path / "a.png")


def test_a_deadline_holds_however_much_a_worker_says():
    worker = object.__new__(worker_process.WorkerProcess)
    worker._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with worker._connection, theirs:
        for _ in range(2):
            send_message(theirs, {"wants": [1, 1]})
        assert worker._receive(time.monotonic() + 5) == {"wants": [1, 1]}
        with pytest.raises(worker_process.WorkerEndedError, match="TimeoutError"):
            worker._receive(time.monotonic())


def test_the_next_photo_of_a_worker_that_is_just_ending_is_opened_by_another(sick, tmp_path, caplog):
    (tmp_path / "leaking.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "healthy.png").write_bytes(encoded(picture(), "PNG"))
    line = """import atexit
    atexit.register(time.sleep, 1)
    w.address_space = lambda: 1 << 60
    return healthy(file, name, max_pixels, canvas)"""
    with sick(line) as opener:
        assert is_upright(opener(tmp_path / "leaking.png"))
        assert is_upright(opener(tmp_path / "healthy.png"))
    assert not caplog.text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bytearray(500 << 20)", "does not fit into memory|is damaged"),
        ("os.abort()", "is damaged"),
        ("os._exit(0)", "is damaged"),
        ("import signal; signal.raise_signal(9)", "does not fit into memory"),
        ("raise KeyError", "the program that opens photos failed at it"),
        ("w.send_message(canvas._connection, {'wants': [100000, 100000], 'mode': 'RGB'}); time.sleep(9)", "is damaged"),
        ("w.send_message(canvas._connection, {'wants': [-1, 5], 'mode': 'RGB'}); time.sleep(9)", "is damaged"),
        ("w.send_message(canvas._connection, {'wants': '[1, 1]', 'mode': 'RGB'}); time.sleep(9)", "is damaged"),
        ("w.send_message(canvas._connection, {'wants': [1, 1], 'mode': ['L']}); time.sleep(9)", "is damaged"),
        ("w.send_message(canvas._connection, {'size': [3, 3]}); time.sleep(9)", "is damaged"),
        ("canvas.blank((3, 3)); w.send_message(canvas._connection, {'size': [9, 9]}); time.sleep(9)", "is damaged"),
        ("canvas._connection.send(b'[1]'); time.sleep(9)", "is damaged"),
        ("canvas._connection.send(b'[' * 60_000); time.sleep(9)", "is damaged"),
        ("raise MemoryError", "does not fit into memory"),
        ("w.send_message(canvas._connection, {'error': 7, 'size': [3]}); time.sleep(9)", "is damaged"),
        ("canvas._connection.send(b'nothing'); time.sleep(9)", "is damaged"),
    ],
)
def test_whatever_a_worker_does_is_a_sentence(line, sentence, sick, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "healthy.png").write_bytes(encoded(picture(), "PNG"))
    with sick(line) as opener:
        begun = time.monotonic()
        with pytest.raises(PhotoError, match=sentence):
            opener(tmp_path / "a.png")
        assert time.monotonic() - begun < 8
        assert is_upright(opener(tmp_path / "healthy.png"))


def test_the_shared_memory_cannot_be_shrunk(sick, tmp_path):
    """Reading behind its end would end this process."""
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    line = (
        "w.send_message(canvas._connection, {'wants': [60, 40], 'mode': 'RGB'}); "
        "_, (d,) = w.receive_message(canvas._connection); "
        "import fcntl; raise w.PhotoError(str(fcntl.fcntl(d, fcntl.F_GET_SEALS)) + '.')"
    )
    with sick(line) as opener, pytest.raises(PhotoError, match="^7.$"):
        opener(tmp_path / "a.png")


def test_an_orientation_that_is_none_is_ignored(sick, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(picture(), "PNG"))
    line = (
        "canvas.blank((3, 2)); w.send_message(canvas._connection, {'size': [3, 2], 'orientation': [6]}); time.sleep(9)"
    )
    with sick(line) as opener:
        assert opener(tmp_path / "a.png").size == (3, 2)
