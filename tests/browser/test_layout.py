"""What all tabs share: their names on a phone, the page on paper, and "Use via API"."""

import re

import pytest

from .steps import EXAMPLES, ONE_VIEW, answered, choose, open_tab
from .test_words import INNER_NAMES, TABS

NARROW = 360
# Elements to press or fill in that a reader of the page would see, but for what is part of the picture.
CONTROLS = """[...document.querySelectorAll('button, input, textarea, select, a, [role=tab]')]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 1)
  .filter((each) => !each.matches('.ga-box, .ga-crop')).map((each) => each.outerHTML.slice(0, 120))"""
# What a reader cannot reach; tables, code and the strip scroll.
OUTSIDE = """[...document.querySelectorAll('#tabs *')].filter((each) => each.checkVisibility())
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 2)
  .filter((each) => !each.closest('.ga-thumbs, #json, pre, table, .ga-unseen, svg'))
  .map((each) => each.outerHTML.slice(0, 120))"""
# Too low or too narrow for a finger.
SMALL = """[...document.querySelectorAll('#tabs button, #tabs select, #tabs input:not([type=file], [type=radio])')]
  .filter((each) => each.checkVisibility()).filter((each) => {
    const { width, height } = each.getBoundingClientRect();
    return width && (width < 40 || height < 40);
  }).map((each) => each.outerHTML.slice(0, 120))"""
COLOURS = "each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"


@ONE_VIEW
def test_every_tab_is_in_view_on_a_phone(page):
    page.set_viewport_size({"width": NARROW, "height": 740})
    tops = set()
    for name in TABS:
        box = page.get_by_role("tab", name=name, exact=True).bounding_box()
        assert box["height"] >= 40, name
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW
        tops.add(round(box["y"]))
        open_tab(page, name)
        assert page.get_by_role("tab", name=name, exact=True).get_attribute("aria-selected") == "true"
        page.wait_for_function("!document.querySelector('.pending')")
        assert page.evaluate(SMALL) == [], name
    assert len(tops) == 1, "the tabs take two rows"


@ONE_VIEW
def test_the_buttons_of_an_input_leave_its_label_to_be_read(page):
    page.set_viewport_size({"width": 768, "height": 1024})
    open_tab(page, "Many photos")
    page.set_input_files("#many-files input[type=file]", EXAMPLES / "group.jpg")
    page.wait_for_selector("#many-files td.filename >> text=group")
    label, button = (page.locator(f"#many-files {each}").first for each in ("label", ".icon-button-wrapper"))
    assert label.bounding_box()["x"] + label.bounding_box()["width"] <= button.bounding_box()["x"]


@ONE_VIEW
def test_text_of_double_size_and_the_narrowest_phones_lose_nothing(page):
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    sizes = []
    for width, text in ((320, "100%"), (390, "200%")):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("size => document.documentElement.style.setProperty('font-size', size, 'important')", text)
        for name in TABS:
            open_tab(page, name)
            page.wait_for_function("!document.querySelector('.pending')")
            assert page.evaluate(OUTSIDE) == [], (width, text, name)
        sizes.append(page.eval_on_selector("#many-analyse", "each => parseFloat(getComputedStyle(each).fontSize)"))
        open_tab(page, "Photo")
        if text == "100%":
            assert len({button.bounding_box()["y"] for button in page.locator("#ways > button").all()}) == 1
    assert sizes[1] == 2 * sizes[0], "gradio's text does not follow"


@ONE_VIEW
def test_paper_shows_the_photo_the_cards_and_the_notice(page):
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    page.emulate_media(media="print")
    assert page.evaluate(CONTROLS) == []
    for part in ("h1", "#summary .ga-found", "#faces .ga-photo img", "#faces .ga-face >> nth=2", ".ga-small-print"):
        assert page.locator(part).first.is_visible(), part
    for part in ("#tools", "#strip"):
        assert page.locator(part).is_hidden(), "a bar lies over the cards"
    assert page.eval_on_selector("body", COLOURS)[1] == "rgb(255, 255, 255)"
    assert page.eval_on_selector("h1", COLOURS)[0] == "rgb(0, 0, 0)"


@pytest.mark.parametrize("page", ["desktop-light"], indirect=True)  # gradio hides the button on phones
def test_use_via_api_shows_this_project(page):
    assert page.get_by_role("button", name="Settings").count() == 0
    page.get_by_role("button", name=re.compile("Use via API")).click()
    panel = page.locator(".api-docs")
    for language in ("Python", "JavaScript", "CLI", "cURL"):
        panel.get_by_text(language, exact=True).click()
        panel.get_by_text("examples/group.jpg").filter(visible=True).first.wait_for()
        text = panel.inner_text()
        assert not INNER_NAMES.search(text), INNER_NAMES.search(text)
        assert not re.search(r"\bparameter_\d|gradio-app", text)
        assert "The photo and its faces" in text
