"""The pool of workers: the same pictures and sentences as `open_photo`, whatever happens to a worker."""

import gc
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from gender_age import worker_process
from gender_age.errors import PhotoError
from gender_age.guarded_opener import GuardedOpener
from gender_age.images import open_photo
from tests.conftest import REPOSITORY

from .pictures import encoded, grey_profile, is_upright, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")

EXAMPLES = REPOSITORY / "examples"
PICTURES = {
    "plain.jpg": ("RGB", "JPEG", {}),
    "progressive.jpg": ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    "grey.jpg": ("L", "JPEG", {}),
    "cmyk.jpg": ("CMYK", "JPEG", {}),
    "plain.png": ("RGB", "PNG", {}),
    "grey.png": ("L", "PNG", {}),
    "grey-transparent.png": ("L", "PNG", {"transparency": 0}),
    "grey-linear.png": ("L", "PNG", {"icc_profile": grey_profile(1.0)}),
    "grey.tif": ("L", "TIFF", {}),
    "transparent.png": ("RGBA", "PNG", {}),
    "palette.png": ("P", "PNG", {"transparency": 0}),
    "deep.png": ("I;16", "PNG", {}),
    "plain.webp": ("RGB", "WEBP", {}),
    "transparent.webp": ("RGBA", "WEBP", {"lossless": True}),
    "plain.gif": ("P", "GIF", {}),
    "plain.bmp": ("RGB", "BMP", {}),
    "packed.tif": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "plain.avif": ("RGB", "AVIF", {"speed": 10}),
}


@pytest.fixture(scope="module")
def opener():
    with GuardedOpener() as opener:
        yield opener


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_same_as_opened_here(name, orientation, opener, tmp_path):
    mode, kind, options = PICTURES[name]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = picture().convert("L").convert(mode) if mode == "I;16" else picture().convert(mode)
    (tmp_path / name).write_bytes(encoded(image, kind, exif=exif, **options))
    got = opener(tmp_path / name)
    assert (got.mode, got.info) == ("RGB", {})
    assert np.array_equal(np.asarray(got), np.asarray(open_photo(tmp_path / name)))


@pytest.mark.parametrize("name", ["group.jpg", "obama-turned.jpg"])
def test_an_example_is_the_same_as_opened_here(name, opener):
    assert opener(EXAMPLES / name).tobytes() == open_photo(EXAMPLES / name).tobytes()


def test_a_sentence_is_the_same_as_here(opener, tmp_path):
    (tmp_path / "text.jpg").write_text("words")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "cut.jpg").write_bytes(encoded(picture((600, 400)), "JPEG")[:2000])
    photos = [None, "", 7, tmp_path, tmp_path / "none.jpg", *sorted(tmp_path.iterdir()), "a\0b"]
    for photo in photos:
        with pytest.raises(PhotoError) as here:
            open_photo(photo)
        with pytest.raises(PhotoError) as there:
            opener(photo)
        assert str(there.value) == str(here.value)
    with pytest.raises(PhotoError, match="the limit is 0.0024 megapixels"):
        opener(EXAMPLES / "group.jpg", max_pixels=2400)


def test_images_and_arrays_are_taken(opener):
    assert is_upright(opener(picture()))
    assert is_upright(opener(np.asarray(picture())))


def test_a_photo_of_standard_input_is_taken(opener, monkeypatch):
    code = (
        "import sys; from gender_age.guarded_opener import GuardedOpener; "
        "from gender_age.standard_input import StandardInput; print(GuardedOpener()(StandardInput()).size)"
    )
    with (EXAMPLES / "group.jpg").open("rb") as photo:
        command = [sys.executable, "-c", code]
        ran = subprocess.run(command, cwd=REPOSITORY, stdin=photo, capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == str(open_photo(EXAMPLES / "group.jpg").size)


def test_a_picture_may_be_changed_and_outlives_its_opener(tmp_path):
    picture().save(tmp_path / "a.png")
    with GuardedOpener() as opener:
        image = opener(tmp_path / "a.png")
    image.putpixel((4, 4), (1, 2, 3))
    assert image.getpixel((4, 4)) == (1, 2, 3)
    image.putpixel((4, 4), (255, 0, 0))
    assert is_upright(image)


def test_a_worker_that_ended_while_it_waited_is_replaced(tmp_path):
    picture().save(tmp_path / "a.png")
    with GuardedOpener() as opener:
        opener(tmp_path / "a.png")
        (pid,) = opener.worker_pids()
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert is_upright(opener(tmp_path / "a.png"))
        assert pid not in opener.worker_pids()


def test_a_worker_is_replaced_after_many_photos(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_process, "PHOTOS_PER_WORKER", 2)
    picture().save(tmp_path / "a.png")
    pids = []
    with GuardedOpener() as opener:
        for _ in range(5):
            assert is_upright(opener(tmp_path / "a.png"))
            pids += opener.worker_pids()
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 1]


def test_many_threads_share_two_workers(tmp_path):
    picture((900, 600)).save(tmp_path / "a.png")
    wanted = open_photo(tmp_path / "a.png").tobytes()
    with GuardedOpener() as opener, ThreadPoolExecutor(8) as threads:
        images = threads.map(opener, [tmp_path / "a.png"] * 40)
        assert all(image.tobytes() == wanted for image in images)
        assert 1 <= len(opener.worker_pids()) <= 2


def test_nothing_is_left_behind(tmp_path):
    picture().save(tmp_path / "a.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    with GuardedOpener() as opener:
        opener(tmp_path / "a.png")
        gc.collect()
        before = sorted(os.listdir("/proc/self/fd"))
        for _ in range(20):
            opener(tmp_path / "a.png")
            with pytest.raises(PhotoError):
                opener(tmp_path / "cut.png")
        gc.collect()
        assert sorted(os.listdir("/proc/self/fd")) == before
        assert "memfd:photo" not in Path("/proc/self/maps").read_text()
        pids = opener.worker_pids()
    assert pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)  # no zombie either


def test_a_program_that_ends_ends_its_workers(tmp_path):
    picture().save(tmp_path / "a.png")
    code = (
        "import sys; from gender_age.guarded_opener import GuardedOpener; opener = GuardedOpener(); "
        "opener(sys.argv[1]); print(*opener.worker_pids())"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "a.png")]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not Path(f"/proc/{ran.stdout.strip()}").exists()


def test_a_forked_process_starts_its_own_workers(tmp_path):
    picture().save(tmp_path / "a.png")
    code = (
        "import os, sys; from gender_age.guarded_opener import GuardedOpener; opener = GuardedOpener(1); "
        "opener(sys.argv[1]); before = opener.worker_pids(); child = os.fork(); image = opener(sys.argv[1]); "
        "same = opener.worker_pids() == before; status = 0 if child else 9 + same; "
        "print(same, flush=True) if child else os._exit(status); print(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["True", "9"], ran.stderr


def test_a_worker_that_cannot_be_started_is_a_sentence(monkeypatch, caplog):
    monkeypatch.setattr(worker_process, "START", "raise SystemExit(3)")
    with GuardedOpener() as opener, pytest.raises(PhotoError, match="cannot be opened just now"):
        opener(EXAMPLES / "group.jpg")
    assert "can be started" in caplog.text


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_where_there_are_no_limits_the_checks_are_used(system, monkeypatch, caplog):
    monkeypatch.setattr(worker_process.sys, "platform", system)
    monkeypatch.delattr(worker_process.socket, "AF_UNIX")
    with caplog.at_level(logging.WARNING), GuardedOpener() as opener:
        for _ in range(2):
            assert opener(EXAMPLES / "group.jpg").size == (1467, 600)
        with pytest.raises(PhotoError, match="is not a photo"):
            opener(EXAMPLES / "SOURCES.md")
    assert caplog.text.count("without limits") == 1


def test_on_linux_there_are_limits(caplog):
    assert GuardedOpener().worker_pids() == []  # none is started before the first photo
    assert caplog.text == ""


@pytest.mark.parametrize("is_limited", [worker_process.has_limits(), False])
def test_no_more_pixels_are_opened_than_the_workers_have_memory_for(is_limited, monkeypatch):
    monkeypatch.setattr("gender_age.guarded_opener.MAX_PIXELS", 1000)
    monkeypatch.setattr("gender_age.guarded_opener.has_limits", lambda: is_limited)
    with GuardedOpener() as opener:
        for photo in (EXAMPLES / "group.jpg", Image.new("RGB", (60, 40))):
            with pytest.raises(PhotoError, match="pixels"):
                opener(photo, 10**9)
