"""JPEG files: the first picture alone counts, and only as much of it as Pillow needs."""

import time

import numpy as np
import pytest
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.images import open_photo
from tests import fakes

from .pictures import encoded, is_upright, picture

SCANS = 3000


def opened(tmp_path, data):
    (tmp_path / "a.jpg").write_bytes(data)
    return open_photo(tmp_path / "a.jpg")


def app1(data, marker=0xE1):
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


@pytest.fixture
def large():
    """Six megapixels, of which five hundred scans are too many."""
    return encoded(picture((3000, 2000)), "JPEG")


@pytest.mark.parametrize("tail", ["video", "picture", "gain map", "scans"])
def test_what_stands_behind_the_picture_does_not_count(tmp_path, large, tail):
    """Motion photos, Ultra HDR and the like: any bytes of a video look like scans."""
    thumbnail = encoded(Image.new("L", (160, 120)), "JPEG")
    tails = {
        "video": b"\0\0\0\x18ftypmp42" + np.random.default_rng(0).bytes(200_000) + b"\xff\xda" * SCANS,
        "picture": large,
        "gain map": thumbnail + thumbnail,
        "scans": thumbnail[:-2] + b"\xff\xda\0\x02" * SCANS,
    }
    assert opened(tmp_path, large + tails[tail]).tobytes() == opened(tmp_path, large).tobytes()


def test_scans_of_thumbnails_do_not_count(tmp_path, large):
    segments = [app1(b"Exif\0\0" + b"\xff\xda" * 30_000), app1(b"JFXX\0" + b"\xff\xda" * 9000, 0xE0)]
    comment = app1(b"\xff\xd9\xff\xda" * 9000, 0xFE)
    data = large[:20] + b"".join(segments) + comment + large[20:]
    assert opened(tmp_path, data).tobytes() == opened(tmp_path, large).tobytes()


@pytest.mark.parametrize("options", [{"restart_marker_blocks": 1}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_restart_markers_and_scans_are_walked_over(tmp_path, options):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    data = encoded(noise, "JPEG", quality=95, **options)
    (tmp_path / "b.jpg").write_bytes(data)
    with Image.open(tmp_path / "b.jpg") as image:
        assert opened(tmp_path, data + b"\xff\xda" * SCANS).tobytes() == image.tobytes()


@pytest.mark.parametrize("count", [101, 500, 20_000])
def test_many_scans_are_refused_at_once(tmp_path, count):
    data = encoded(picture((2000, 2000)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(data[:-2] + last * count + b"\xff\xd9")
    start = time.process_time()
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(tmp_path / "a.jpg")
    assert time.process_time() - start < 0.5


def test_fill_bytes_and_bytes_between_segments(tmp_path):
    data = encoded(picture(), "JPEG")
    place = data.index(b"\xff\xdb")
    assert is_upright(opened(tmp_path, data[:place] + b"\xff" * 7 + data[place:]))
    assert is_upright(opened(tmp_path, data[:place] + b"\0\x01\x02" + data[place:]))


def test_a_picture_that_is_cut_short_stays_damaged(tmp_path):
    data = encoded(picture((600, 400)), "JPEG")
    for share in (0.2, 0.5, 0.95):
        with pytest.raises(PhotoError, match="damaged"):
            opened(tmp_path, data[: int(len(data) * share)])


KINDS = ({}, {"progressive": True}, {"restart_marker_blocks": 7}, {"subsampling": 0}, {"quality": 30, "optimize": True})


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("lost", [1, 2, 6])
def test_a_picture_that_lacks_its_end_is_read(tmp_path, options, lost):
    """Browsers show it. What is lost with the end is a few blocks at most."""
    data = encoded(fakes.noise((160, 120)), "JPEG", **options)
    whole, got = (np.asarray(opened(tmp_path, each)) for each in (data, data[:-lost]))
    assert (whole != got).any(axis=-1).sum() <= (0 if lost <= 2 else 2 * 16 * 16)


def test_a_progressive_picture_may_lack_part_of_its_last_scan(tmp_path):
    data = encoded(fakes.noise((40, 30)).resize((160, 120)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    whole, got = (np.asarray(opened(tmp_path, each), int) for each in (data, data[: last + 200]))
    assert 0 < np.abs(whole - got).mean() < 4
    with pytest.raises(PhotoError, match="damaged"):
        opened(tmp_path, data[: last - 20])


@pytest.mark.parametrize("options", KINDS)
def test_a_picture_that_lacks_a_row_of_blocks_is_damaged(tmp_path, options):
    data = encoded(fakes.noise((160, 120)), "JPEG", **options)
    with pytest.raises(PhotoError, match="damaged"):
        opened(tmp_path, data[: len(data) // 2 if "progressive" in options else len(data) * 9 // 10])
