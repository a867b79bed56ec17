"""The model is shared among visitors photo by photo, over a real socket."""

import io
import threading
import time
import zipfile

import pytest
from PIL import Image

import app
from gender_age.errors import PhotoError, PhotoTooLargeError
from gender_age.images import MAX_PIXELS, open_photo
from gender_age.prediction import GenderAgePredictor
from page.shared import opening
from tests import fakes
from tests.robustness.pages import Caller

SEARCH_S, PHOTOS = 0.1, 40


class SlowDetector(fakes.FakeDetector):
    """Takes a while for every photo, and counts how many are searched at once."""

    def __init__(self):
        super().__init__(lambda image: (0, [fakes.detected_face(box=(0, 0, *image.size))]))
        self.inside, self.most = 0, 0

    def detect_any_rotation(self, image, min_score=None):
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(SEARCH_S)
        self.inside -= 1
        return super().detect_any_rotation(image, min_score)


@pytest.fixture
def detector():
    return SlowDetector()


@pytest.fixture
def caller(detector, tiny_model_folder, tmp_path, monkeypatch):
    """Of the whole page, with a small model."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    loaded = GenderAgePredictor.from_pretrained(tiny_model_folder)
    demo = app.build_demo(GenderAgePredictor(loaded.model, loaded.image_processor, detector))
    options = app.launch_options() | {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
    yield Caller(demo.launch(**options)[1])
    demo.close()


def photo(width):
    stream = io.BytesIO()
    Image.new("RGB", (width, 40), "teal").save(stream, "PNG")
    return stream.getvalue()


def many(count):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.png", photo(40 + number))
    return stream.getvalue()


def in_background(function, *arguments):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function(*arguments)))
    thread.start()
    return thread, answers


def test_photos_are_answered_while_somebody_elses_many_run(caller, detector):
    runs = [in_background(caller.predict_batch, ("many.zip", many(PHOTOS))) for _ in range(2)]
    times = []
    while any(thread.is_alive() for thread, _ in runs):
        begun = time.monotonic()
        assert caller.predict("one.png", photo(300 + len(times)))["width"] == 300 + len(times)
        times.append(time.monotonic() - begun)
    assert len(times) > 3
    assert max(times) < 3
    assert detector.most == 2, "the model has two threads"
    for thread, answers in runs:
        thread.join()
        assert [each["width"] for each in answers[0]] == list(range(40, 40 + PHOTOS))
        assert [each["photo"] for each in answers[0]] == [f"{number}.png" for number in range(PHOTOS)]


def test_a_large_photo_keeps_nobody_from_the_model(caller, monkeypatch):
    opened, most = [], []

    def open_slowly(path, max_pixels=MAX_PIXELS):
        image = open_photo(path)
        if image.width < 1000:
            return image
        if max_pixels < MAX_PIXELS:
            raise PhotoTooLargeError(f"It is too large: the limit is {opening.USUAL_PIXELS / 1e6:g} megapixels.")
        opened.append(path)
        most.append(len(opened))
        time.sleep(2 if len(most) == 1 else 0.2)  # the small one is asked for while the first is opened
        opened.pop()
        return image

    monkeypatch.setattr(opening, "page_opener", lambda: open_slowly)
    large = [in_background(caller.predict, f"large{number}.png", photo(1000 + number)) for number in range(3)]
    time.sleep(0.5)
    begun = time.monotonic()
    assert caller.predict("small.png", photo(50))["width"] == 50
    assert time.monotonic() - begun < 1.5
    for number, (thread, answers) in enumerate(large):
        thread.join()
        assert answers[0]["width"] == 1000 + number
    assert most == [1, 1, 1], "large photos are opened one at a time"


def test_a_photo_of_more_than_a_usual_size_is_opened_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "USUAL_PIXELS", 1_000_000)
    Image.effect_noise((1200, 1000), 50).save(tmp_path / "large.jpg")
    with opening.opened_in_turn(tmp_path / "large.jpg") as image_rgb:
        assert image_rgb.tobytes() == open_photo(tmp_path / "large.jpg").tobytes()
        assert opening.LARGE_PLACES._free == 0
        assert opening.USUAL_PLACES._free == 4
    assert opening.LARGE_PLACES._free == 1
    (tmp_path / "notes.jpg").write_text("Dear all")
    with pytest.raises(PhotoError, match="holds text"), opening.opened_in_turn(tmp_path / "notes.jpg"):
        pass
    assert (opening.USUAL_PLACES._free, opening.LARGE_PLACES._free) == (4, 1)
