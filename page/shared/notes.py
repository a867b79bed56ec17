"""Notes on the page: a title and a sentence or two. All text is escaped."""

from __future__ import annotations

from html import escape

from .settings import KEPT_MINUTES

PRIVACY = (
    "Photos are sent to the machine that runs this page, used for the answer only, shown to nobody else, and deleted "
    f"there after {KEPT_MINUTES} minutes at most."
)
# What drop.js says of a file.
GIVEN_LINE = '<p class="ga-said ga-given-said" role="status"></p>'
PRIVACY_LINE = f'<p class="ga-privacy">{PRIVACY}</p>'


def note_html(kind: str, title: str, text: str = "", role: str = "status", more: str = "") -> str:
    """A short note: a title, and a sentence or two.

    Args:
        kind: "welcome", "found", "none" or "error"; decides the colour.
        role: "status", "alert" where a screen reader must announce the note at once, or "note" where it must not.
        more: HTML that follows the text.
    """
    said = text and f" <span>{escape(text)}</span>"
    return f'<div class="ga-note ga-{kind}" role="{role}"><strong>{escape(title)}</strong>{said}{more}</div>'
