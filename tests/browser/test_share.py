"""A picture to share: saved, copied, sent; with all faces but one pixelated."""

import io
import json

import numpy as np
from PIL import Image

from page.shared.drawing import face_colours

from .steps import EXAMPLES, ONE_VIEW, choose, violations
from .test_photo import near

PREVIEW = "document.querySelector('.ga-share-dialog .ga-preview')"
SAID = ".ga-share-dialog .ga-said"


def saved(page, name):
    with page.expect_download() as download:
        page.click(".ga-share-dialog [data-do=save]")
    assert download.value.suggested_filename == name
    return Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB")


def choose_in_dialog(page, select, value):
    before = page.evaluate(f"{PREVIEW}.src")
    page.select_option(f".ga-share-dialog select[name={select}]", value)
    page.wait_for_function(f"(before) => {PREVIEW}.src !== before && {PREVIEW}.complete", arg=before)


def inside(picture, face, size_wh):
    """The middle of a face, away from its frame."""
    x, y, w, h = (share * side for share, side in zip(face["box"], size_wh * 2, strict=True))
    return np.asarray(picture.crop([round(v) for v in (x + w / 6, y + h / 6, x + w * 5 / 6, y + h * 5 / 6)])).astype(
        int
    )


def detail(pixels):
    """Mean difference of pixels that lie side by side: high in a photo, almost none in blocks of one colour."""
    return np.abs(np.diff(pixels, axis=1)).mean()


@ONE_VIEW
def test_a_picture_is_saved_copied_and_sent_and_faces_are_pixelated(page):
    assert page.locator("[data-tool=share]").is_hidden()
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    page.wait_for_function("document.querySelector('.ga-photo img').naturalWidth > 0")
    faces = json.loads(page.get_attribute(".ga-figure", "data-faces"))
    page.click("[data-tool=share]")
    page.wait_for_function(f"{PREVIEW}.naturalWidth > 0")
    assert violations(page) == []
    assert page.locator("[data-do=send]").is_hidden(), "this browser cannot hand files over"

    whole = saved(page, "faces.jpg")
    plain = Image.open(EXAMPLES / "group.jpg").convert("RGB")
    photo_wh = (whole.width, round(whole.width * plain.height / plain.width))
    assert whole.height > photo_wh[1] + 20, "no line below the photo"
    plain = plain.resize(photo_wh)
    for face in faces:
        colour = face_colours(face["number"])[0]
        assert near(whole, colour) > near(plain, colour) + 1000
        assert detail(inside(whole, face, photo_wh)) > 2

    choose_in_dialog(page, "only", "2")
    assert page.locator(".ga-blur-note").is_visible()
    hidden = saved(page, "faces.jpg")
    for face in faces:
        pixels = inside(hidden, face, photo_wh)
        difference = np.abs(pixels - inside(whole, face, photo_wh)).mean()
        if face["number"] == 2:
            assert difference < 2, "the face that stays is changed"
        else:
            assert difference > 8
            assert detail(pixels) < detail(inside(whole, face, photo_wh)) / 2, "not blocks of one colour"
    first, third = (face_colours(number)[0] for number in (1, 3))
    assert near(hidden, first) < near(whole, first) - 1000, "a hidden face keeps its box"
    assert near(hidden, third) < near(whole, third) - 1000

    choose_in_dialog(page, "what", "3")
    card = saved(page, "face-3.jpg")
    assert card.size == (720, 1010)
    assert near(card, third) > 10_000

    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('refused')); }")
    page.click("[data-do=copy]")
    page.wait_for_selector(f"{SAID} >> text=does not let this page copy")
    page.evaluate("""() => {
      navigator.clipboard.write = async ([item]) => {
        const png = await createImageBitmap(await item.getType('image/png'));
        window.copied = [png.width, png.height];
      };
    }""")
    page.click("[data-do=copy]")
    page.wait_for_selector(f"{SAID} >> text=Copied")
    assert page.evaluate("window.copied") == [720, 1010]

    page.evaluate("""() => {
      navigator.canShare = ({ files }) => files[0].type === 'image/jpeg';
      navigator.share = async ({ files }) => { window.sent = files.map(({ name }) => name); };
    }""")
    choose_in_dialog(page, "what", "1")
    page.click("[data-do=send] >> visible=true")
    page.wait_for_function("window.sent?.[0] === 'face-1.jpg'")
    page.keyboard.press("Escape")
    page.wait_for_selector(".ga-share-dialog", state="hidden")
