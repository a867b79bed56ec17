"""How a visitor gives a photo: a drop zone, three buttons and an address; and what is shown until it is answered."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ..inputs.photo_files import GivenFile, given_files
from ..inputs.photo_input import photo_input
from ..shared.notes import GIVEN_LINE, PRIVACY_LINE
from .scripts import script

NO_ADDRESS = "Type the address of a photo first, such as https://example.org/photo.jpg."
NOTES = f"""{GIVEN_LINE}
{PRIVACY_LINE}
<p class="ga-unseen ga-told" role="status"></p>
<input type="file" class="ga-chosen" hidden>
<dialog class="ga-camera" aria-label="Take a photo"><video playsinline muted autoplay></video>
<div class="ga-acts"><button type="button" class="ga-act" data-do="take">Take the photo</button>
<button type="button" class="ga-act" data-do="turn">Other camera</button>
<button type="button" class="ga-act" data-do="close">Cancel</button></div></dialog>"""
WAITING = """<div class="ga-waiting"><img alt="" hidden><div class="ga-progress" aria-hidden="true"><i></i></div>
<p role="status"><b></b> <span></span></p></div>
<div class="ga-note ga-error ga-failed" role="alert" hidden><strong>This photo could not be analysed.</strong>
<span>Too many people are asking at this moment, or the connection broke. Try again in a minute.</span></div>"""


@dataclass(frozen=True, slots=True)
class Choosing:
    """The components by which a photo is given.

    Attributes:
        photo: takes the file, however it comes, and is emptied once it is passed on: the page shows the photo itself
            with its answer.
        address: of a photo on the web.
    """

    photo: gr.Image
    address: gr.Textbox


def build_choosing() -> Choosing:
    """Adds the components to the current column; drop.js and camera.js work them."""
    photo = photo_input(
        label="Photo",
        show_label=False,
        height=220,
        sources=["upload"],
        placeholder="Drop a photo here\nor choose one",
        elem_classes="ga-drop",
        elem_id="photo",
    )
    with gr.Row(elem_id="ways"):
        gr.Button("Choose", variant="primary", elem_id="choose")
        gr.Button("Camera", elem_id="camera")
        gr.Button("Paste", elem_id="paste")
        address = gr.Textbox(
            label="Address of a photo on the web",
            show_label=False,
            placeholder="Or its address: https://…",
            submit_btn="Load",
            max_lines=1,
            container=False,
            elem_id="address",
        )
    gr.HTML(NOTES, js_on_load=script("drop", "camera"), apply_default_css=False, elem_id="stage-notes")
    return Choosing(photo, address)


def build_waiting() -> gr.HTML:
    """Adds what is shown of a photo while it waits; waiting.js fills it."""
    return gr.HTML(WAITING, js_on_load=script("waiting"), apply_default_css=False, elem_id="waiting")


def file_at(photo: gr.Image, address: str | None) -> GivenFile:
    """The photo at an address that a visitor typed, fetched as `/predict` fetches it.

    Args:
        photo: gets the file, so that gradio deletes it in time.
    """
    address = (address or "").strip()
    if not address or address.startswith("data:") or "." not in address:
        return GivenFile("photo", None, NO_ADDRESS)
    if "://" not in address:
        address = f"https://{address}"
    return given_files(photo, [address])[0]
