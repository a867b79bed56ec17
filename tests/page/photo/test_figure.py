"""The figure: where boxes are, what labels say, and which files it names."""

import re

import pytest
from PIL import Image

from gender_age.results import PhotoPrediction
from page.photo.figure import NARROW_WH, figure_value, hidden_labels, save_pictures, short_labels
from page.shared.analysis import AnalysedPhoto
from tests import fakes

from .test_cards import Text

DISPLAY = Image.new("RGB", (900, 450), "teal")
CROP = Image.new("RGB", (32, 32), "maroon")


def face(box, **changes):
    return fakes.face(**({"box": box, "age": 40.6} | changes))


def analysed(*faces, name="beach.jpg"):
    photo = fakes.photo(photo=name, width=200, height=100, faces=faces)
    return AnalysedPhoto(photo, DISPLAY, (CROP,) * len(faces))


def html_of(*faces, **options):
    photo = analysed(*faces, **options)
    return figure_value(photo, [f"/cache/{index}.jpg" for index in range(1 + len(faces))])["html"]


def test_boxes_are_buttons_in_percent_of_the_photo():
    html = html_of(face((20, 10, 60, 60)), face((100, 25, 140, 75), uncertain=True))
    boxes = re.findall(r'<button type="button" class="ga-box" data-face="(\d)" aria-pressed="false"', html)
    assert boxes == ["1", "2"]
    assert "left:10.00%;top:10.00%;width:20.00%;height:50.00%" in html
    assert "left:50.00%;top:25.00%;width:20.00%;height:50.00%" in html
    assert 'aria-label="Face 1: 41 years, female"' in html
    assert 'aria-label="Face 2: 41 years, female, uncertain"' in html
    assert re.findall(r'data-face="(\d)"', html) == ["1", "2", "1", "2"], "a box and a card each"


def test_labels_grow_with_the_box():
    html = html_of(face((20, 10, 60, 60), uncertain=True))
    parts = re.search(
        r'<b>1</b><span class="ga-label-age">(.*?)</span><span\s+class="ga-label-gender">(.*?)</span>', html
    )
    assert parts.groups() == (" · 41", ", female?")


def test_a_small_face_lies_over_a_large_box():
    html = html_of(face((0, 0, 180, 100)), face((80, 40, 100, 60)))
    assert re.findall(r"z-index:(\d)", html) == ["1", "2"]


def test_without_faces():
    html = html_of()
    assert "ga-box" not in html
    assert "belong together" not in html
    assert "without boxes" in html


def test_everything_is_escaped():
    evil = '<3>"><script>alert(1)</script>'
    html = html_of(face((20, 10, 60, 60), gender=evil), name=evil)
    parsed = Text(re.sub("<[01]>", "", html))
    assert "script" not in parsed.tags
    assert "<3>" not in html, "a text stands for a file"


@pytest.mark.parametrize(
    ("boxes", "wanted"),
    [
        ([], []),
        ([(10, 10, 40, 50)], [False]),
        ([(10, 30, 60, 80), (100, 30, 150, 80)], [False, False]),
        ([(10, 30, 60, 80), (50, 32, 100, 82)], [True, True]),
        ([(10, 10, 60, 40), (20, 60, 70, 90)], [False, False]),
        ([(10, 30, 60, 80), (50, 32, 100, 82), (140, 30, 180, 80)], [True, True, False]),
        # Both at the upper edge, where labels are inside.
        ([(10, 0, 60, 40), (40, 3, 90, 50)], [True, True]),
    ],
)
def test_labels_of_close_faces_are_short(boxes, wanted):
    assert short_labels([face(box) for box in boxes], (200, 100)) == wanted


@pytest.mark.parametrize(
    ("boxes", "wanted"),
    [
        ([], []),
        ([(10, 30, 60, 80), (50, 32, 100, 82)], [False, False]),
        ([(10, 30, 20, 40), (14, 32, 34, 52)], [True, False]),
        ([(10, 30, 20, 40), (60, 32, 70, 42)], [False, False]),
    ],
)
def test_numbers_that_would_cover_each_other_are_hidden_but_for_the_larger_faces(boxes, wanted):
    shorts = [True] * len(boxes)
    assert hidden_labels([face(box) for box in boxes], (200, 100), shorts, NARROW_WH) == wanted


@pytest.mark.parametrize(("count", "wanted"), [(9, []), (12, [10, 12])])
def test_numbers_of_two_digits_need_more_room(count, wanted):
    faces = [face((30 * index, 30, 30 * index + 26, 60)) for index in range(count)]
    hidden = hidden_labels(faces, NARROW_WH, [True] * count, NARROW_WH)
    assert [number for number, is_hidden in enumerate(hidden, 1) if is_hidden] == wanted


def test_a_label_at_the_right_edge_ends_with_its_box():
    assert "ga-box ga-right" in html_of(face((185, 10, 199, 30)))
    assert "ga-right" not in html_of(face((100, 10, 199, 90)))


def test_pictures_are_files_in_the_order_of_the_html(tmp_path):
    photo = analysed(face((20, 10, 60, 60)), face((100, 25, 140, 75)))
    paths = save_pictures(photo, str(tmp_path))
    assert [Image.open(path).size for path in paths] == [(900, 450), (32, 32), (32, 32)]
    value = figure_value(photo, paths)
    assert [entry["path"] for entry in value["files"]] == list(paths)
    assert [entry["orig_name"] for entry in value["files"]] == ["photo.jpg", "face-1.jpg", "face-2.jpg"]
    assert re.findall(r'src="<(\d)>"', value["html"]) == ["0", "1", "2"]
    assert re.findall(r'href="<(\d)>" download="face-(\d).jpg"', value["html"]) == [("1", "1"), ("2", "2")]
    assert "base64" not in value["html"]


def test_an_unusable_photo_has_no_pictures(tmp_path):
    broken = AnalysedPhoto(PhotoPrediction.unusable("a.jpg", "“a.jpg” is empty."))
    assert save_pictures(broken, str(tmp_path)) == ()
    assert list(tmp_path.iterdir()) == []
