"""A video in; every person once, an annotated copy and a table out. A part of the tab Many photos."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from shutil import rmtree

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from gender_age.errors import GenderAgeError
from gender_age.prediction import GenderAgePredictor
from gender_age.video import follow, sightings
from gender_age.video_annotation import annotate
from gender_age.video_reader import Frame, VideoReader
from gender_age.video_results import VideoPrediction
from gender_age.video_tracks import Sighting

from ..inputs.photo_files import GivenFile
from ..inputs.video_input import LONGEST_VIDEO_S, video_file
from ..server.endings import endings
from ..server.leaving import has_left
from ..server.zero_gpu import on_gpu
from ..shared.opening import in_turn
from ..shared.pictures import html_value, picture_html, save_jpeg
from ..shared.settings import STATE_SECONDS, VIDEO_PLACES
from .table import people_as_csv, people_as_json
from .video_html import (
    BROKEN_OFF_VIDEO,
    NO_VIDEO,
    STOPPED,
    WAITING_VIDEO,
    WELCOME_VIDEO,
    copy_value,
    people_summary_html,
    people_value,
    refusal_html,
    video_progress_html,
)

SHOW_EVERY_S = 0.5
INTO_VIEW = "() => { window.gaShow(document.querySelector('#video-status')); }"
# Of the annotated copy: a page shows it no larger.
LONGEST_SIDE = 1280


@dataclass(eq=False, slots=True)
class VideoRun:
    """State that a visitor's run and its buttons share; unlike other states it is changed in place.

    Attributes:
        cancelled: the visitor has pressed Cancel.
        ended: the run has shown what came of it.
    """

    cancelled: bool = False
    ended: bool = False


def build_video_part(predictor: GenderAgePredictor) -> None:
    """Adds the components and events to the open tab."""

    @on_gpu
    def sight(frame: Frame) -> list[Sighting]:
        return in_turn(sightings, predictor, frame)

    def start_video() -> dict:
        """Before the run leaves the queue: a new state, and the last results are cleared."""
        return {
            state: VideoRun(),
            status: WAITING_VIDEO,
            follow_button: gr.update(visible=False),
            cancel: gr.update(visible=True, interactive=True, value="Cancel"),
            **dict.fromkeys((copy, table), html_value("")),
            **dict.fromkeys(downloads, gr.update(visible=False, value=None)),
        }

    def follow_people(given: GivenFile | None, this: VideoRun | None) -> Iterator[dict]:
        """The run: yields its progress, and at the end the people and the annotated copy.

        Each yield renews the state, whose time to live would otherwise end in the middle of a long run.
        """
        this = this or VideoRun()
        if given is None or given.path is None:
            this.ended = True
            said = NO_VIDEO if given is None or given.error is None else refusal_html(given.error)
            yield {state: this, status: said}
            return
        with new_copy(copy) as drawn:
            try:
                prediction = yield from shown(
                    "Looking for faces", this, follow(predictor, given.path, longest_s=LONGEST_VIDEO_S, sight=sight)
                )
                if prediction is not None:
                    prediction = replace(prediction, video=given.name, path=None)
                    copying = annotate(given.path, prediction, drawn.path, LONGEST_SIDE)
                    yield from shown("Drawing the copy", this, copying)
            except GenderAgeError as error:
                this.ended = True
                yield {state: this, status: refusal_html(str(error))}
                return
            this.ended = True
            if prediction is None or this.cancelled or has_left():
                yield {state: this, status: STOPPED}
                return
            drawn.is_whole = True
        people = prediction.people
        crops = [save_jpeg(person.crop, "person.jpg", table.GRADIO_CACHE) for person in people]
        yield {
            state: this,
            status: people_summary_html(prediction),
            copy: copy_value(drawn.path, (prediction.width, prediction.height)),
            table: people_value(people, crops),
            **{
                button: gr.update(value=_in_cache(button, data, suffix), visible=True)
                for button, (suffix, data) in zip(downloads, _files(prediction).items(), strict=True)
            },
        }

    def shown(
        what: str, this: VideoRun, steps: Generator[VideoReader, None, VideoPrediction | None]
    ) -> Generator[dict, None, VideoPrediction | None]:
        """Takes steps until the visitor stops them; yields the progress a few times a second, returns their result."""
        last_s = 0.0
        with closing(steps):
            while not this.cancelled and not has_left():
                try:
                    reader = next(steps)
                except StopIteration as end:
                    return end.value
                if time.monotonic() - last_s >= SHOW_EVERY_S:
                    last_s = time.monotonic()
                    yield {state: this, status: video_progress_html(what, reader.last_s, reader.duration_s)}
        return None

    def stop_video(this: VideoRun | None) -> dict:
        """Asks the run to end after the current frame; one that has waited for longer than its state lives, too."""
        this = this or VideoRun()
        this.cancelled = True
        return {state: this, cancel: gr.update(value="Stopping …", interactive=False)}

    def end_video(this: VideoRun | None) -> dict:
        """After the run, however it ended."""
        buttons = {follow_button: gr.update(visible=True), cancel: gr.update(visible=False)}
        return buttons if this is not None and this.ended else buttons | {status: BROKEN_OFF_VIDEO}

    with gr.Accordion("Follow people through a video", open=False, elem_id="many-video"):
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=300):
                video = video_file(label="Video", height=160, elem_classes="ga-drop", elem_id="video-file")
                follow_button = gr.Button("Follow people", variant="primary", elem_id="video-follow")
                cancel = gr.Button("Cancel", variant="stop", visible=False, elem_id="video-cancel")
            with gr.Column(scale=7, min_width=300):
                status = gr.HTML(WELCOME_VIDEO, elem_id="video-status")
                copy = picture_html(elem_id="video-copy", apply_default_css=False)
        with gr.Row(elem_id="video-downloads"):
            downloads = [
                gr.DownloadButton(
                    f"People as {kind}", visible=False, min_width=90, size="sm", elem_id=f"video-{kind.lower()}"
                )
                for kind in ("CSV", "JSON")
            ]
        table = picture_html(elem_id="video-people", apply_default_css=False)
    state = gr.State(time_to_live=STATE_SECONDS)

    outputs = [status, copy, table, *downloads]
    unseen = {"api_visibility": "private", "show_progress": "hidden"}
    started = follow_button.click(start_video, None, [*outputs, state, follow_button, cancel], queue=False, **unseen)
    running = started.success(follow_people, [video, state], [*outputs, state], **unseen, **VIDEO_PLACES)
    running.success(None, js=INTO_VIEW)
    for ended in endings(running):
        ended(end_video, state, [follow_button, cancel, status], queue=False, **unseen)
    cancel.click(stop_video, state, [state, cancel], queue=False, **unseen)


@dataclass(eq=False, slots=True)
class DrawnCopy:
    """The annotated copy while it is drawn.

    Attributes:
        path: in gradio's folder, unguessable; the files of a component's values are deleted in time.
        is_whole: the visitor gets it.
    """

    path: str
    is_whole: bool = False


@contextmanager
def new_copy(component: gr.HTML) -> Iterator[DrawnCopy]:
    """A place for the copy, which is removed at the end unless it is whole, also where the visitor has left."""
    os.makedirs(component.GRADIO_CACHE, exist_ok=True)
    folder = tempfile.mkdtemp(dir=component.GRADIO_CACHE)
    drawn = DrawnCopy(os.path.join(folder, "people.mp4"))
    try:
        yield drawn
    finally:
        if not drawn.is_whole:
            rmtree(folder, ignore_errors=True)


def _files(prediction: VideoPrediction) -> dict[str, bytes]:
    """Suffix and content of the downloads, in the order of their buttons."""
    return {"csv": people_as_csv(prediction), "json": people_as_json(prediction)}


def _in_cache(button: gr.DownloadButton, data: bytes, suffix: str) -> str:
    return save_bytes_to_cache(data, f"people.{suffix}", button.GRADIO_CACHE)


__all__ = ["build_video_part"]
