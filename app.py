"""The Gradio page: a photo in, every face out with apparent age and perceived gender."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

try:
    # ZeroGPU's, before anything may start CUDA: torch then believes in a GPU, and the model is placed on it at start.
    import spaces
except ImportError:
    spaces = None

import gradio as gr
from PIL import Image

from gender_age.detection import rotate_image
from gender_age.errors import GenderAgeError, ModelError
from gender_age.images import open_photo, photo_name
from gender_age.prediction import DEFAULT_MODEL, GenderAgePredictor
from gender_age.results import PhotoPrediction
from page.cards import WELCOME, faces_html, summary_html
from page.drawing import draw_faces
from page.photo_input import photo_input

ROOT = Path(__file__).resolve().parent
EXAMPLES = (
    "group.jpg",
    "collins.jpg",
    "obama.jpg",
    "hopper.jpg",
    "collins-sideways-exif.jpg",
    "obama-turned.jpg",
    "hopper-small-dim.jpg",
)
# Uploads and drawings are looked at every ten minutes and deleted once half an hour old.
CLEAN_EVERY_S, CLEAN_OLDER_S = 600, 1800
QUEUE_SIZE = 32
# For how long a ZeroGPU Space borrows the GPU at most; the shorter, the sooner it is a visitor's turn.
GPU_SECONDS = 30
# One run at a time, whoever asks: MTCNN's settings change with the photo, and a second run would only slow both.
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "model"}
LAUNCH = {
    # The reader's own fonts: nothing is fetched from elsewhere.
    "theme": gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    "css_paths": ROOT / "page" / "style.css",
    "max_file_size": "20mb",
    "footer_links": ["api", "settings"],
    # Otherwise every visitor's browser keeps the photos of past runs.
    "run_history": False,
    "ssr_mode": False,
}

INTRO = """<div class="ga-intro"><h1>Gender and age</h1>
<p>Finds every face of a photo and estimates its apparent age, with an interval, and its perceived gender.</p></div>"""
SMALL_PRINT = f"""<div class="ga-small-print">
<p><b>Your photo</b> is sent to the machine that runs this page, is used for the answer only, and is shown to nobody
else. The file and the drawing are deleted from there after {(CLEAN_EVERY_S + CLEAN_OLDER_S) // 60} minutes at most.</p>
<p><b>What it means.</b> Age is how old a face looks, not how old the person is; gender is how a face is read, as one of
two labels, and not who the person is. Errors are larger for children and old people, and differ between groups.</p>
<p><b>What it is not for.</b> Age checks, identification, surveillance, hiring, advertising, or any other decision about
a person.</p></div>"""


def analyse(predictor: GenderAgePredictor, photo: str | None) -> tuple[Image.Image | None, PhotoPrediction]:
    """Opens a photo once and predicts its faces.

    Returns:
        The photo in the prediction's frame, or None where it is unusable, and the prediction, which then has its
        `error` set.
    """
    name = photo_name(photo)
    try:
        image_rgb = open_photo(photo)
        prediction = predictor.predict(image_rgb)
    except GenderAgeError as error:
        return None, PhotoPrediction(name, None, None, 0, (), str(error))
    return rotate_image(image_rgb, prediction.rotation), replace(prediction, photo=name)


def on_gpu(function: Callable) -> Callable:
    """`function` as a ZeroGPU Space runs it, in a process with a GPU; anywhere else `function` itself."""
    return spaces.GPU(duration=GPU_SECONDS)(function) if spaces is not None else function


def build_demo(predictor: GenderAgePredictor) -> gr.Blocks:
    """The page and its named API `/predict`, around a predictor that is already loaded."""

    @on_gpu
    def analysed(photo: str | None) -> tuple[Image.Image | None, PhotoPrediction]:
        # ZeroGPU pickles arguments and changes exceptions: the predictor is no argument, and errors come as values.
        return analyse(predictor, photo)

    def predict(photo: str | None) -> dict:
        """Finds the faces of a photo: its JSON, with `error` set where the photo is unusable."""
        return analysed(photo)[1].to_dict()

    def show(photo: str | None) -> dict:
        """What the page shows for the photo that was just chosen, or cleared."""
        if photo is None:
            hidden = gr.update(visible=False)
            return {summary: WELCOME, drawing: hidden, faces: hidden, details: hidden, answer: None}
        image_rgb, prediction = analysed(photo)
        found = bool(prediction.faces)
        return {
            summary: summary_html(prediction),
            drawing: gr.update(value=draw_faces(image_rgb, prediction.faces) if found else None, visible=found),
            faces: gr.update(value=faces_html(prediction, image_rgb) if found else "", visible=found),
            details: gr.update(visible=True),
            answer: prediction.to_dict(),
        }

    cleaning = (CLEAN_EVERY_S, CLEAN_OLDER_S)
    with gr.Blocks(title="Gender and age", analytics_enabled=False, delete_cache=cleaning) as demo:
        gr.HTML(INTRO)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=300):
                photo = photo_input(label="Photo", height=340, elem_id="photo")
                gr.Examples(
                    [[str(ROOT / "examples" / name)] for name in EXAMPLES],
                    photo,
                    label="Or click an example",
                    cache_examples=False,
                    api_visibility="private",
                    elem_id="examples",
                )
            with gr.Column(scale=7, min_width=300):
                summary = gr.HTML(WELCOME, elem_id="summary")
                drawing = gr.Image(
                    show_label=False,
                    format="jpeg",
                    interactive=False,
                    visible=False,
                    buttons=["fullscreen"],
                    elem_id="drawing",
                    alt_text="The photo with a numbered box around each face",
                )
                faces = gr.HTML(visible=False, elem_id="faces")
                with gr.Accordion("The same as JSON", open=False, visible=False, elem_id="details") as details:
                    answer = gr.JSON(show_label=False, elem_id="json")
        gr.HTML(SMALL_PRINT)
        shown = {summary, drawing, faces, details, answer}
        # `change` alone tells of uploads, snapshots, pastes, examples and clearing, once each.
        photo.change(show, photo, shown, api_visibility="private", scroll_to_output=True, **ONE_AT_A_TIME)
        # No visitor presses it: it gives the API its own function, so that neither runs the model for the other.
        gr.Button(visible=False).click(predict, photo, answer, api_name="predict", **ONE_AT_A_TIME)
    return demo.queue(max_size=QUEUE_SIZE)


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description="Serves the page.")
    parser.add_argument(
        "--model",
        metavar="ID_OR_FOLDER",
        default=os.environ.get("GENDER_AGE_MODEL") or DEFAULT_MODEL,
        help="Hub id or folder of a checkpoint (default: $GENDER_AGE_MODEL, else the repository's own)",
    )
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument("--host", metavar="H", help="address to listen on (default: $GRADIO_SERVER_NAME, else local)")
    parser.add_argument("--port", metavar="P", type=int, help="port (default: $GRADIO_SERVER_PORT, else from 7860 on)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Loads the model, then serves until interrupted; the exit status is 1 if either cannot be done."""
    arguments = parse_arguments(argv)
    try:
        predictor = GenderAgePredictor.from_pretrained(arguments.model, revision=arguments.revision)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        build_demo(predictor).launch(server_name=arguments.host, server_port=arguments.port, **LAUNCH)
    except (OSError, OverflowError) as error:  # a port in use or over 65535, an address that is not ours
        print(f"The page cannot be served: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
