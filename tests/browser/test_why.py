"""The tab Why? in a real browser: a photo of three faces, explained one after the other."""

import re

import pytest

from tests.browser.steps import EXAMPLES, ONE_VIEW, answered, caught, choose, first_in, held, open_tab, refuse

EXPLAINED = """(old) => {
  const title = document.querySelector('#why-panel h2');
  return title?.innerText && title.innerText !== old;
}"""
PICTURES = "#why-panel .ga-why-maps img"


def sources(page) -> list[str]:
    """The pictures of the panel: the face, the gender map and the age map."""
    page.wait_for_function(
        f"(() => {{ const all = [...document.querySelectorAll('{PICTURES}')];"
        " return all.length === 3 && all.every(image => image.complete && image.naturalWidth === 240) })()"
    )
    return [picture.get_attribute("src") for picture in page.locator(PICTURES).all()]


def heights(page) -> list[str]:
    return [bar.get_attribute("height") for bar in page.locator("#why-panel rect").all()]


@pytest.mark.slow  # page/why/test_tab.py asks without a browser
@first_in("phone-dark")
def test_without_a_photo_it_says_what_to_do(page):
    open_tab(page, "Why?")
    page.wait_for_selector("#why-panel >> text=No photo to explain")


@first_in("desktop-light")
def test_every_face_is_explained(page):
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    open_tab(page, "Why?")
    first, first_bars = sources(page), heights(page)
    assert len(set(first)) == 3, "a map is the picture of another"
    assert len(first_bars) == 101
    assert re.match(r"Face 1: \d+, female", page.inner_text("#why-panel h2 >> nth=0"))
    assert page.locator("#why-face input[type=radio]").count() == 3

    alternatives = [picture.get_attribute("alt") for picture in page.locator(PICTURES).all()]
    assert alternatives[0] == "Face 1 as the model saw it"
    for name, alternative in zip(("gender", "age"), alternatives[1:], strict=True):
        assert alternative.startswith(f"Heat map of the {name} answer over face 1. Mostly the ")
    plot = page.get_attribute("#why-panel .ga-distribution-plot", "aria-label")
    assert re.search(r"Expected age \d+, 80% interval \d+–\d+\. The most likely single year is \d+", plot)

    # With the keyboard alone; gradio gives each of its radio buttons a group of its own, so that arrows do not move.
    page.focus("#why-face input[type=radio] >> nth=0")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_selector(f"{PICTURES}[alt='Face 2 as the model saw it']")
    second = sources(page)
    assert not set(first) & set(second)
    assert heights(page) != first_bars
    assert re.match(r"Face 2: \d+, male", page.inner_text("#why-panel h2 >> nth=0"))

    # Back on another tab nothing is lost.
    open_tab(page, "Photo")
    open_tab(page, "Why?")
    assert sources(page) == second
    page.click("#why-panel summary")
    assert "0–9" in page.inner_text("#why-panel table")


@pytest.mark.slow  # test_visit.py shows a full queue, page/why/test_tab.py the next try after a failure
def test_a_full_queue_is_a_sentence_and_the_tab_tries_again_when_it_is_opened_again(busy_page):
    choose(busy_page, EXAMPLES / "collins.jpg")
    busy_page.wait_for_selector("#faces .ga-face")
    refuse(busy_page)
    open_tab(busy_page, "Why?")
    busy_page.wait_for_selector("#why-panel >> text=This face could not be explained.")
    busy_page.unroute_all()
    open_tab(busy_page, "Photo")
    open_tab(busy_page, "Why?")
    assert len(set(sources(busy_page))) == 3


@ONE_VIEW
def test_why_waits_for_the_new_photo_and_explains_it_by_itself(page):
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    open_tab(page, "Why?")
    page.wait_for_selector("#why-panel h2 >> text=/Face 1/")
    first = page.inner_text("#why-panel h2 >> nth=0")
    open_tab(page, "Photo")
    joined = held(page, "/queue/join")
    page.click("#examples button.gallery-item >> nth=3")
    page.wait_for_selector("#stage[data-waiting]")
    open_tab(page, "Why?")
    page.wait_for_selector("#why-waiting >> text=The photo is being looked at")
    assert page.locator("#why-panel").is_hidden(), "the earlier photo is explained"
    caught(page, joined).continue_()
    page.wait_for_function(EXPLAINED, arg=first)
    assert re.match(r"Face 1: \d+, male", page.inner_text("#why-panel h2 >> nth=0"))
