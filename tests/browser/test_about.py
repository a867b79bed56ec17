"""The About tab in the browser, with the default model's own records."""

from tests.browser.steps import open_tab

WIDER = """[...document.querySelectorAll('#about *')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width > 2 && (box.right > innerWidth + 1 || each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 2
    && getComputedStyle(each).overflowX !== 'visible');
}).map(each => each.outerHTML.slice(0, 120))"""

TABLES_WIDER_THAN_THEIR_FIGURE = """[...document.querySelectorAll('#about table')].filter(table =>
  table.getBoundingClientRect().right > table.closest('figure').getBoundingClientRect().right + 1
).map(table => table.caption.textContent)"""


def test_numbers_as_pictures_and_as_text(page):
    open_tab(page, "About")
    page.wait_for_selector("#about .ga-tiles >> text=UTKFace")
    figures = page.locator("#about figure")
    assert figures.count() >= 10
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
    page.locator("#about summary").first.focus()
    page.keyboard.press("Enter")
    assert figures.first.locator("table").is_visible()
    page.evaluate("document.querySelectorAll('#about details').forEach(each => each.open = true)")
    assert page.evaluate(WIDER) == []
    assert page.evaluate(TABLES_WIDER_THAN_THEIR_FIGURE) == []


def test_contents_lead_to_their_sections(page):
    open_tab(page, "About")
    page.click("#about nav a >> text=Licences")
    page.wait_for_function("document.activeElement.id === 'about-licences-title'")
    title = page.locator("#about-licences-title").bounding_box()
    assert 0 <= title["y"] < page.viewport_size["height"]
    if page.viewport_size["width"] > 900:
        contents = page.locator("#about nav").bounding_box()
        assert 0 <= contents["y"] < page.viewport_size["height"] / 2, "the contents do not stay in view"


def test_code_names_this_page_and_is_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_tab(page, "About")
    address = page.evaluate("location.origin + location.pathname")
    page.wait_for_selector(f'#about-programs code >> text=Client("{address}")')
    page.click("#about-cite .ga-copy")
    page.wait_for_selector("#about-cite .ga-copy >> text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.text_content("#about-cite code")
