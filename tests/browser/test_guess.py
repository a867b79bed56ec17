"""Guess first: no answer is seen before the visitor's own, and errors are those against true ages."""

import re

from .steps import EXAMPLES, ONE_VIEW, choose, choose_another, violations

ANSWERS = "#faces .ga-face, #faces .ga-label, #summary .ga-note, #details"
# Notes, in every frame that is painted, what tells the answer of a new photo.
WATCH = f"""() => {{
  const source = () => document.querySelector('#faces .ga-photo img')?.src, before = source();
  window.leaks = new Set();
  const look = () => {{
    const parts = source() && source() !== before ? document.querySelectorAll('{ANSWERS}') : [];
    for (const part of parts) if (part.checkVisibility()) window.leaks.add(part.id || part.className);
    window.watching = requestAnimationFrame(look);
  }};
  look();
}}"""
DRAWN = "document.querySelector('.ga-guess canvas').getContext('2d').getImageData(56, 56, 1, 1).data[3] > 0"
LEAKS = "cancelAnimationFrame(window.watching), [...window.leaks]"


@ONE_VIEW
def test_ages_are_guessed_before_they_are_shown(page):
    page.click("[data-tool=guess]")
    page.wait_for_selector(".ga-guess >> text=The next photo comes without its answers")
    page.evaluate(WATCH)
    choose(page, EXAMPLES / "hopper.jpg")
    page.wait_for_selector(".ga-guess li >> nth=0")
    assert page.evaluate("document.querySelector('#faces').inert"), "a screen reader tells the answer"
    assert page.locator("#faces .ga-photo img").is_visible()
    page.wait_for_function(DRAWN)
    assert violations(page) == []
    page.get_by_label("Age of face 1, in years", exact=True).fill("70")
    assert page.get_by_label("Age of face 1, in years: slider").input_value() == "70"
    assert page.evaluate(LEAKS) == []

    page.click("text=Show the answers")
    page.wait_for_selector("#faces .ga-face >> visible=true")
    said = page.inner_text(".ga-guess")
    assert re.search(r"Face 1: you 70, the model \d+, really 77", said), said
    assert re.search(r"with 1 known age: you were off by 7\.0 years on average, the model by \d+\.\d", said), said
    assert not page.evaluate("document.querySelector('#faces').inert")

    # Whom the visitor leaves out does not count.
    page.evaluate(WATCH)
    choose_another(page, EXAMPLES / "group.jpg")
    page.wait_for_selector(".ga-guess ol li >> nth=2")
    page.get_by_label("Age of face 2, in years: slider").fill("50")
    assert page.get_by_label("Age of face 2, in years", exact=True).input_value() == "50"
    assert page.evaluate(LEAKS) == []
    page.click("text=Show the answers")
    page.wait_for_selector("#faces .ga-face >> nth=2 >> visible=true")
    said = page.inner_text(".ga-guess")
    assert "Face 1: no guess" in said
    assert "really 51" in said
    assert "with 2 known ages: you were off by 4.0 years" in said

    page.click("[data-tool=guess]")
    choose_another(page, EXAMPLES / "obama.jpg")
    page.wait_for_selector("#summary >> text=1 face")
    page.wait_for_selector("#faces .ga-face >> visible=true")
    assert page.locator(".ga-guess").is_hidden()

    # From the top of a long answer.
    page.evaluate("scrollTo(0, 0)")
    page.click("[data-tool=guess]")
    page.wait_for_function("document.querySelector('.ga-guess').getBoundingClientRect().bottom < innerHeight")
    assert "The next photo comes without its answers" in page.inner_text(".ga-guess")
