"""axe-core on every tab: no violation of any impact, neither of ours nor of gradio's own."""

import pytest

from .steps import EXAMPLES, ONE_VIEW, OTHER_WIDTHS, answered, choose, first_in, open_tab, violations

# Each tab and what is there once it has been answered.
TABS = {
    "Photo": "#faces img",
    "Why?": "#why-panel img",
    "Many photos": "#many-analyse",
    "Live": "#live-camera",
    "About": "h2",
}
# Every tab in the light theme, and in the dark one those that no other test gives to axe unfolded: "Live", which has
# nothing to unfold, is in test_live_off.py. With the slow ones, every usual width.
WIDTHS = [
    ("phone-light", tuple(TABS)),
    ("desktop-dark", tuple(name for name in TABS if name != "Live")),
    *(pytest.param(name, tuple(TABS), marks=pytest.mark.slow) for name in ("desktop-dark", *OTHER_WIDTHS)),
]
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

# What each region of role status says on the tab Photo, and whether it is seen then: what is not, is not read.
LISTEN = """() => {
  window.said = [];
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const region = (target.closest ? target : target.parentElement)?.closest('#stage [role="status"]');
    const text = region?.textContent.trim();
    if (text) window.said.push([text, region.checkVisibility()]);
  })).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@ONE_VIEW
def test_a_screen_reader_is_told_of_an_answer_once(page):
    page.evaluate(LISTEN)
    choose(page, EXAMPLES / "hopper.jpg")
    answered(page, "hopper.jpg")
    said = page.evaluate("window.said")
    assert [text for text, _ in said if "found" in text] == ["1 face found in “hopper.jpg”"]
    assert all(is_seen for _, is_seen in said), said

    page.click("[data-tool=guess]")
    choose(page, EXAMPLES / "obama.jpg")
    page.wait_for_selector(".ga-guess li")
    page.wait_for_selector("#stage:not([data-waiting])")
    said = page.evaluate("window.said.splice(0)")
    assert [text for text, _ in said if "found" in text] == ["1 face found in “hopper.jpg”"]
    assert [text for text, _ in said if "How old" in text] == ["How old do they look? Skip anyone you like."]
    assert all(is_seen for _, is_seen in said), said


@pytest.mark.parametrize(("page", "tabs"), WIDTHS, indirect=["page"])
def test_no_violation_on_any_tab(page, tabs):
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#summary .ga-found")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    found = {}
    for name in tabs:
        open_tab(page, name)
        page.wait_for_selector(f"{TABS[name]} >> visible=true")
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        page.wait_for_function(SETTLED)
        found[name] = {each["id"]: [node["html"][:300] for node in each["nodes"]] for each in violations(page)}
    assert found == dict.fromkeys(tabs, {})


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
