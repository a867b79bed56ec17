"""The JavaScript of this tab, for `js_on_load`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def script(*names: str) -> str:
    """JavaScript files of this folder as one script, each in a scope of its own."""
    return "\n".join(f"{{\n{(FOLDER / f'{name}.js').read_text(encoding='utf-8')}}}" for name in names)
