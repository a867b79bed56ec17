"""What a visitor does, and what the browser tests look at."""

from __future__ import annotations

import base64
import os
import re

import pytest

from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
BROWSER_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ANSWER_MS = 90_000
# gradio asks every two seconds whether a lost server is back, and then loads the page anew.
GRADIO_RELOADS_MS = 4_000
# What gradio answers when its queue is full.
FULL = 503
# What a drop or a paste of a file is to the page.
FILES = """([kind, selector, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  const bag = new DataTransfer();
  bag.items.add(new File([bytes], name, { type }));
  const options = { bubbles: true, cancelable: true, dataTransfer: bag };
  const Kind = kind === 'paste' ? ClipboardEvent : DragEvent;
  const event = new Kind(kind, { ...options, clipboardData: bag });
  return !document.querySelector(selector).dispatchEvent(event);
}"""
VIEWS = {"desktop-light": ((1280, 900), "light"), "phone-dark": ((390, 844), "dark")}
ALL_VIEWS = VIEWS | {"desktop-dark": ((1280, 900), "dark"), "phone-light": ((390, 844), "light")}
WIDE_VIEWS = {"tablet-light": ((768, 1024), "light"), "wide-dark": ((1920, 1080), "dark")}
OTHER_WIDTHS = ("desktop-light", "phone-dark", *WIDE_VIEWS)
# The first two show every width and theme once; the others take as long again.
PARAMETERS = [*VIEWS, *(pytest.param(name, marks=pytest.mark.slow) for name in ALL_VIEWS if name not in VIEWS)]

# For what is the same in every view.
ONE_VIEW = pytest.mark.parametrize("page", ["phone-dark"], indirect=True)


def first_in(view: str, fixture: str = "page") -> pytest.MarkDecorator:
    """For what hardly depends on the view: the fast suite looks at one, the slow one at all."""
    others = [pytest.param(name, marks=pytest.mark.slow) for name in ALL_VIEWS if name != view]
    return pytest.mark.parametrize(fixture, [view, *others], indirect=True)


def choose(page, path) -> None:
    """Upload a photo on the first tab."""
    page.set_input_files("#photo input[type=file]", str(path))


def send(page, kind, selector, path, mime="image/jpeg") -> bool:
    """Drop or paste a file; whether the page took it, and the browser does not open it."""
    data = base64.b64encode(path.read_bytes()).decode()
    return page.evaluate(FILES, [kind, selector, path.name, mime, data])


def choose_another(page, path) -> None:
    """Upload a photo in place of the one that is there."""
    remove = page.locator("#photo button[aria-label='Remove Image']")
    if remove.count():
        remove.click()
        page.wait_for_selector("#summary .ga-welcome")
    choose(page, path)


def refuse(page) -> None:
    """From now on the queue is full, for this page alone."""
    page.route(re.compile("/queue/join"), lambda route: route.fulfill(status=FULL, json={"detail": "Queue is full."}))


def violations(page) -> list[dict]:
    """What axe-core finds on the open tab, of any impact."""
    from axe_playwright_python.sync_playwright import Axe  # here, as it needs playwright

    return Axe().run(page).response["violations"]


def open_tab(page, name: str) -> None:
    """Click a tab."""
    page.get_by_role("tab", name=name, exact=True).click()


def answered(page, name: str) -> None:
    """Wait until the Photo tab shows the answer to a photo with faces."""
    page.wait_for_selector(f"#summary .ga-found >> text=“{name}”")
    page.wait_for_selector("#stage:not([data-waiting])")
    page.wait_for_selector("#faces .ga-face")


def held(page, address: str) -> list:
    """Holds the page's next request to an address; the list of its route."""
    routes = []
    page.route(re.compile(address), lambda route: routes.append(route), times=1)
    return routes


def caught(page, routes: list):
    """The route of a held request, once the page has made it."""
    for _ in range(ANSWER_MS // 50):
        if routes:
            return routes.pop()
        page.wait_for_timeout(50)
    raise AssertionError("the page asks for nothing")
