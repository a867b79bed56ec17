"""axe-core on every tab: no violation of any impact, neither of ours nor of gradio's own."""

import pytest

from .steps import EXAMPLES, OTHER_WIDTHS, choose, first_in, open_tab, violations

# Each tab and what is there once it has been answered.
TABS = {
    "Photo": "#faces img",
    "Why?": "#why-panel img",
    "Many photos": "#many-analyse",
    "Live": "#live-camera",
    "About": "h2",
}
# Every theme and, with the slow ones, every usual width.
WIDTHS = ["desktop-dark", "phone-light", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHER_WIDTHS)]
# gradio pales what it waits for.
SETTLED = (
    "!document.querySelector('.pending') && !document.getAnimations().some((each) => each.playState === 'running')"
)

# What has the focus, where nothing around it shows that.
UNSEEN_FOCUS = """(() => {
  for (let each = document.activeElement; each; each = each.parentElement) {
    if (each === document.body) return document.activeElement === each ? '' : document.activeElement.outerHTML;
    if (getComputedStyle(each).outlineStyle !== 'none') return '';
  }
})()"""


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_no_violation_on_any_tab(page):
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#summary .ga-found")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    found = {}
    for name, answered in TABS.items():
        open_tab(page, name)
        page.wait_for_selector(f"{answered} >> visible=true")
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        page.wait_for_function(SETTLED)
        found[name] = {each["id"]: [node["html"][:300] for node in each["nodes"]] for each in violations(page)}
    assert found == dict.fromkeys(TABS, {})


@first_in("desktop-light")
def test_the_page_is_used_without_a_mouse(page):
    reached, unseen = set(), set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))
        unseen.add(page.evaluate(UNSEEN_FOCUS))
        name = page.evaluate("document.activeElement.getAttribute('role')")
        if name == "tab":
            reached.add("a tab")
    assert unseen == {""}
    assert "a tab" in reached
    assert any("example" in each for each in reached), reached
