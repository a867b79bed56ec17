"""What a visitor had stays after a refusal, and is there again after a reload and after a lost connection."""

import re

from page.shared.settings import KEPT_MINUTES

from .steps import EXAMPLES, GRADIO_RELOADS_MS, ONE_VIEW, answered, choose, open_tab, refuse

THUMBS = "#strip .ga-thumb"
STORED = "sessionStorage.gaVisit?.length ?? 0"
# Chromium's limit, in characters.
SESSION_STORAGE = 5 * 1024 * 1024
# Whether one part of the page covers a part of another.
COVERS = """(selectors) => {
  const [a, b] = selectors.map((each) => document.querySelector(each).getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""


@ONE_VIEW
def test_a_reload_keeps_the_visit_until_it_is_forgotten(page):
    for number, name in enumerate(("hopper.jpg", "group.jpg")):
        choose(page, EXAMPLES / name)
        answered(page, name)
        page.wait_for_selector(f"{THUMBS} >> nth={number}")
    page.wait_for_function("document.querySelector('#strip').gaPhotos.every((photo) => photo.data)")
    page.click(f"{THUMBS} >> nth=0")
    page.reload()
    page.wait_for_selector("#summary >> text=1 face found in “hopper.jpg”")
    page.wait_for_selector(f"{THUMBS}[aria-current] >> nth=0")
    assert page.locator(THUMBS).count() == 2
    assert page.evaluate("sessionStorage.length") == 0

    # The oldest goes where there is too little room. A hidden tab may never come back; one that does keeps nothing.
    page.evaluate("length => { sessionStorage.other = 'x'.repeat(length); }", SESSION_STORAGE - 450_000)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert 200_000 < page.evaluate(STORED) < 450_000
    assert page.evaluate("JSON.parse(sessionStorage.gaVisit).photos.map((photo) => photo.answer.photo)") == [
        "group.jpg"
    ]
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate(STORED) == 0

    page.click("[data-tool=forget]")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert page.evaluate(STORED) == 0


@ONE_VIEW
def test_a_tab_that_is_reopened_later_shows_nothing(page):
    """Browsers bring the stored visit back with a closed tab."""
    choose(page, EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    page.wait_for_function("document.querySelector('#strip').gaPhotos[0]?.data")
    assert f"over {KEPT_MINUTES} minutes" in page.inner_text("#strip .ga-small")
    for minutes, thumbs in ((KEPT_MINUTES - 1, 1), (KEPT_MINUTES + 1, 0)):
        page.evaluate("(minutes) => { const then = Date.now() - minutes * 60_000; Date.now = () => then; }", minutes)
        page.reload()
        page.wait_for_function("document.querySelector('#strip')?.gaPhotos && sessionStorage.length === 0")
        assert page.locator(THUMBS).count() == thumbs
        if thumbs:
            page.wait_for_function("document.querySelector('#strip').gaPhotos[0].data")
    assert page.locator("#summary .ga-welcome").is_visible()


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


def test_a_full_queue_leaves_the_last_answer_and_no_message_of_gradio_covers_the_sentence(busy_page):
    busy_page.set_viewport_size({"width": 390, "height": 844})
    choose(busy_page, EXAMPLES / "group.jpg")
    answered(busy_page, "group.jpg")
    refuse(busy_page)
    busy_page.click("#examples button.gallery-item >> nth=2")
    busy_page.wait_for_selector("#waiting >> text=This photo could not be analysed.")
    busy_page.wait_for_selector(".toast-body")
    assert not busy_page.evaluate(COVERS, [".toast-wrap", "#waiting .ga-failed"])
    assert "group.jpg" in busy_page.inner_text("#summary")
    assert busy_page.locator("#faces .ga-face").count() == 3
    busy_page.unroute_all()
    busy_page.click("#examples button.gallery-item >> nth=3")
    answered(busy_page, "obama.jpg")
    assert busy_page.locator("#waiting").is_hidden()
