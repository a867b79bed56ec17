"""axe-core on every tab: no serious violation of ours; gradio's own are listed by name."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from .steps import ALL_VIEWS, EXAMPLES, choose, open_tab

TABS = ("Photo", "Why?", "Many photos", "Live", "About")
SERIOUS = {"serious", "critical"}
# axe's rule -> the part of gradio's markup that breaks it, as a piece of the violating element's HTML.
GRADIOS_OWN = {}


def ours(violation) -> list[str]:
    """The violating elements that are not gradio's own."""
    known = GRADIOS_OWN.get(violation["id"], ())
    return [node["html"][:300] for node in violation["nodes"] if not any(part in node["html"] for part in known)]


@pytest.mark.parametrize("page", ALL_VIEWS, indirect=True)
def test_no_serious_violation_on_any_tab(page):
    choose(page, EXAMPLES / "group.jpg")
    page.wait_for_selector("#summary .ga-found")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    found = {}
    for name in TABS:
        open_tab(page, name)
        page.wait_for_timeout(500)
        violations = Axe().run(page).response["violations"]
        serious = {each["id"]: ours(each) for each in violations if each["impact"] in SERIOUS}
        found[name] = {rule: elements for rule, elements in serious.items() if elements}
    assert found == dict.fromkeys(TABS, {})


def test_the_page_is_used_without_a_mouse(page):
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))
        name = page.evaluate("document.activeElement.getAttribute('role')")
        if name == "tab":
            reached.add("a tab")
    assert "a tab" in reached
    assert any("example" in each for each in reached), reached
