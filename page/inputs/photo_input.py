"""The page's photo input: upload, webcam, clipboard or drag, handed on as the file that it is."""

from copy import deepcopy
from functools import partial

import gradio as gr
from gradio.data_classes import FileData, GradioRootModel

from .photo_files import ADDRESS, UPLOAD, GivenFile, fetch_here, given_files


class GivenPhoto(GradioRootModel):
    """An upload, or the string that an assistant gives.

    `FileData` insists on its `meta`, without which gradio does not check that the path is an upload's. gradio's MCP
    server would write the string's photo into a folder that it chose at import and that nothing empties.
    """

    root: FileData | str

    @classmethod
    def model_json_schema(cls, *arguments, **options) -> dict:
        """As pydantic has it, but with what the string may be."""
        return {"anyOf": deepcopy([ADDRESS, UPLOAD])}


def photo_input(**options) -> gr.Image:
    """A `gr.Image` that gives its function a `GivenFile`, or None, and decodes nothing itself.

    `gr.Image` opens the upload before any code of ours runs: a text file named .jpg, or a decompression bomb, then ends
    in a traceback and an opaque error, whatever `type` says. The method is replaced on the object, as a subclass would
    make gradio write a .pyi file beside its source at every import.
    """
    component = gr.Image(type="filepath", **options)
    component.data_model = GivenPhoto
    component.preprocess = partial(_given_photo, component)
    fetch_here(component)
    return component


def _given_photo(component: gr.Image, payload: GivenPhoto | None) -> GivenFile | None:
    return given_files(component, [payload.root])[0] if payload else None
