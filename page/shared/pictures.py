"""HTML with pictures that are files of gradio's cache, and writing those files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

JPEG_QUALITY = 88
# Puts the URLs of the files in place of `<0>`, `<1>` and so on, which escaped text cannot contain.
TEMPLATE = r"${value.html.replace(/<(\d+)>/g, (_, index) => value.files[index].url)}"
SCRIPT = Path(__file__).with_name("pictures.js")
NOTHING = {"html": "", "files": []}


def picture_html(html: str = "", js_on_load: str | None = None, **options) -> gr.HTML:
    """A `gr.HTML` whose value is what `html_value` gives.

    The pictures are files and not part of the HTML, as gradio keeps the newest value of every component in memory, but
    deletes the files of a component in time. Never change one by `gr.update`: that makes a copy of the component, whose
    files `delete_cache` does not know. See page/server/janitor.py for both.

    Args:
        html: its initial content, without pictures.
        js_on_load: runs after pictures.js.
    """
    script = f"{{\n{SCRIPT.read_text(encoding='utf-8')}}}\n{js_on_load or ''}"
    return gr.HTML(html_value(html), html_template=TEMPLATE, js_on_load=script, **options)


def html_value(html: str, paths: Sequence[str] = ()) -> dict:
    """The value of a `picture_html`.

    Args:
        html: with `<0>` in place of the URL of the first file, `<1>` for the second, and so on.
        paths: of these files, in gradio's folder.
    """
    files = [FileData(path=path, orig_name=path.rpartition("/")[2]).model_dump() for path in paths]
    return {"html": html, "files": files}


def save_jpeg(picture_rgb: Image.Image, name: str, folder: str) -> str:
    """Writes a picture into gradio's folder; returns its path, which is unguessable as it contains a hash of it."""
    stream = io.BytesIO()
    picture_rgb.save(stream, "JPEG", quality=JPEG_QUALITY)
    return save_bytes_to_cache(stream.getvalue(), name, folder)
