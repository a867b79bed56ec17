"""A photo that is dropped or pasted, wherever and whenever, is answered."""

import re

from .steps import EXAMPLES, ONE_VIEW, answered, caught, first_in, held, open_tab, send

# gradio mounts its image input when this has come, and what is beside it before.
IMAGE_INPUT = "/assets/ImagePreview"


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
