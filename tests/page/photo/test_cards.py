"""Summary line and face cards: what they say, and that nothing gets through unescaped."""

import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from page.photo.cards import WELCOME, faces_html, summary_html
from page.photo.hints import DARK, SMALL
from page.shared.notes import note_html
from page.shared.wording import in_short, shown_probability, times_out_of
from tests import fakes

# Sharp and bright, and as large as the box of the face below wants it.
CROP = Image.effect_noise((48, 48), 90).convert("RGB")


def face(**changes):
    values = {"box": (10, 10, 70, 80), "gender_probability": 0.934, "age": 41.6, "age_interval": (33.2, 52.4)}
    return fakes.face(**(values | changes))


def prediction(*faces, **changes):
    return fakes.photo(**({"photo": "beach.jpg", "width": 200, "height": 100, "faces": faces} | changes))


class Text(HTMLParser):
    """Collects the visible text, the tags and the attributes; fails on tags that do not match."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags, self.attributes, self.open = [], [], [], []
        self.feed(html)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data.split()

    def __str__(self):
        return " ".join(self.words)


def test_no_photo_yet():
    assert str(Text(WELCOME)).startswith("Choose a photo")


def test_no_face_says_what_to_try():
    text = str(Text(summary_html(prediction())))
    assert text.startswith("No face was found in “beach.jpg”. Try")
    assert "<li" not in faces_html(prediction(), ())


def test_unusable_photo():
    html = summary_html(prediction(width=None, height=None, error="“a.jpg” is empty."))
    assert "“a.jpg” is empty." in str(Text(html))
    assert 'role="alert"' in html


def test_summary():
    assert str(Text(summary_html(prediction(face())))) == "1 face found in “beach.jpg” 200 × 100 pixels"
    assert "” Gender uncertain. 200" in str(Text(summary_html(prediction(face(uncertain=True)))))
    ages = (face(age=30.2), face(uncertain=True, age=71.0), face(age=50.0))
    assert "Together: median age 50, youngest 30, oldest 71. Gender uncertain for 1." in summary_html(prediction(*ages))
    text = str(Text(summary_html(prediction(face(), face(uncertain=True), rotation=90))))
    assert text.startswith("2 faces found")
    assert "turned by 90° counter-clockwise" in text
    assert "Gender uncertain for 1" in text


def test_summary_under_thresholds():
    assert str(Text(summary_html(prediction(face()), 3))).startswith("1 of 3 faces shown in “beach.jpg” 200 × 100")
    text = str(Text(summary_html(prediction(), 1)))
    assert text.startswith("0 of 1 face shown in “beach.jpg” Show them again")
    assert "No face was found" not in text


def card(**changes):
    return faces_html(prediction(face(**changes)), (CROP,))


def test_card():
    html = card()
    text = str(Text(html))
    assert "42 years most likely 33–52 (4 times out of 5) 0 20 40" in text
    assert "female probability 93%" in text
    assert "uncertain" not in text
    assert 'style="left:33.2%;width:19.2%"' in html
    assert 'style="left:41.6%"' in html
    assert 'aria-label="age 42, interval 33–52, on an axis from 0 to 100 years"' in html
    assert 'aria-label="female with a probability of 93%, on a scale from female to male"' in html
    assert "under 18" not in text
    assert "may be off" not in text


@pytest.mark.parametrize(
    ("gender", "probability", "uncertain", "place"),
    [
        ("female", 0.934, False, ("6.6", "43.4", "6.6")),
        ("male", 0.6, True, ("50.0", "10.0", "60.0")),
        ("female", 0.5, True, ("50.0", "0.0", "50.0")),
        ("male", 1.0, False, ("50.0", "50.0", "100.0")),
    ],
)
def test_one_scale_from_female_to_male(gender, probability, uncertain, place):
    html = card(gender=gender, gender_probability=probability, uncertain=uncertain)
    left, width, point = place
    assert f'style="left:{left}%;width:{width}%"></span>\n    <span class="ga-point" style="left:{point}%">' in html
    assert ("ga-unsure" in html) == uncertain


def test_what_a_card_offers_and_a_sample_does_not():
    html = card()
    assert re.findall(r'data-act="(\w+)"', html) == ["why", "copy"]
    assert 'href="<1>" download="face-1.jpg"' in html
    assert 'data-text="42 years, female (most likely 33–52, 4 times out of 5)"' in html
    sample = faces_html(prediction(face()), (CROP,), is_sample=True)
    for part in ("button", "data-act", "data-face", 'class="ga-face"'):
        assert part not in sample
    assert "42 years" in str(Text(sample))


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.8, "4 times out of 5"), (0.9, "9 times out of 10"), (0.5, "1 time out of 2"), (0.68, "68 times out of 100")],
)
def test_a_share_in_words(share, words):
    assert times_out_of(share) == words


def test_uncertain_is_said_in_words():
    html = card(uncertain=True)
    assert "female uncertain" in str(Text(html))
    assert "ga-unsure" in html


@pytest.mark.parametrize(("age", "interval"), [(100.0, (90.0, 100.0)), (0.0, (0.0, 0.0)), (100.0, (-3.0, 119.0))])
def test_ends_of_the_axis(age, interval):
    html = card(age=age, age_interval=interval)
    for left, width in re.findall(r"left:([-\d.]+)%;width:([-\d.]+)%", html):
        assert 0 <= float(left) <= float(left) + float(width) <= 100
    assert ("100+" in str(Text(html))) == (age == 100.0)


def test_cards_are_numbered_and_name_their_pictures():
    html = faces_html(prediction(face(), face(box=(130, 20, 170, 60))), (CROP, CROP))
    assert re.findall(r'<span class="ga-number">(\d+)</span>', html) == ["1", "2"]
    assert re.findall(r'<img src="<(\d+)>"', html) == ["1", "2"]
    assert re.findall(r'<li class="ga-face" data-face="(\d+)"', html) == ["1", "2"]
    assert html.count('<button type="button" class="ga-crop" aria-pressed="false" aria-label="Face ') == 2


def test_a_card_says_how_probably_the_face_is_a_minors():
    # By its probability alone, whatever the age's interval is.
    assert str(Text(card(under_18=0.31, age_interval=(20.0, 60.0)))).count("Could be under 18 (31%)") == 1
    assert "under 18" not in str(Text(card(under_18=0.01, age_interval=(3.0, 60.0))))


def test_hints_are_on_the_card():
    dark = CROP.point(lambda value: value // 8)
    text = str(Text(faces_html(prediction(face(box=(10, 10, 30, 35))), (dark,))))
    assert f"This answer may be off {SMALL} {DARK}" in text


def test_in_short():
    assert in_short(face()) == "42 years, female"
    assert in_short(face(uncertain=True, age=100.0)) == "100+ years, female, uncertain"


def test_everything_is_escaped():
    evil = "<script>alert(1)</script>\"'&.jpg"
    pages = [
        summary_html(prediction(photo=evil)),
        summary_html(prediction(face(), photo=evil)),
        summary_html(prediction(error=evil)),
        note_html("found", evil, evil),
        card(gender=evil),
    ]
    for page in pages:
        parsed = Text(page)
        assert "script" not in parsed.tags
        assert "<script>alert(1)</script>" in str(parsed)


def test_a_note():
    html = note_html("none", "Nothing", "at all", "alert", more="<i>but this</i>")
    assert html == (
        '<div class="ga-note ga-none" role="alert"><strong>Nothing</strong> <span>at all</span><i>but this</i></div>'
    )
    assert note_html("found", "All") == '<div class="ga-note ga-found" role="status"><strong>All</strong></div>'


@pytest.mark.parametrize(("probability", "shown"), [(0.5, "50%"), (0.9, "90%"), (0.99, "99%"), (0.998, "over 99%")])
def test_a_probability_never_says_that_all_doubt_is_gone(probability, shown):
    assert shown_probability(probability) == shown
