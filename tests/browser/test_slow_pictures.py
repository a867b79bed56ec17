"""Pictures that are slow to come: no earlier one stands in their place."""

from .steps import EXAMPLES, ONE_VIEW, answered, caught, choose, held

PHOTO = "#faces .ga-photo img"
PREVIEW = ".ga-share-dialog .ga-preview"


@ONE_VIEW
def test_the_photo_before_is_not_seen_under_the_next_ones_boxes_nor_shared(page):
    choose(page, EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    page.wait_for_function(f"document.querySelector('{PHOTO}').naturalWidth > 0")
    pictures = held(page, r"/file=.*/photo\.jpg")
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    picture = caught(page, pictures)
    page.wait_for_selector("#faces .ga-box >> nth=2")
    assert page.locator(PHOTO).is_hidden()
    page.click("[data-tool=share]")
    page.click(".ga-share-dialog [data-do=copy]")
    page.click(".ga-share-dialog [data-do=save]")
    assert page.get_attribute(PREVIEW, "src") is None
    picture.continue_()
    page.wait_for_function(f"document.querySelector('{PREVIEW}').naturalWidth > 0")
    width, height = page.eval_on_selector(PREVIEW, "({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]")
    assert width > height, "hopper.jpg is higher than wide"
    page.click(".ga-share-dialog [data-do=close]")
    page.wait_for_selector(PHOTO)
    page.click("#faces .ga-zoom")
    page.wait_for_selector(".ga-zoomed img")


@ONE_VIEW
def test_a_picture_that_does_not_come_is_a_sentence(page):
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    page.wait_for_function(f"document.querySelector('{PHOTO}').naturalWidth > 0")
    page.eval_on_selector(PHOTO, "image => { image.src = 'data:image/jpeg;base64,AAAA'; }")
    page.click("[data-tool=share]")
    page.wait_for_selector(".ga-share-dialog .ga-said >> text=The photo did not come")
