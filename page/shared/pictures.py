"""HTML whose pictures are files, and the files that the browser gets of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import gradio as gr
from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

JPEG_QUALITY = 88
# Puts the files' addresses, which gradio knows, where the HTML says `<1>`, which no escaped text can say.
TEMPLATE = r"${value.html.replace(/<(\d+)>/g, (_, index) => value.files[index].url)}"
NOTHING = {"html": "", "files": []}


def picture_html(html: str = "", **options) -> gr.HTML:
    """A `gr.HTML` whose value is what `html_value` gives.

    The pictures are files and no part of the HTML: gradio keeps the newest value of every component in memory for as
    long as it runs, but deletes a component's files in time (if they were not sent through `gr.update`, which makes
    another component of which its cleaning does not know).

    Args:
        html: what it shows at first, without pictures.
    """
    return gr.HTML(html_value(html), html_template=TEMPLATE, **options)


def html_value(html: str, paths: Sequence[str] = ()) -> dict:
    """The value of a `picture_html`.

    Args:
        html: says `<0>` where the address of the first file belongs, `<1>` where that of the second does, and so on.
        paths: of these files, in gradio's folder.
    """
    files = [FileData(path=path, orig_name=path.rpartition("/")[2]).model_dump() for path in paths]
    return {"html": html, "files": files}


def save_jpeg(picture_rgb: Image.Image, name: str, folder: str) -> str:
    """Writes a picture under a path that nobody guesses who does not have the picture; the path."""
    stream = io.BytesIO()
    picture_rgb.save(stream, "JPEG", quality=JPEG_QUALITY)
    return save_bytes_to_cache(stream.getvalue(), name, folder)
