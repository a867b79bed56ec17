"""The About tab in the browser, with the default model's own records."""

from tests.browser.steps import ONE_VIEW, first_in, open_tab

WIDER = """[...document.querySelectorAll('#about *')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width > 2 && (box.right > innerWidth + 1 || each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 2
    && getComputedStyle(each).overflowX !== 'visible');
}).map(each => each.outerHTML.slice(0, 120))"""

TABLES_WIDER_THAN_THEIR_FIGURE = """[...document.querySelectorAll('#about table')].filter(table =>
  table.getBoundingClientRect().right > table.closest('figure').getBoundingClientRect().right + 1
).map(table => table.caption.textContent)"""


# Of what is to be pressed; links in a sentence are as high as its lines.
SMALL = """[...document.querySelectorAll('#about summary, #about button')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.height && box.height < 39.5;
}).map(each => each.textContent)"""


@first_in("desktop-light")
def test_four_numbers_and_two_charts_and_the_rest_folds(page):
    open_tab(page, "About")
    page.wait_for_selector("#about .ga-tiles >> text=UTKFace")
    assert page.locator("#about .ga-tiles li").count() == 4
    assert page.locator("#about figure >> visible=true").count() == 2
    for plot in page.locator("#about figure >> visible=true").get_by_role("img").all():
        assert plot.bounding_box()["height"] > 80
    folds = page.locator("#about .ga-fold")
    assert folds.count() == 8
    assert not any(fold.locator(".ga-folded").is_visible() for fold in folds.all())
    if page.viewport_size["width"] > 900:
        tops = {round(tile.bounding_box()["y"]) for tile in page.locator("#about .ga-tiles li").all()}
        assert len(tops) == 1, "the four numbers are not in one row"

    # With the keyboard.
    page.locator("#about-photos > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#about-photos .ga-folded").is_visible()
    assert "deleted there after 40 minutes" in page.inner_text("#about-photos")

    # A link opens the fold that it leads to, and the screen reader is there.
    page.click("#about-errors a >> text=must not be used for")
    page.wait_for_function("document.activeElement === document.querySelector('#about-uses > summary')")
    assert page.locator("#about-uses .ga-folded").is_visible()
    assert 0 <= page.locator("#about-uses > summary").bounding_box()["y"] < page.viewport_size["height"]


@ONE_VIEW
def test_the_address_opens_a_fold(page):
    page.evaluate("location.hash = 'about-licences'")
    open_tab(page, "About")
    page.wait_for_selector("#about-licences .ga-folded >> visible=true")
    page.evaluate("location.hash = 'about-cite'")
    page.wait_for_selector("#about-cite .ga-folded >> visible=true")


@first_in("phone-dark")
def test_measurements_as_pictures_and_as_text(page):
    open_tab(page, "About")
    page.click("#about-all > summary")
    figures = page.locator("#about figure")
    assert figures.count() >= 12
    assert page.locator("#about svg[role=img] circle").count() > 10
    for number in range(figures.count()):
        plot = figures.nth(number).get_by_role("img")
        assert plot.get_attribute("aria-label").startswith("Chart: ")
        assert plot.bounding_box()["height"] > 80
        assert not figures.nth(number).locator("table").is_visible()
    bars = page.evaluate(
        "[...document.querySelectorAll('#about .ga-bar')].map(bar => bar.getBoundingClientRect().width)"
    )
    assert max(bars) > 50, "bars without the stylesheet"

    # With the keyboard, every table opens, and none is wider than the window.
    page.locator("#about figure summary").first.focus()
    page.keyboard.press("Enter")
    assert figures.first.locator("table").is_visible()
    page.evaluate("document.querySelectorAll('#about details').forEach(each => each.open = true)")
    assert page.evaluate(WIDER) == []
    assert page.evaluate(TABLES_WIDER_THAN_THEIR_FIGURE) == []
    assert page.evaluate(SMALL) == []


@first_in("desktop-light")
def test_code_names_this_page_and_is_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_tab(page, "About")
    address = page.evaluate("location.origin + location.pathname")
    page.click("#about-programs > summary")
    page.wait_for_selector(f'#about-programs code >> text=Client("{address}")')
    page.click("#about-cite > summary")
    page.click("#about-cite .ga-copy")
    page.wait_for_selector("#about-cite .ga-copy >> text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.text_content("#about-cite code")
