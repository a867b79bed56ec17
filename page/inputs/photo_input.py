"""The page's photo input (upload, webcam, clipboard, drag and drop), which passes the file on without decoding it.

Missing in gradio: `gr.Image` decodes the upload before the function runs: a text file named .jpg, or a decompression
bomb, ends in a traceback and an opaque error, whatever its `type`; and `type="filepath"` ignores EXIF orientation. The
method is replaced on the object, as a subclass of a component would make gradio write a .pyi file beside its source.
Issues: gradio#6489 (open) for SVG files, gradio#2287 (EXIF); none was found on the .pyi file.
Can go when: `test_the_photo_input_opens_what_is_no_photo` in tests/page/server/test_gradio.py fails. For a subclass
instead: `test_a_subclass_of_a_component_writes_a_file_beside_its_source`.
"""

from copy import deepcopy
from functools import partial

import gradio as gr
from gradio.data_classes import FileData, GradioRootModel

from .photo_files import ADDRESS, EXAMPLE, UPLOAD, GivenFile, fetch_here, given_files


class GivenPhoto(GradioRootModel):
    """An upload, or the string of an MCP client.

    `FileData` requires `meta`, without which gradio does not check that the path is that of an upload. Left to gradio,
    the photo of a string would go into a folder that its MCP server chose at import and never empties. No issue was
    found; `test_the_mcp_server_writes_where_it_chose_at_import` fails once that has changed.
    """

    root: FileData | str

    @classmethod
    def model_json_schema(cls, *arguments, **options) -> dict:
        """pydantic's schema with a description of the string."""
        return {"anyOf": deepcopy([ADDRESS, UPLOAD])}


def photo_input(**options) -> gr.Image:
    """A `gr.Image` that passes a `GivenFile`, or None, to its function and does not decode it."""
    component = gr.Image(type="filepath", **options)
    component.data_model = GivenPhoto
    component.preprocess = partial(_given_photo, component)
    component.example_payload = lambda: dict(EXAMPLE)
    fetch_here(component)
    return component


def _given_photo(component: gr.Image, payload: GivenPhoto | None) -> GivenFile | None:
    return given_files(component, [payload.root])[0] if payload else None
