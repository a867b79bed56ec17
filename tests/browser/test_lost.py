"""A lost connection, after which gradio loads the page anew: what a visitor had is still there."""

import re

from .steps import EXAMPLES, GRADIO_RELOADS_MS, answered, choose, open_tab

THUMBS = "#strip .ga-thumb"


def loses_the_connection(page, selector):
    """A click whose request breaks, and what comes of it."""
    page.route(re.compile("/queue/join"), lambda route: route.abort(), times=1)
    with page.expect_navigation(timeout=2 * GRADIO_RELOADS_MS):
        page.click(selector)


def test_the_answer_the_earlier_photos_and_a_sentence_are_there_again(shaky_page):
    page = shaky_page
    for number, name in enumerate(("hopper.jpg", "group.jpg")):
        choose(page, EXAMPLES / name)
        answered(page, name)
        page.wait_for_selector(f"{THUMBS} >> nth={number}")
    page.click(f"{THUMBS} >> nth=0")
    page.click(f"{THUMBS} >> nth=1")
    loses_the_connection(page, "#examples button.gallery-item >> nth=1")
    page.wait_for_selector("#waiting .ga-failed >> text=the connection broke")
    page.wait_for_selector("#summary >> text=3 faces found in “group.jpg”")
    page.wait_for_function(
        "[...document.querySelectorAll('#faces img')].filter((each) => each.naturalWidth).length === 4"
    )
    page.wait_for_selector(f"{THUMBS}[aria-current] >> nth=0")
    assert page.locator(THUMBS).count() == 2
    assert page.evaluate("sessionStorage.length") == 0
    assert page.locator(".ga-lost").is_hidden()

    # On another tab. What this visitor has forgotten does not come back.
    page.click("[data-tool=forget]")
    page.wait_for_selector("#summary .ga-welcome")
    choose(page, EXAMPLES / "bera.jpg")
    answered(page, "bera.jpg")
    assert page.locator("#waiting .ga-failed").is_hidden()
    page.wait_for_selector(THUMBS)
    open_tab(page, "Many photos")
    page.set_input_files("#many-files input[type=file]", str(EXAMPLES / "bera.jpg"))
    page.wait_for_selector("#many-files .file-preview")
    loses_the_connection(page, "#many-analyse")
    page.wait_for_selector(".ga-lost >> text=The connection broke")
    page.wait_for_selector("#many-analyse")
    assert page.get_by_role("tab", name="Many photos").get_attribute("aria-selected") == "true"
    open_tab(page, "Photo")
    page.wait_for_selector("#summary >> text=bera.jpg")
    assert page.locator(THUMBS).count() == 1
    assert page.locator("#waiting .ga-failed").is_hidden()
