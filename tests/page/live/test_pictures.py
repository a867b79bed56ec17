"""What the Live tab makes of a picture and of the faces in it."""

import base64
import re
import sys
import time

import numpy as np
import pytest
from gradio.data_classes import ImageData
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from gender_age.tracking import FaceTracker
from page.inputs.camera import FRAME_SIDE, camera_frame
from page.live.html import boxes_html, cards_html, count_html, faces_in_view, rate_html
from page.live.tab import MIN_SCORE, NEW_AFTER_S, TEXT_EVERY_S, LiveSession
from tests import fakes
from tests.robustness.bombs import progressive_jpeg

from .test_tab import picture

CERTAIN = fakes.face(box=(10, 10, 26, 30))
DOUBTFUL = fakes.face(box=(40, 10, 56, 30), score=MIN_SCORE - 0.05)


def seen(number=1, **changes):
    return fakes.tracked_face(
        **({"number": number, "gender_probability": 0.91, "age": 41.2, "age_interval": (33.0, 52.4)} | changes)
    )


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "data:image/jpeg;base64,",
        "data:image/jpeg;base64,????",
        "data:image/jpeg;base64," + base64.b64encode(b"Dear all").decode(),
        picture(kind="PNG"),
        picture(kind="PNG").replace("image/png", "image/jpeg"),
        picture()[:-300],
        picture(size_wh=(5000, 8)),
        "data:image/jpeg;base64," + "A" * 1_600_000,
        "http://127.0.0.1/face.jpg",
    ],
    ids=["none", "empty", "no data", "no base64", "text", "png", "named jpeg", "cut", "long", "huge", "address"],
)
def test_what_is_no_picture_of_a_camera(url):
    assert camera_frame(ImageData(url=url)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")
def test_the_page_itself_decodes_no_picture(monkeypatch):
    monkeypatch.setattr(JpegImageFile, "load", lambda image: pytest.fail("decoded here"))
    assert camera_frame(ImageData(url=picture(77))).getpixel((3, 3)) == (77, 77, 77)


def test_a_picture_of_many_scans_is_none_of_a_camera():
    """100 kB of them took 21 s of processor time."""
    jpeg = progressive_jpeg((4096, 4096), 90)
    url = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    begun = time.process_time()
    assert camera_frame(ImageData(url=url)) is None
    assert time.process_time() - begun < 0.2
    assert camera_frame(ImageData(url=picture(77, (4096, 3000)))) is not None


def test_no_payload_and_paths_are_no_picture(tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    assert camera_frame(None) is None
    assert camera_frame(ImageData(path=str(tmp_path / "a.jpg"))) is None


@pytest.mark.parametrize(
    ("size_wh", "wanted"), [((64, 48), (64, 48)), ((640, 480), (640, 480)), ((1920, 1440), (640, 480))]
)
def test_pictures_are_at_most_as_large_as_needed(size_wh, wanted):
    frame_rgb = camera_frame(ImageData(url=picture(77, size_wh)))
    assert frame_rgb.size == wanted
    assert max(frame_rgb.size) <= FRAME_SIDE
    assert np.asarray(frame_rgb).mean() == pytest.approx(77, abs=2)
    assert frame_rgb.mode == "RGB"


def test_only_certain_faces_are_followed_and_texts_change_calmly():
    session = LiveSession(FaceTracker(0.7))
    assert session.rate.per_second is None
    faces = session.follow(fakes.photo(width=64, height=48, faces=(CERTAIN, DOUBTFUL)), 5.0)
    assert [one.number for one in faces] == [1]
    assert session.renews_texts(faces, 5.0)
    assert not session.renews_texts(faces, 5.0 + TEXT_EVERY_S / 2)
    assert session.renews_texts([*faces, seen(2)], 5.0 + TEXT_EVERY_S / 2), "a new face has to wait"
    assert session.renews_texts([*faces, seen(2)], 5.0 + 2 * TEXT_EVERY_S)
    session.numbers = None
    assert session.renews_texts([], 5.0 + 2 * TEXT_EVERY_S)


def test_after_a_pause_it_is_another_stream():
    session = LiveSession(FaceTracker(0.7))
    assert not session.is_over(100.0)
    session.follow(fakes.photo(width=64, height=48), 100.0)
    assert not session.is_over(100.0 + NEW_AFTER_S / 2)
    assert session.is_over(101.0 + NEW_AFTER_S)


def test_boxes_lie_where_the_faces_are():
    faces = [seen(box=(160.0, 120.0, 320.0, 360.0)), seen(2, box=(480.0, 20.0, 620.0, 200.0), uncertain=True)]
    html = boxes_html(faces, (640, 480), 7)
    html = re.sub("</?i>", "", html)
    first, second = re.findall(r'<div class="(ga-live-box[^"]*)" style="([^"]*)"><span>([^<]*)</span>', html)
    assert first[0] == "ga-live-box"
    assert first[1].startswith("left:25.00%;top:25.00%;width:25.00%;height:50.00%;")
    assert first[2] == "1 · female, 41"
    assert second[0] == "ga-live-box ga-live-right ga-live-inside"
    assert second[2] == "2 · female?, 41"
    assert "--ga-ratio:1.3333" in html
    assert 'data-picture="7"' in html
    assert 'aria-hidden="true"' in html
    assert "ga-live-box" not in boxes_html([], (640, 480), 8)


def test_cards_say_all_in_words():
    html = cards_html([seen(), seen(3, age=99.8, gender="male", gender_probability=0.999), seen(4, uncertain=True)])
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert words.startswith("1 41 years most likely 33–52 years female probability 91% 3 100+ years")
    assert "male probability over 99%" in words
    assert words.count("uncertain") == 1
    assert cards_html([]) == ""


def test_sentences():
    assert [faces_in_view(number) for number in (0, 1, 2)] == [
        "No face in view.",
        "1 face in view.",
        "2 faces in view.",
    ]
    assert count_html("<b>") == '<p class="ga-live-count" role="status">&lt;b&gt;</p>'
    assert rate_html(None) == ""
    assert "<b>10</b> pictures a second" in rate_html(9.6)
    assert "<b>0.7</b> pictures a second" in rate_html(0.71)
