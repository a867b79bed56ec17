"""The page's video input, which passes the upload on as a `GivenFile`.

Missing in gradio: `gr.Video` fetches addresses that a call names without a limit of size or time, and its limit of
uploads is that of all files. Methods are replaced on the object for the reason that photo_input.py gives.
Issues: see photo_files.py. Can go when: the tests of URLs in tests/page/server/test_gradio.py fail.
"""

from __future__ import annotations

import os
from functools import partial

import gradio as gr
from gradio.data_classes import FileData
from gradio.utils import is_in_or_equal

from gender_age.photo_names import photo_name

from .photo_files import GivenFile, fetch_here

MAX_VIDEO_BYTES = 100 * 2**20
LONGEST_VIDEO_S = 60.0


def video_input(**options) -> gr.Video:
    """A `gr.Video` for an upload that passes a `GivenFile`, or None, to its function."""
    component = gr.Video(sources=["upload"], **options)
    component.preprocess = partial(_given_video, component)
    fetch_here(component)
    return component


def _given_video(component: gr.Video, payload: FileData | None) -> GivenFile | None:
    if payload is None:
        return None
    if not is_in_or_equal(payload.path, component.GRADIO_CACHE):
        return GivenFile("video", None, "“video” is no upload.")
    name = photo_name(payload.path)
    try:
        num_bytes = os.path.getsize(payload.path)
    except OSError:
        return GivenFile(name, None, f"“{name}” is no longer kept here: choose it again.")
    if num_bytes > MAX_VIDEO_BYTES:
        limit = f"{MAX_VIDEO_BYTES // 2**20} MB"
        return GivenFile(name, None, f"“{name}” is too large: the limit is {limit}, save it smaller or cut it.")
    return GivenFile(name, payload.path)


__all__ = ["LONGEST_VIDEO_S", "MAX_VIDEO_BYTES", "video_input"]
