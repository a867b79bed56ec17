"""A photo that is dropped or pasted, wherever and whenever, is answered."""

import re

from .steps import EXAMPLES, ONE_VIEW, answered, caught, choose, first_in, held, open_tab, send

# gradio mounts its image input when this has come, and what is beside it before.
IMAGE_INPUT = "/assets/ImagePreview"
DROPS = """() => {
  window.dropped = [];
  window.addEventListener('drop', (event) => {
    const { files } = event.dataTransfer;
    window.dropped.push([files.length, event.defaultPrevented]);
  }, true);
}"""


def drag(page, start, end):
    """Drags as a mouse does. Playwright's own drags leave out the file that a picture has."""
    session = page.context.new_cdp_session(page)

    def mouse(kind, at, **options):
        session.send("Input.dispatchMouseEvent", {"type": kind, "x": at[0], "y": at[1], **options})

    boxes = [page.locator(selector).bounding_box() for selector in (start, end)]
    (x, y), last = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes)
    mouse("mouseMoved", (x, y))
    mouse("mousePressed", (x, y), button="left", buttons=1, clickCount=1)
    for step in range(1, 9):
        at = (x + (last[0] - x) * step / 8, y + (last[1] - y) * step / 8)
        mouse("mouseMoved", at, button="left", buttons=1)
        page.wait_for_timeout(30)
    mouse("mouseReleased", last, button="left", clickCount=1)


@first_in("desktop-light")
def test_a_photo_is_dropped_and_pasted_anywhere(page):
    assert send(page, "drop", "#summary", EXAMPLES / "collins.jpg")
    answered(page, "collins.jpg")
    assert send(page, "drop", "#faces .ga-photo img", EXAMPLES / "obama.jpg")
    answered(page, "obama.jpg")
    assert send(page, "paste", "body", EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    # The same photo again is a photo as well.
    with page.expect_request(re.compile("/queue/join")):
        assert send(page, "paste", "body", EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    assert page.locator("#photo input[type=file]").count() == 1

    open_tab(page, "About")
    assert send(page, "drop", "#tabs", EXAMPLES / "obama.jpg"), "the file replaces the page"
    open_tab(page, "Many photos")
    for kind, name in (("drop", "collins.jpg"), ("paste", "obama.jpg")):
        assert send(page, kind, "#tabs", EXAMPLES / name)
        page.wait_for_selector(f"#many-files .file-preview >> text={name.removesuffix('.jpg')}")
    assert page.locator("#summary >> text=hopper.jpg").count() == 1


@ONE_VIEW
def test_a_drop_waits_for_an_input_that_is_not_there_yet(page):
    """While the page is still coming, and while the photo before is uploaded."""
    late = held(page, IMAGE_INPUT)
    page.reload()
    page.wait_for_selector(".ga-camera", state="attached")
    assert page.locator("#photo input[type=file]").count() == 0
    assert send(page, "drop", "#summary", EXAMPLES / "collins.jpg")
    caught(page, late).continue_()
    answered(page, "collins.jpg")

    uploads = held(page, "/gradio_api/upload[?]")
    assert send(page, "drop", "#summary", EXAMPLES / "obama.jpg")
    first = caught(page, uploads)
    assert page.locator("#photo input[type=file]").count() == 0
    assert send(page, "drop", "#tabs", EXAMPLES / "hopper.jpg")
    first.continue_()
    answered(page, "hopper.jpg")


@ONE_VIEW
def test_choose_takes_a_photo_while_another_is_uploaded_or_answered(page):
    uploads = held(page, "/gradio_api/upload[?]")
    choose(page, EXAMPLES / "hopper.jpg")
    upload = caught(page, uploads)
    with page.expect_file_chooser() as chooser:
        page.click("#choose")
    chooser.value.set_files(EXAMPLES / "obama.jpg")
    upload.continue_()
    answered(page, "obama.jpg")

    joined = held(page, "/queue/join")
    choose(page, EXAMPLES / "hopper.jpg")
    join = caught(page, joined)
    with page.expect_file_chooser() as chooser:
        page.click("#choose")
    join.continue_()
    answered(page, "hopper.jpg")
    for _ in range(2):  # the same one again is a photo, too
        with page.expect_request(re.compile("/queue/join")):
            chooser.value.set_files(EXAMPLES / "collins.jpg")
        answered(page, "collins.jpg")
        with page.expect_file_chooser() as chooser:
            page.click("#choose")


@first_in("desktop-light")
def test_a_picture_of_the_page_is_no_photo_that_is_given(page):
    example = "#examples button.gallery-item >> nth=2 >> img"
    page.wait_for_function("document.querySelectorAll('#examples img')[2]?.naturalWidth > 0")
    page.wait_for_selector("#photo button")
    page.evaluate(DROPS)
    drag(page, example, "#photo")
    page.wait_for_function("dropped.length === 1")
    assert page.evaluate("dropped") == [[1, True]], "a drag without a file shows nothing"
    assert page.locator("#stage[data-waiting]").count() == 0
    assert page.locator(".ga-dragging").count() == 0
    # Photos from elsewhere are taken as before.
    assert send(page, "drop", "#summary", EXAMPLES / "collins.jpg")
    answered(page, "collins.jpg")
    drag(page, "#faces .ga-photo img", "#summary")
    page.wait_for_function("dropped.length === 3")
    assert page.locator("#stage[data-waiting]").count() == 0
    assert "collins.jpg" in page.inner_text("#summary")
