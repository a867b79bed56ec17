"""What a visitor does, and what the browser tests look at."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
ANSWER_MS = 90_000
VIEWS = {"desktop-light": ((1280, 900), "light"), "phone-dark": ((390, 844), "dark")}


def choose(page, path) -> None:
    """Upload a photo on the first tab."""
    page.set_input_files("#photo input[type=file]", str(path))


def open_tab(page, name: str) -> None:
    """Click a tab; on a phone the last ones may be in gradio's overflow menu."""
    tab = page.get_by_role("tab", name=name, exact=True).first
    if not tab.is_visible():
        page.locator("#tabs .overflow-menu > button").first.click()
        page.locator("#tabs .overflow-dropdown button", has_text=name).first.click()
    else:
        tab.click()
