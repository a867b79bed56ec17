"""The last photos of a visit: back without the model and without the server's files; compared; forgotten."""

import io
import re

from PIL import Image

from .steps import EXAMPLES, ONE_VIEW, choose, choose_another, open_tab, violations

THUMBS = "#strip .ga-thumb"
SHOWN = "document.querySelector('#faces .ga-photo img')"
REVOKED = """() => {
  const revoke = URL.revokeObjectURL.bind(URL);
  window.revoked = [];
  URL.revokeObjectURL = (address) => { window.revoked.push(address); revoke(address); };
}"""
STORED = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"

SLOW_FIRST = """() => {
  const { decode } = HTMLImageElement.prototype;
  let asked = 0;
  window.decoded = 0;
  HTMLImageElement.prototype.decode = async function () {
    asked += 1;
    if (asked <= 2) await new Promise((done) => setTimeout(done, 800));
    await decode.call(this);
    window.decoded += 1;
  };
}"""
"""The first two pictures, which the first pair takes, are decoded after those of the second."""


@ONE_VIEW
def test_earlier_photos_come_back_are_compared_and_are_forgotten(page):
    stored = page.evaluate(STORED)
    choose(page, EXAMPLES / "hopper.jpg")
    page.wait_for_selector(f"{THUMBS} >> nth=0")
    assert page.locator("[data-tool=compare]").is_hidden()
    first = page.inner_text("#faces .ga-face >> nth=0")
    choose_another(page, EXAMPLES / "group.jpg")
    page.wait_for_selector(f"{THUMBS} >> nth=1")
    labels = [thumb.get_attribute("aria-label") for thumb in page.locator(THUMBS).all()]
    assert labels == [f"Earlier photo {each}. Show it again" for each in ("hopper.jpg: 1 face", "group.jpg: 3 faces")]
    assert violations(page) == []
    # It comes back as it was shown last.
    page.click("#which button")
    for smallest, kept in (("12", "2 faces"), ("1", "3 faces")):
        page.fill("#smallest input[type=number]", smallest)
        page.press("#smallest input[type=number]", "Enter")
        page.wait_for_selector(f"{THUMBS}[aria-label^='Earlier photo group.jpg: {kept}']")

    # The server's files are gone, and the queue is not asked.
    asked = []
    page.route(re.compile(r"/file=|/queue/join"), lambda route: (asked.append(route.request.url), route.abort()))
    page.click(f"{THUMBS} >> nth=0")
    page.wait_for_selector("#summary >> text=1 face found in “hopper.jpg”")
    page.wait_for_function(f"{SHOWN}.src.startsWith('blob:') && {SHOWN}.naturalWidth > 0")
    page.wait_for_function("[...document.querySelectorAll('#faces img')].every(image => image.naturalWidth > 0)")
    # The server has no crop left to explain.
    assert page.inner_text("#faces .ga-face >> nth=0") == first.replace("Why?\nface 1\n", "")
    page.wait_for_selector(".ga-earlier >> text=choose it again")
    page.wait_for_selector(f"{THUMBS}[aria-current] >> nth=0")
    assert asked == []
    page.unroute_all()
    # What is explained is never another photo than the one shown.
    open_tab(page, "Why?")
    page.wait_for_selector("#why-panel .ga-note")
    assert page.locator("#why-panel img").count() == 0
    open_tab(page, "Photo")

    page.click("[data-tool=compare]")
    preview = "document.querySelector('.ga-compare-dialog .ga-preview')"
    page.wait_for_function(f"{preview}.naturalWidth > 0")
    names = page.locator(".ga-compare-dialog [name=first] option").all_inner_texts()
    assert names == ["1 · hopper.jpg, 1 face", "2 · group.jpg, 3 faces"]
    with page.expect_download() as download:
        page.click(".ga-compare-dialog [data-do=save]")
    assert download.value.suggested_filename == "two-photos.jpg"
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as both:
        assert both.height > both.width * 3 / 4, "hopper above the group: side by side, both are small on a phone"
    phone = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 900})
    page.select_option(".ga-compare-dialog [name=first]", "0")
    page.wait_for_function(f"{preview}.naturalWidth > 2 * {preview}.naturalHeight")
    page.set_viewport_size(phone)
    # A photo that takes long to decode does not come after those that were chosen since.
    page.evaluate(SLOW_FIRST)
    page.select_option(".ga-compare-dialog [name=first]", "1")
    page.select_option(".ga-compare-dialog [name=first]", "0")
    page.wait_for_function("window.decoded === 4")
    page.wait_for_timeout(300)
    assert page.evaluate(f"{preview}.alt").startswith("hopper.jpg and group.jpg")
    page.keyboard.press("Escape")

    # The photo in the input is asked about again.
    choose_another(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#summary >> text=3 faces found")
    page.wait_for_function(f"!{SHOWN}.src.startsWith('blob:')")
    assert page.locator(".ga-earlier").is_hidden()
    assert page.locator(THUMBS).count() == 2

    page.click(f"{THUMBS} >> nth=0")
    page.wait_for_function(f"{SHOWN}.src.startsWith('blob:')")
    address = page.evaluate(f"{SHOWN}.src")
    page.evaluate(REVOKED)
    page.click("[data-tool=forget]")
    page.wait_for_selector("#summary .ga-welcome")
    page.wait_for_selector("#strip >> text=deleted after 40 minutes at most")
    page.wait_for_selector("#details", state="hidden")
    assert page.locator(THUMBS).count() == 0
    assert page.locator("#faces img[src^='blob:']").count() == 0
    assert address in page.evaluate("window.revoked"), "the photo stays in memory"
    assert page.evaluate(STORED) == stored
