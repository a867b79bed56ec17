"""The page's photo input: upload, webcam, clipboard or drag, handed on as the file that it is."""

import gradio as gr
from gradio.data_classes import ImageData


def photo_input(**options) -> gr.Image:
    """A `gr.Image` that gives its function the uploaded file's path, or None, and decodes nothing itself.

    `gr.Image` opens the upload before any code of ours runs: a text file named .jpg, or a decompression bomb, then ends
    in a traceback and an opaque error, whatever `type` says. The method is replaced on the object, as a subclass would
    make gradio write a .pyi file beside its source at every import.
    """
    component = gr.Image(type="filepath", **options)
    component.preprocess = _uploaded_path
    return component


def _uploaded_path(payload: ImageData | None) -> str | None:
    return payload.path if payload is not None else None
