"""Boxes and labels on the display copy."""

import itertools

import numpy as np
import pytest
from PIL import Image, ImageColor, ImageDraw

from page.shared.drawing import COLOURS, display_copy, draw_faces, face_colours, label_texts
from page.shared.wording import shown_age
from tests import fakes


def face(box=(10, 10, 50, 60), **changes):
    return fakes.face(**({"box": box, "age": 41.6, "age_interval": (33.0, 52.0)} | changes))


def count(image, colour):
    """Pixels of exactly this colour."""
    return int((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=2).sum())


@pytest.mark.parametrize(
    ("size_wh", "wanted"),
    [
        ((4000, 3000), (1600, 1200)),
        ((40, 4000), (16, 1600)),
        ((1600, 1000), (1600, 1000)),
        ((1000, 800), (1000, 800)),
        ((205, 240), (769, 900)),
        ((30, 20), (240, 160)),
        ((1, 1), (8, 8)),
    ],
)
def test_display_size(size_wh, wanted):
    assert draw_faces(Image.new("RGB", size_wh), []).size == wanted


def test_no_face_draws_nothing():
    photo = Image.new("RGB", (1000, 800), "grey")
    assert draw_faces(photo, []).tobytes() == photo.tobytes()


def test_the_photo_stays_as_it_is():
    photo = Image.new("RGB", (1000, 800), "grey")
    before = photo.tobytes()
    draw_faces(photo, [face((100, 100, 300, 300))])
    assert photo.tobytes() == before


@pytest.mark.parametrize("size_wh", [(4000, 3000), (800, 600), (120, 90), (900, 1600)])
def test_box_lies_around_the_face_at_any_size(size_wh):
    photo = Image.new("RGB", size_wh, "grey")
    box = tuple(round(side * share) for side, share in zip(size_wh * 2, (0.3, 0.4, 0.6, 0.8), strict=True))
    copy = draw_faces(photo, [face(box)])
    fill = ImageColor.getrgb(face_colours(1)[0])
    x1, y1, x2, y2 = (round(value * copy.width / size_wh[0]) for value in box)
    middle_x, middle_y = (x1 + x2) // 2, (y1 + y2) // 2
    line = max(2, round(max(copy.size) * 0.004))
    for x, y in ((x1 + line // 2, middle_y), (x2 - line // 2, middle_y), (middle_x, y2 - line // 2)):
        assert copy.getpixel((x, y)) == fill
    assert copy.getpixel((middle_x, middle_y)) == (128, 128, 128)
    assert count(copy, face_colours(1)[0]) > copy.width * copy.height * 0.005


@pytest.mark.parametrize("size_wh", [(4000, 3000), (300, 200)])
def test_boxes_of_the_frame_on_a_display_copy(size_wh):
    photo = Image.effect_noise(size_wh, 60).convert("RGB")
    box = tuple(round(side * share) for side, share in zip(size_wh * 2, (0.3, 0.4, 0.6, 0.8), strict=True))
    drawn = draw_faces(display_copy(photo), [face(box)], size_wh)
    assert drawn.tobytes() == draw_faces(photo, [face(box)]).tobytes()


def labels_of(monkeypatch, size_wh, faces):
    """The texts drawn, and their rectangles, both in drawing order."""
    texts, rectangles = [], []
    text, rectangle = ImageDraw.ImageDraw.text, ImageDraw.ImageDraw.rectangle

    def record_text(self, xy, content, *args, **options):
        texts.append(content)
        return text(self, xy, content, *args, **options)

    def record_rectangle(self, xy, fill=None, **options):
        if fill is not None:
            rectangles.append(xy)
        return rectangle(self, xy, fill, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record_text)
    monkeypatch.setattr(ImageDraw.ImageDraw, "rectangle", record_rectangle)
    copy = draw_faces(Image.new("RGB", size_wh, "grey"), faces)
    return copy, texts, rectangles


@pytest.mark.parametrize(
    "box", [(0, 0, 100, 100), (900, 0, 1000, 90), (0, 700, 90, 800), (900, 700, 1000, 800), (0, 0, 1000, 800)]
)
def test_labels_stay_inside(monkeypatch, box):
    copy, texts, (place,) = labels_of(monkeypatch, (1000, 800), [face(box)])
    assert texts == ["1 · 42, female"]
    assert place[0] >= 0
    assert place[1] >= 0
    assert place[2] <= copy.width
    assert place[3] <= copy.height


def test_labels_of_neighbours_do_not_overlap(monkeypatch):
    faces = [face((x, 300, x + 60, 370)) for x in range(20, 900, 70)]
    _, texts, places = labels_of(monkeypatch, (1000, 800), faces)
    assert [text.split(" ")[0] for text in texts] == [str(number) for number in range(1, len(faces) + 1)]
    for a, b in itertools.combinations(places, 2):
        assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_numbers_stand_beside_boxes_where_there_is_no_room_above_below_or_inside(monkeypatch):
    corners = ((120, 120), (130, 120), (130, 130), (170, 160))
    _, _, places = labels_of(monkeypatch, (1000, 800), [face((x, y, x + 20, y + 25)) for x, y in corners])
    for a, b in itertools.combinations(places, 2):
        assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_a_crowd_keeps_every_number(monkeypatch):
    faces = [face((x, y, x + 12, y + 14)) for y in range(0, 390, 26) for x in range(0, 490, 20)]
    copy, texts, places = labels_of(monkeypatch, (500, 400), faces)
    assert [text.split(" ")[0] for text in texts] == [str(number) for number in range(1, len(faces) + 1)]
    assert all(place[1] >= 0 and place[3] <= copy.height for place in places)


@pytest.mark.parametrize("size_wh", [(40, 4000), (1, 1), (5, 3)])
def test_faces_of_tiny_and_narrow_photos(monkeypatch, size_wh):
    _, texts, _ = labels_of(monkeypatch, size_wh, [face((0, 0, *size_wh))])
    assert texts[0].startswith("1")


def test_label_texts():
    assert label_texts(3, face(gender="male")) == ("3 · 42, male", "3 · 42", "3")
    assert label_texts(1, face(uncertain=True))[0] == "1 · 42, female?"


@pytest.mark.parametrize(("age", "text"), [(0.2, "0"), (41.6, "42"), (99.4, "99"), (99.6, "100+"), (100.0, "100+")])
def test_shown_age(age, text):
    assert shown_age(age) == text


def luminance(colour):
    """Relative luminance, WCAG 2."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.divide(ImageColor.getrgb(colour), 255)
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize(("fill", "ink"), COLOURS)
def test_labels_have_contrast(fill, ink):
    light, dark = sorted((luminance(fill), luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_colours_start_over():
    assert face_colours(len(COLOURS) + 1) == face_colours(1) != face_colours(2)
