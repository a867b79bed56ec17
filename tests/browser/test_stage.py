"""The stage of the tab Photo in a real browser: how a photo comes in, what shows while it waits, where things are."""

import re

from PIL import Image

from .conftest import WatchedPage
from .steps import (
    ALL_VIEWS,
    EXAMPLES,
    ONE_VIEW,
    answered,
    caught,
    choose,
    first_in,
    held,
    send,
)

IN_VIEW = """(selector) => {
  const place = document.querySelector(selector)?.getBoundingClientRect();
  return place && place.height > 0 && place.top >= -1 && place.top < innerHeight * 0.6;
}"""
PICTURE_BYTES = """performance.getEntriesByType('resource').filter(each => each.initiatorType === 'img')
  .map(each => each.encodedBodySize)"""
SMALL_TARGETS = """[...document.querySelectorAll('#stage button, #stage a')].filter((each) => {
  const { width, height } = each.getBoundingClientRect();
  return each.checkVisibility() && width && !each.matches('.ga-box') && (width < 40 || height < 40);
}).map((each) => each.outerHTML.slice(0, 120))"""


@ONE_VIEW
def test_the_answer_comes_into_view_by_itself(page):
    assert page.evaluate(SMALL_TARGETS) == []
    page.wait_for_selector("#sample img")
    assert "An example" in page.inner_text("#sample")
    last = page.locator("#stress button.gallery-item").last
    last.scroll_into_view_if_needed()
    last.click()
    answered(page, "hopper-small-dim.jpg")
    page.wait_for_function(IN_VIEW, arg="#summary")
    page.wait_for_function(IN_VIEW, arg="#faces .ga-photo")
    assert page.locator("#sample").is_hidden()
    assert page.locator("#photo").is_hidden(), "the photo stands there twice"
    assert [each.inner_text() for each in page.locator("#ways > button").all()] == ["Choose", "Camera", "Paste"]
    page.click("#examples button.gallery-item >> nth=1")
    answered(page, "congress.jpg")
    page.wait_for_function(IN_VIEW, arg="#summary")
    assert re.search(r"median age \d+, youngest \d+, oldest \d+", page.inner_text("#summary"))
    assert page.evaluate(SMALL_TARGETS) == []


def test_one_calm_state_while_a_photo_waits_and_the_earlier_answer_stays_after_a_failure(shaky_page, tmp_path):
    page = shaky_page
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    joined = held(page, "/queue/join")
    choose(page, EXAMPLES / "collins.jpg")
    page.wait_for_selector("#waiting img")
    assert page.eval_on_selector("#waiting img", "image => image.decode().then(() => image.naturalWidth)") == 512
    page.wait_for_selector("#waiting p >> text=collins.jpg")
    assert page.locator("#result").is_hidden(), "the old answer stands beside the new photo"
    assert page.locator("#stage .wrap:not(.hide)").locator("visible=true").count() == 0, "a second spinner"
    page.wait_for_selector("#waiting .progress-text", state="attached")
    page.eval_on_selector("#waiting .progress-text", "each => { each.textContent = 'queue: 2/3 | 1.0s'; }")
    page.wait_for_selector("#waiting >> text=number 2 of 3 in the queue")

    caught(page, joined).abort()
    page.wait_for_selector("#waiting .ga-failed >> text=This photo could not be analysed.")
    assert "3 faces found in “group.jpg”" in page.inner_text("#summary")
    assert page.locator("#faces .ga-face").count() == 3


def test_a_photo_that_no_browser_shows_and_an_upload_that_fails(shaky_page, tmp_path):
    page = shaky_page
    scan = tmp_path / "old scan.tiff"
    Image.open(EXAMPLES / "collins.jpg").save(scan)
    uploads = held(page, "/gradio_api/upload[?]")
    choose(page, scan)
    page.wait_for_selector("#waiting p >> text=old scan.tiff")
    page.wait_for_selector("#waiting img", state="hidden")
    caught(page, uploads).continue_()
    answered(page, "old scan.tiff")
    page.wait_for_function("document.querySelector('#faces .ga-photo img').naturalWidth > 0")

    uploads = held(page, "/gradio_api/upload[?]")
    choose(page, EXAMPLES / "obama.jpg")
    caught(page, uploads).abort()
    page.wait_for_selector("#waiting .ga-failed >> text=This photo could not be analysed.")
    assert "old scan.tiff" in page.inner_text("#summary")
    assert page.locator("#faces .ga-face").count() == 1


@ONE_VIEW
def test_the_latest_choice_is_answered_and_what_is_no_photo_is_said(page, tmp_path):
    joined = held(page, "/queue/join")
    page.click("#examples button.gallery-item >> nth=2")
    page.wait_for_selector("#waiting p >> text=hopper")
    first = caught(page, joined)
    choose(page, EXAMPLES / "bera.jpg")
    page.click("#examples button.gallery-item >> nth=1")
    choose(page, EXAMPLES / "obama.jpg")
    page.wait_for_selector("#waiting p >> text=obama.jpg")
    first.continue_()
    answered(page, "obama.jpg")
    page.wait_for_selector("#strip .ga-thumb >> nth=1")
    labels = [thumb.get_attribute("aria-label") for thumb in page.locator("#strip .ga-thumb").all()]
    assert [label.split()[2] for label in labels] == ["hopper.jpg:", "obama.jpg:"]

    notes = tmp_path / "notes.txt"
    notes.write_text("Dear all,\n")
    page.evaluate("scrollTo(0, 1000)")
    assert send(page, "drop", "#summary", notes, "text/plain")
    page.wait_for_selector("#stage-notes >> text=“notes.txt” is not a photo.")
    page.wait_for_function(IN_VIEW, arg="#stage-notes .ga-given-said")
    assert page.locator(".toast-body").count() == 0
    assert page.locator("#waiting").is_hidden()
    assert "obama.jpg" in page.inner_text("#summary")


@ONE_VIEW
def test_an_address_is_fetched_or_a_sentence_says_why_not(page):
    for address in ("http://127.0.0.1/a.jpg", "nowhere.invalid/b.jpg"):
        page.fill("#address input", address)
        page.click("#address .submit-button")
        page.wait_for_selector(f"#summary .ga-error >> text=“{address[-5:]}” could not be loaded.")
        page.wait_for_selector("#stage:not([data-waiting])")
    page.fill("#address input", "")
    page.press("#address input", "Enter")
    page.wait_for_selector("#summary >> text=Type the address of a photo first")


@first_in("phone-dark")
def test_no_camera_and_a_refused_clipboard_are_sentences(page):
    page.click("#paste")
    page.wait_for_selector("#stage-notes .ga-said >> text=/clipboard/")
    page.click("#camera")
    page.wait_for_selector("#stage-notes .ga-said >> text=/[Cc]amera/")
    assert page.locator(".ga-camera").is_hidden()


def test_a_photo_is_taken_with_the_camera_which_is_off_afterwards(camera_browser, page_url):
    with WatchedPage(camera_browser, page_url, *ALL_VIEWS["phone-light"]) as page:
        page.click("#camera")
        page.wait_for_function("document.querySelector('.ga-camera video').videoWidth > 0")
        page.evaluate("window.track = document.querySelector('.ga-camera video').srcObject.getTracks()[0]")
        page.click(".ga-camera [data-do=take]")
        page.wait_for_selector("#summary >> text=“camera.jpg”")
        assert page.evaluate("window.track.readyState") == "ended"


@first_in("desktop-light")
def test_zoom_hover_and_what_a_card_does(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    page.hover(".ga-face[data-face='2'] .ga-age")
    page.wait_for_selector(".ga-box[data-hot][data-face='2']", state="attached")
    page.hover(".ga-box[data-face='1']")
    page.wait_for_selector(".ga-face[data-hot][data-face='1']", state="attached")

    page.click("#faces .ga-zoom")
    page.wait_for_selector(".ga-zoomed .ga-photo img")
    fitted = page.locator(".ga-zoomed .ga-photo").bounding_box()
    page.click(".ga-zoomed [data-do=larger]")
    page.wait_for_function(
        "width => document.querySelector('.ga-zoomed .ga-photo').clientWidth > 2 * width", arg=fitted["width"]
    )
    before = page.eval_on_selector(".ga-zoom-room", "room => room.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('.ga-zoom-room').scrollLeft > before", arg=before)
    page.get_by_role("region", name="The photo: arrow keys move it").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_selector(".ga-zoomed", state="hidden")
    page.click("#faces .ga-zoom")
    assert page.inner_text(".ga-zoomed [data-do=larger]") == "Larger", "the photo fits again"
    page.keyboard.press("Escape")

    card = ".ga-face[data-face='2']"
    page.click(f"{card} [data-act=copy]")
    page.wait_for_selector(f"{card} >> text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"\d+ years, (fe)?male(, uncertain)? \(most likely \d+–\d+, 4 times out of 5\)", copied)
    with page.expect_download() as download:
        page.click(f"{card} a[download]")
    assert Image.open(download.value.path()).width >= 96
    # Where the view is low, too.
    page.set_viewport_size({"width": 844, "height": 390})
    page.click(f"{card} [data-act=why]")
    page.wait_for_selector("#why-panel h2 >> text=/Face 2/")
    assert page.evaluate(IN_VIEW, "#tabs")


@ONE_VIEW
def test_examples_are_small_on_the_wire(page):
    page.wait_for_selector("#sample img")
    page.wait_for_function("[...document.querySelectorAll('#stage img[src]')].every(each => each.naturalWidth > 0)")
    sizes = page.evaluate(PICTURE_BYTES)
    assert len(sizes) >= 9
    assert 20_000 < sum(sizes) < 250_000
