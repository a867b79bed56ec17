"""The page on paper, and in the contrast themes of Windows."""

from .steps import EXAMPLES, ONE_VIEW, answered, choose, open_tab

# What stands out of what lies under it. A track has the page's own colour.
MARKS = (".ga-span", ".ga-point", ".ga-column", ".ga-share-bar span", ".ga-bar")
STANDS_OUT = """(selector) => {
  const marks = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
  const canvas = Object.assign(document.createElement('i'), { style: 'background: Canvas' });
  document.body.append(canvas);
  const plain = getComputedStyle(canvas).backgroundColor;
  canvas.remove();
  return marks.map((each) => getComputedStyle(each)).map(({ backgroundImage, backgroundColor }) =>
    backgroundImage !== 'none' || ![plain, 'rgba(0, 0, 0, 0)'].includes(backgroundColor));
}"""
OUTLINE = "each => getComputedStyle(each).outlineStyle"


def analysed(page):
    """Opens Many photos with the table of three faces."""
    open_tab(page, "Many photos")
    page.set_input_files("#many-files input[type=file]", EXAMPLES / "group.jpg")
    page.wait_for_selector("#many-files td.filename >> text=group")
    page.click("#many-analyse")
    page.wait_for_selector("#many-status >> text=3 faces")
    page.wait_for_selector(".ga-many-open >> nth=2")
    page.wait_for_selector("#many-charts .ga-column >> nth=0")


@ONE_VIEW
def test_many_photos_on_paper_have_names_headings_and_bars(page):
    analysed(page)
    page.emulate_media(media="print")
    for part in (".ga-many-name", "th [data-sort=age]", ".ga-many-tile img", "#many-charts .ga-column"):
        assert page.locator(part).first.is_visible(), part
    for part in ("#many-files", "#many-analyse", "#many-downloads", ".ga-many-filters", "#many-video"):
        assert page.locator(part).first.is_hidden(), part
    for part in (".ga-chart", ".ga-many-tile"):
        assert page.eval_on_selector(part, "each => getComputedStyle(each).printColorAdjust") == "exact", part
    assert page.eval_on_selector("th [data-sort]", "each => getComputedStyle(each, '::after').content") == "none"


@ONE_VIEW
def test_contrast_themes_keep_marks_and_what_is_chosen(page):
    page.emulate_media(forced_colors="active")
    choose(page, EXAMPLES / "group.jpg")
    answered(page, "group.jpg")
    seen = {mark: page.evaluate(STANDS_OUT, mark) for mark in MARKS[:2]}
    page.click(".ga-face[data-face='2'] .ga-age")
    page.wait_for_selector(".ga-thumb[aria-current]")
    for chosen in (".ga-face[data-face='2']", ".ga-thumb[aria-current]", "#tabs [role=tab][aria-selected=true]"):
        assert page.eval_on_selector(chosen, OUTLINE) == "solid", chosen
    analysed(page)
    seen |= {mark: page.evaluate(STANDS_OUT, mark) for mark in MARKS[2:4]}
    page.click("#many-charts .ga-shares button >> nth=0")
    assert page.eval_on_selector("#many-charts [aria-pressed=true]", OUTLINE) == "solid"
    open_tab(page, "About")
    page.wait_for_selector(".ga-bar >> visible=true")
    seen |= {mark: page.evaluate(STANDS_OUT, mark) for mark in MARKS[4:]}
    assert {mark: all(each) and len(each) > 0 for mark, each in seen.items()} == dict.fromkeys(MARKS, True)
