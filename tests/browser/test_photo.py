"""The Photo tab in a real browser, with the real model."""

import re

import numpy as np
import pytest
from PIL import Image, ImageColor

from .steps import EXAMPLES, ONE_VIEW, choose, first_in

MARKED = "[...document.querySelectorAll('#faces [aria-current]')].map(part => part.className + part.dataset.face)"
PRESSED = "[...document.querySelectorAll('#faces [aria-pressed=true]')].map(button => button.className)"
BOX_IN_PHOTO = """(number) => {
  const box = document.querySelector(`.ga-box[data-face="${number}"]`).getBoundingClientRect();
  const photo = document.querySelector('.ga-photo img').getBoundingClientRect();
  const [width, height] = [photo.width, photo.height];
  return [(box.left - photo.left) / width, (box.top - photo.top) / height,
          (box.right - photo.left) / width, (box.bottom - photo.top) / height];
}"""
LABELS = "[...document.querySelectorAll('.ga-label')].map(label => label.innerText.trim())"
LABEL_PLACES = """[...document.querySelectorAll('.ga-label')].map(label => {
  const place = label.getBoundingClientRect(), photo = label.closest('.ga-photo').getBoundingClientRect();
  return {size: parseFloat(getComputedStyle(label).fontSize), inside: place.top >= photo.top - 4};
})"""

# Pairs of labels of which one covers a part of the other, and the number of all.
COVERED = """() => {
  const labels = [...document.querySelectorAll('.ga-label')].filter((label) => label.checkVisibility());
  const places = labels.map((label) => label.getBoundingClientRect()), pairs = [];
  places.forEach((a, index) => places.slice(0, index).forEach((b, other) => {
    const isFree = a.right < b.left + 1 || b.right < a.left + 1 || a.bottom < b.top + 1 || b.bottom < a.top + 1;
    if (!isFree) pairs.push([labels[index].innerText, labels[other].innerText]);
  }));
  return [labels.length, pairs];
}"""


def summary(page, kind):
    page.wait_for_selector(f"#summary .ga-{kind}")
    return page.inner_text("#summary")


def in_view(page, selector):
    page.wait_for_function(
        """(selector) => {
          const place = document.querySelector(selector).getBoundingClientRect();
          return place.bottom > 0 && place.top < innerHeight;
        }""",
        arg=selector,
    )


def near(image, colour):
    """Pixels close to this colour."""
    difference = np.abs(np.asarray(image).astype(int) - ImageColor.getrgb(colour)).max(axis=2)
    return int((difference < 24).sum())


def card_text(page, number):
    return " ".join(page.locator("#faces .ga-face").nth(number - 1).inner_text().split())


@first_in("phone-dark")
def test_a_photo_its_boxes_and_its_cards(page):
    choose(page, EXAMPLES / "group.jpg")
    assert "3 faces found in “group.jpg”" in summary(page, "found")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    page.wait_for_function("[...document.querySelectorAll('#faces img')].every(image => image.naturalWidth >= 96)")
    for number in range(1, 4):
        text = card_text(page, number)
        assert re.search(
            rf"^{number} \d+\+? years most likely \d+–\d+\+? \(4 times out of 5\) 0 20 40 60 80 100 (fe)?male", text
        ), text
        assert re.search(r"probability (over )?\d+%", text), text
    for number, label in enumerate(page.evaluate(LABELS), 1):
        assert re.fullmatch(rf"{number}( · \d+\+?(, (fe)?male\??)?)?", label)
    for place in page.evaluate(LABEL_PLACES):
        assert place["size"] >= 13
        assert place["inside"]

    page.click("#details button")
    page.wait_for_selector("#json >> text=gender_probability")


@first_in("phone-dark")
def test_faces_and_cards_mark_each_other(page):
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    before = page.evaluate("getComputedStyle(document.querySelector('.ga-box')).borderTopWidth")
    page.click(".ga-box[data-face='1']")
    assert page.evaluate(MARKED) == ["ga-box1", "ga-face1"]
    assert page.evaluate(PRESSED) == ["ga-box", "ga-crop"]
    in_view(page, ".ga-face[data-face='1']")
    after = page.evaluate("getComputedStyle(document.querySelector('.ga-box')).borderTopWidth")
    assert float(after[:-2]) > float(before[:-2]), "only the colour tells"

    page.click(".ga-face[data-face='3'] .ga-age")
    assert page.evaluate(MARKED) == ["ga-box3", "ga-face3"]
    in_view(page, ".ga-box[data-face='3']")

    page.evaluate("document.querySelector('.ga-box').focus({preventScroll: true})")
    assert page.evaluate(MARKED) == ["ga-box1", "ga-face1"]
    page.keyboard.press("Escape")
    assert page.evaluate(MARKED) == []
    page.keyboard.press("Enter")
    assert page.evaluate(MARKED) == ["ga-box1", "ga-face1"]
    in_view(page, ".ga-face[data-face='1']")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate(MARKED) == ["ga-box2", "ga-face2"]

    # Another content brings no mark with it, and the new faces mark each other as well.
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)  # the page still scrolls to the card
    page.click("#which button >> nth=0")
    page.locator("#smallest input[type=number]").scroll_into_view_if_needed()
    page.fill("#smallest input[type=number]", "18")
    page.press("#smallest input[type=number]", "Enter")
    page.wait_for_selector("#summary >> text=/of 3 faces shown/")
    shown = int(page.inner_text("#summary")[0])
    assert 0 < shown < 3
    page.wait_for_function("(count) => document.querySelectorAll('.ga-box').length === count", arg=shown)
    assert page.locator(".ga-face").count() == shown
    assert page.evaluate(MARKED) == []
    page.click(f".ga-box[data-face='{shown}']")
    assert page.evaluate(MARKED) == [f"ga-box{shown}", f"ga-face{shown}"]


@ONE_VIEW
def test_the_answer_of_a_card_is_copied_and_a_screen_reader_is_told(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, EXAMPLES / "hopper.jpg")
    page.click("#faces [data-act=copy]")
    page.wait_for_selector("#faces [data-act=copy] [aria-live=polite] >> text=Copied")
    assert re.match(r"\d+ years, (fe)?male", page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name="Copy face 1", exact=True).wait_for()


@ONE_VIEW
def test_no_label_of_a_crowd_covers_another(page, tmp_path):
    with Image.open(EXAMPLES / "congress.jpg") as six:
        faces = [
            six.crop((x + 45, y + 50, x + 155, y + 190)).resize((80, 102)) for y in (0, 250) for x in (0, 200, 400)
        ]
    crowd = Image.new("RGB", (800, 306))
    for index in range(30):
        crowd.paste(faces[index % 6], (index % 10 * 80, index // 10 * 102))
    crowd.save(tmp_path / "crowd.png")
    choose(page, tmp_path / "crowd.png")
    page.wait_for_selector("#summary >> text=30 faces found")
    page.wait_for_selector(".ga-box >> nth=29")
    for width, least in ((320, 10), (390, 10), (1280, 30)):
        page.set_viewport_size({"width": width, "height": 844})
        count, covered = page.evaluate(COVERED)
        assert covered == [], width
        assert count >= least, "there is little to cover"
    page.set_viewport_size({"width": 390, "height": 844})
    muted = page.locator(".ga-narrow-mute").first
    assert muted.locator(".ga-label").is_hidden()
    muted.hover()
    assert muted.locator(".ga-label").is_visible()


@ONE_VIEW
def test_an_example_click_works(page):
    page.click("#stress button.gallery-item >> nth=1")
    text = summary(page, "found")
    assert "1 face found in “obama-turned.jpg”" in text
    assert "turned by 90°" in text
    page.wait_for_function("document.querySelector('.ga-photo img')?.naturalWidth > 0")
    width, height = page.evaluate(
        "(({naturalWidth: w, naturalHeight: h}) => [w, h])(document.querySelector('.ga-photo img'))"
    )
    assert height > width
    page.get_by_role("button", name="Example: hopper small dim").click()
    page.wait_for_selector("#summary >> text=hopper-small-dim.jpg")
    page.wait_for_selector("#faces .ga-hints >> text=dark")


@pytest.fixture
def unusable(tmp_path):
    (tmp_path / "notes.jpg").write_text("Dear all,\n")
    Image.new("RGB", (640, 480), (90, 140, 90)).save(tmp_path / "meadow.jpg")
    return tmp_path


@ONE_VIEW
def test_what_cannot_be_shown_is_a_sentence_and_the_page_goes_on(page, unusable):
    choose(page, unusable / "notes.jpg")
    text = summary(page, "error")
    assert "This photo cannot be used." in text
    assert "“notes.jpg” is not a photo (it holds text)" in text
    assert page.locator("#faces .ga-face").count() == 0
    assert page.locator(".toast-body").count() == 0, "a red error box"

    choose(page, unusable / "meadow.jpg")
    text = summary(page, "none")
    assert "No face was found in “meadow.jpg”" in text
    assert "Try a photo" in text
    page.wait_for_function("document.querySelector('#faces .ga-photo img')?.naturalWidth > 0")
    assert page.locator("#faces .ga-box").count() == 0

    choose(page, EXAMPLES / "collins.jpg")
    assert "1 face found" in summary(page, "found")
