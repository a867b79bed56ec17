"""No dialog is open where it cannot be seen: it would block the page."""

from .camera import SLOW_CAMERA
from .conftest import WatchedPage
from .steps import ALL_VIEWS, EXAMPLES, ONE_VIEW, answered, choose, open_tab, send

DIALOGS = {
    "[data-tool=share]": ".ga-share-dialog",
    "#faces .ga-zoom": ".ga-zoomed",
    "[data-tool=compare]": ".ga-compare-dialog",
}


@ONE_VIEW
def test_a_photo_that_is_given_over_a_dialog_closes_it(page):
    choose(page, EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    for (opener, dialog), name in zip(DIALOGS.items(), ("obama.jpg", "collins.jpg", "hopper.jpg"), strict=True):
        page.click(opener)
        page.wait_for_selector(dialog)
        assert send(page, "paste", "body", EXAMPLES / name)
        page.wait_for_selector("#stage[data-waiting]")
        assert page.locator("dialog[open]").count() == 0, "the page waits behind a dialog that nobody sees"
        answered(page, name)
        assert page.locator("dialog[open]").count() == 0


def test_a_camera_that_opens_on_another_tab_is_closed_again(camera_browser, page_url):
    with WatchedPage(camera_browser, page_url, *ALL_VIEWS["desktop-light"]) as page:
        page.evaluate(SLOW_CAMERA)
        page.click("#camera")
        page.wait_for_function("held.length === 1")
        open_tab(page, "About")
        page.wait_for_selector("#camera", state="hidden")
        page.evaluate("held[0]()")
        page.wait_for_function("streams.length === 1")
        assert page.evaluate("streams[0].getTracks().map((each) => each.readyState)") == ["ended"]
        assert page.locator("dialog[open]").count() == 0
        # As ever on its own tab.
        open_tab(page, "Photo")
        page.click("#camera")
        page.wait_for_function("held.length === 2")
        page.evaluate("held[1]()")
        page.wait_for_selector(".ga-camera[open]")
        page.click(".ga-camera [data-do=close]")
