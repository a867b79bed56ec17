"""The page in a real browser (Debian's Chromium), served by `python app.py` with the real default model."""

import io
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image, ImageColor

from page.drawing import face_colours

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
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
START_S, ANSWER_MS = 180, 90_000

if not os.environ.get("CI"):
    pytest.importorskip("playwright", reason="the test extra brings playwright")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM", allow_module_level=True)


@pytest.fixture(scope="module")
def page_url(tmp_path_factory):
    """`python app.py`, started in another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder / "gradio"), "HF_HUB_OFFLINE": "1"}
    environment.pop("GENDER_AGE_MODEL", None)
    command = [sys.executable, str(ROOT / "app.py"), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, server, folder / "log.txt")
        yield url
        assert "Traceback" not in (folder / "log.txt").read_text()
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


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_OPTIONS))
        yield running
        running.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(browser, page_url, request):
    """An open page that must stay without console errors and without requests to other hosts."""
    width, height = request.param
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.set_default_timeout(ANSWER_MS)
    errors, hosts = [], set()
    tab.on("console", lambda entry: errors.append(entry.text) if entry.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda asked: hosts.update(re.findall(r"^https?://([^/]+)", asked.url)))
    tab.goto(page_url)
    tab.wait_for_selector("#summary .ga-welcome")
    yield tab
    overflow = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    tab.close()
    assert errors == []
    assert hosts == {page_url.split("/")[2]}
    assert overflow <= 0, "the page is wider than the window"


def choose(page, path):
    page.set_input_files("#photo input[type=file]", str(path))


def summary(page, kind):
    page.wait_for_selector(f"#summary .ga-{kind}")
    return page.inner_text("#summary")


def drawing(page):
    """The photo with its boxes, as the browser got it."""
    page.wait_for_function("document.querySelector('#drawing img')?.naturalWidth > 0")
    source = page.get_attribute("#drawing img", "src")
    return Image.open(io.BytesIO(page.request.get(source).body())).convert("RGB")


def near(image, colour):
    """Pixels close to this colour."""
    difference = np.abs(np.asarray(image).astype(int) - ImageColor.getrgb(colour)).max(axis=2)
    return int((difference < 24).sum())


def test_upload_brings_boxes_and_rows(page):
    choose(page, EXAMPLES / "group.jpg")
    assert "3 faces found in “group.jpg”" in summary(page, "found")
    page.wait_for_selector("#faces .ga-face >> nth=2")
    rows = page.locator("#faces .ga-face")
    assert rows.count() == 3
    for number in range(1, 4):
        text = " ".join(rows.nth(number - 1).inner_text().split())
        assert re.search(rf"^{number} \d+\+? years \d+% interval: \d+–\d+\+? years (fe)?male (uncertain )?", text), text
        assert re.search(r"probability (over )?\d+% 0 20 40 60 80 100$", text)
    assert page.evaluate("[...document.querySelectorAll('.ga-crop img')].every(image => image.naturalWidth === 144)")
    drawn = drawing(page)
    plain = Image.open(EXAMPLES / "group.jpg").convert("RGB").resize(drawn.size)
    for number in range(1, 4):
        colour = face_colours(number)[0]
        assert near(drawn, colour) > near(plain, colour) + 1000


def test_an_example_click_works(page):
    page.click("#examples button.gallery-item >> nth=5")
    text = summary(page, "found")
    assert "1 face found in “obama-turned.jpg”" in text
    assert "turned by 90°" in text
    page.wait_for_selector("#faces .ga-face")
    drawn = drawing(page)
    assert drawn.height > drawn.width
    page.click("#details button")
    page.wait_for_selector("#json >> text=gender_probability")


def test_a_text_file_named_jpg_gives_the_sentence_and_the_page_goes_on(page, tmp_path):
    notes = tmp_path / "notes.jpg"
    notes.write_text("Dear all,\n")
    choose(page, notes)
    text = summary(page, "error")
    assert "This photo cannot be used." in text
    assert "“notes.jpg” is not a photo (it holds text)" in text
    assert page.locator("#faces .ga-face").count() == 0
    assert page.locator(".toast-body").count() == 0, "a red error box"

    page.click("#photo button[aria-label='Remove Image']")
    page.wait_for_selector("#summary .ga-welcome")
    choose(page, EXAMPLES / "collins.jpg")
    assert "1 face found" in summary(page, "found")


def test_no_face_says_so(page, tmp_path):
    Image.new("RGB", (640, 480), (90, 140, 90)).save(tmp_path / "meadow.jpg")
    choose(page, tmp_path / "meadow.jpg")
    assert "No face was found in “meadow.jpg”" in summary(page, "none")
    assert page.locator("#drawing img").count() == 0
