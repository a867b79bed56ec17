"""The examples of the tab Photo: small pictures to click, and a finished answer to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr
from PIL import Image, ImageOps

from ..shared.analysis import AnalysedPhoto
from ..shared.drawing import draw_faces
from ..shared.pictures import html_value, save_jpeg
from ..shared.settings import EXAMPLES, STRESS_TESTS
from .cards import faces_html

# Twice the size on the page, in pixels, for screens with two pixels for each of CSS.
THUMBNAIL_WH = (240, 168)
SAMPLE_SIDE = 800
SAMPLE_CARDS = 4
SAMPLE_NOTE = "An example: what the model answers for this picture."


def example_pictures(photo: gr.Image) -> tuple[gr.Dataset, gr.Dataset]:
    """Adds the examples and the stress tests; a click on either passes its index to a function.

    `gr.Examples` would send the photos themselves, some 0.7 MB, to show them small.

    Args:
        photo: the input, which keeps the files.
    """
    return (
        _pictures(photo, EXAMPLES, "Or try an example", "examples"),
        _pictures(photo, STRESS_TESTS, "Harder ones: stored sideways, lying on its side, small and dim", "stress"),
    )


def example_at(index: object, paths: Sequence[Path]) -> str | None:
    """The path of the example that a click chose; None where there is none."""
    return str(paths[index]) if isinstance(index, int) and 0 <= index < len(paths) else None


def sample_value(analysed: AnalysedPhoto, component: gr.HTML) -> dict:
    """A finished answer to an example, for a `picture_html`.

    Args:
        component: keeps the files for as long as the page runs.
    """
    prediction, crops = analysed.prediction, analysed.crops[:SAMPLE_CARDS]
    picture = draw_faces(analysed.display_rgb, prediction.faces, (prediction.width, prediction.height))
    picture.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    names = ("example.jpg", *(f"example-face-{number}.jpg" for number in range(1, len(crops) + 1)))
    pictures = (picture, *crops)
    paths = [save_jpeg(each, name, component.GRADIO_CACHE) for each, name in zip(pictures, names, strict=True)]
    component.keep_in_cache.update(paths)
    width, height = picture.size
    alt = "An example photo with a numbered box and an age on every face"
    return html_value(
        f'<div class="ga-sample"><figure><img src="<0>" alt="{alt}" width="{width}" height="{height}">'
        f"<figcaption>{SAMPLE_NOTE}</figcaption></figure>"
        f"{faces_html(replace(prediction, faces=prediction.faces[:SAMPLE_CARDS]), crops, is_sample=True)}</div>",
        paths,
    )


def _pictures(photo: gr.Image, paths: Sequence[Path], label: str, elem_id: str) -> gr.Dataset:
    return gr.Dataset(
        label=label,
        components=[photo],
        samples=[[_thumbnail(path, photo.GRADIO_CACHE)] for path in paths],
        type="index",
        layout="gallery",
        samples_per_page=len(paths),
        elem_id=elem_id,
    )


def _thumbnail(path: Path, folder: str) -> str:
    """A small copy of an example in gradio's folder, upright as browsers show it."""
    with Image.open(path) as image:
        image.draft("RGB", THUMBNAIL_WH)
        small = ImageOps.exif_transpose(image).convert("RGB")
    small.thumbnail(THUMBNAIL_WH)
    return save_jpeg(small, path.name, folder)
