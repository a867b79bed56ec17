"""Makes the pictures of README.md and the page's social preview: `python scripts/pictures.py http://127.0.0.1:7860/`.

Needs a running page, Debian's Chromium (or `$CHROMIUM`) and the extra `test`.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
GROUP, CONGRESS = ROOT / "examples/group.jpg", ROOT / "examples/congress.jpg"
PREVIEW_WH = (1200, 630)
FRAME_WIDTH, FRAME_MS, LAST_MS, SCROLL_PX = 300, 140, 1800, 70


def answered(page: Page, photo: Path, faces: int) -> None:
    """Chooses a photo and waits for its cards and pictures."""
    page.set_input_files("#photo input[type=file]", str(photo))
    page.wait_for_selector(f"#faces .ga-face >> nth={faces - 1}")
    page.wait_for_function("[...document.querySelectorAll('#faces img')].every((image) => image.naturalWidth)")
    page.wait_for_timeout(800)


def opened(browser: Browser, url: str, width: int, height: int, **options) -> Page:
    """A light page of this size, with its sample."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light", **options)
    page.goto(f"{url}?__theme=light")
    page.wait_for_selector("#sample img")
    return page


def save_png(page: Page, name: str) -> None:
    """The view in docs, with few colours, as it stays in the history."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(200, dither=Image.Dither.NONE).save(ROOT / f"docs/{name}.png", optimize=True)


def desktop(browser: Browser, url: str) -> None:
    """docs/page.png, docs/why.png and page/preview.jpg."""
    page = opened(browser, url, 1280, 900)
    answered(page, GROUP, 3)
    save_png(page, "page")
    page.get_by_role("tab", name="Why?").first.click()
    page.wait_for_selector("#why-panel img")
    page.wait_for_timeout(800)
    save_png(page, "why")
    page.close()
    page = opened(browser, url, *PREVIEW_WH)
    answered(page, CONGRESS, 6)
    page.add_style_tag(content="#stage-input, #tools, #tabs > .tab-wrapper { display: none !important; }")
    page.wait_for_timeout(300)
    data = page.screenshot()
    Image.open(io.BytesIO(data)).convert("RGB").save(ROOT / "page/preview.jpg", quality=80, optimize=True)
    page.close()


def phone(browser: Browser, url: str) -> None:
    """docs/page.gif: a photo is chosen on a phone, and its answer read."""
    page = opened(browser, url, 390, 700, has_touch=True)
    frames = [page.screenshot()] * 6
    answered(page, CONGRESS, 6)
    frames += [page.screenshot()] * 8
    for _ in range(16):
        page.mouse.wheel(0, SCROLL_PX)
        page.wait_for_timeout(60)
        frames.append(page.screenshot())
    pictures = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    height = round(pictures[0].height * FRAME_WIDTH / pictures[0].width)
    small = [picture.resize((FRAME_WIDTH, height), Image.Resampling.LANCZOS) for picture in pictures]
    both = Image.new("RGB", (FRAME_WIDTH, 2 * height))
    both.paste(small[0])
    both.paste(small[8], (0, height))
    palette = both.quantize(200)
    first, *rest = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in small]
    times = [FRAME_MS] * len(rest) + [LAST_MS]
    first.save(ROOT / "docs/page.gif", save_all=True, append_images=rest, duration=times, loop=0, optimize=True)
    page.close()


def main(url: str) -> None:
    """All pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium")
        desktop(browser, url)
        phone(browser, url)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
