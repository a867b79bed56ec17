"""The page as a visitor has it: Debian's Chromium, `python app.py`, and the real default model."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import REPOSITORY

from .camera import LIVE_MS, START, write_clip
from .steps import ALL_VIEWS, ANSWER_MS, BROWSER_OPTIONS, CHROMIUM, FULL, PARAMETERS, VIEWS, WIDE_VIEWS, open_tab

START_S = 180


def pytest_collection_modifyitems(items):
    """Where there is no browser, these tests are skipped; in CI they are not."""
    if os.environ.get("CI") or Path(CHROMIUM).exists():
        return
    skip = pytest.mark.skip(reason=f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def page_url(tmp_path_factory):
    """`python app.py`, started in another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder / "gradio"), "HF_HUB_OFFLINE": "1"}
    environment.pop("GENDER_AGE_MODEL", None)
    command = [sys.executable, str(REPOSITORY / "app.py"), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, server, folder / "log.txt")
        yield url
        assert "Traceback" not in (folder / "log.txt").read_text()
        assert [path.name for path in folder.iterdir() if path.name not in ("log.txt", "gradio")] == []
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(url, server, log):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"app.py ended with {server.returncode}: {log.read_text()[-2000:]}")
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"no page after {START_S} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def playwright():
    sync_api = pytest.importorskip("playwright.sync_api", reason="the test extra brings playwright")
    with sync_api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright):
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_OPTIONS))
    yield running
    running.close()


@pytest.fixture(params=PARAMETERS)
def page(browser, page_url, request):
    """An open page that must stay without console errors, requests to other hosts, and sideways scrolling."""
    with WatchedPage(browser, page_url, *(ALL_VIEWS | WIDE_VIEWS)[request.param]) as tab:
        yield tab


@pytest.fixture(scope="session")
def camera_browser(playwright, tmp_path_factory):
    """A browser with a camera."""
    clip = tmp_path_factory.mktemp("camera") / "clip.y4m"
    write_clip(clip)
    options = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_OPTIONS, *options])
    yield running
    running.close()


@contextmanager
def opened_live(camera_browser, page_url, view, **options):
    """The open tab Live, before the camera is started."""
    with WatchedPage(camera_browser, page_url, *ALL_VIEWS[view], **options) as tab:
        tab.set_default_timeout(LIVE_MS)
        open_tab(tab, "Live")
        tab.wait_for_selector(START)
        yield tab


@pytest.fixture(params=PARAMETERS)
def live(camera_browser, page_url, request):
    """The tab Live, before the camera is started."""
    with opened_live(camera_browser, page_url, request.param) as tab:
        yield tab


@pytest.fixture
def busy_page(browser, page_url):
    """A page whose queue may be full: that alone is no error of it."""
    with WatchedPage(browser, page_url, *VIEWS["desktop-light"], tolerated=f"status of {FULL}") as tab:
        yield tab


@pytest.fixture
def shaky_page(browser, page_url):
    """A page whose connection breaks now and then: what the browser says of it is no error of the page."""
    with WatchedPage(browser, page_url, *ALL_VIEWS["desktop-light"], tolerated="Failed to load resource") as tab:
        yield tab


@cache
def shared_context(browser, size_wh, theme):
    """One for all tests of a view, which the page's scripts are sent to once. Each test has a tab of its own."""
    width, height = size_wh
    return browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)


class WatchedPage:
    """A page of `browser` that is looked over when it is left; console errors may say what is `tolerated`.

    With options of a `context`, it has one of its own, in which nothing is cached.
    """

    def __init__(self, browser, page_url, size_wh, theme, tolerated=None, **context):
        self.url, self.theme, self.tolerated = page_url, theme, tolerated
        width, height = size_wh
        viewport = {"width": width, "height": height}
        self.own = browser.new_context(viewport=viewport, color_scheme=theme, **context) if context else None
        self.context = self.own or shared_context(browser, size_wh, theme)
        self.errors, self.hosts = [], set()

    def __enter__(self):
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(ANSWER_MS)
        self.tab.on("console", lambda entry: self.errors.append(entry.text) if entry.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("request", lambda asked: self.hosts.update(re.findall(r"^https?://([^/]+)", asked.url)))
        self.tab.goto(f"{self.url}?__theme={self.theme}")
        self.tab.wait_for_selector("#summary .ga-welcome")
        return self.tab

    def __exit__(self, kind, *_):
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        overflow = self.tab.evaluate(sideways)
        self.tab.close()
        self.context.clear_permissions()
        if self.own:
            self.own.close()
        if kind is None:
            assert [error for error in self.errors if self.tolerated is None or self.tolerated not in error] == []
            assert self.hosts == {self.url.split("/")[2]}
            assert overflow <= 0, "the page is wider than the window"
