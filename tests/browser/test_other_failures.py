"""What fails on another tab is not a waiting photo's failure."""

from .steps import EXAMPLES, answered, caught, choose, held, open_tab, refuse


def test_a_photo_waits_on_while_another_tabs_queue_is_full(busy_page):
    routes = held(busy_page, "/queue/join")
    choose(busy_page, EXAMPLES / "obama.jpg")
    photo = caught(busy_page, routes)
    refuse(busy_page)
    open_tab(busy_page, "Many photos")
    busy_page.set_input_files("#many-files input[type=file]", [str(EXAMPLES / "bera.jpg")])
    busy_page.click("#many-analyse")
    busy_page.wait_for_selector("#many-status >> text=The photos could not be analysed.")
    busy_page.wait_for_selector(".toast-body.error")
    open_tab(busy_page, "Photo")
    busy_page.wait_for_timeout(200)
    assert busy_page.locator("#stage[data-waiting] #waiting").is_visible()
    assert busy_page.locator("#waiting .ga-failed").is_hidden()
    photo.continue_()
    answered(busy_page, "obama.jpg")


def test_an_answer_after_all_takes_the_sentence_away(busy_page):
    choose(busy_page, EXAMPLES / "obama.jpg")
    answered(busy_page, "obama.jpg")
    refuse(busy_page)
    busy_page.click("#examples button.gallery-item >> nth=2")
    busy_page.wait_for_selector("#waiting >> text=This photo could not be analysed.")
    busy_page.evaluate("document.dispatchEvent(new Event('ga-answered'))")
    assert busy_page.locator("#waiting").is_hidden()
