"""The page's video input, which passes the upload on as a `GivenFile`.

A `gr.File`: `gr.Video` would load 160 kB of JavaScript for streams, on the first view of the page. What gradio lacks
for files is in photo_files.py, which also says when that can go.
"""

from __future__ import annotations

import os
from functools import partial

import gradio as gr
from gradio.data_classes import FileData
from gradio.utils import is_in_or_equal

from gender_age.photo_names import photo_name
from gender_age.video_formats import VIDEO_SUFFIXES

from .photo_files import GivenFile, fetch_here

MAX_VIDEO_BYTES = 100 * 2**20
LONGEST_VIDEO_S = 60.0


def video_file(**options) -> gr.File:
    """A `gr.File` for one video that passes a `GivenFile`, or None, to its function."""
    component = gr.File(file_types=["video", *sorted(VIDEO_SUFFIXES)], type="filepath", **options)
    component.preprocess = partial(_given_video, component)
    fetch_here(component)
    return component


def _given_video(component: gr.File, payload: FileData | None) -> GivenFile | None:
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


__all__ = ["LONGEST_VIDEO_S", "MAX_VIDEO_BYTES", "video_file"]
