"""The Live tab: the camera's pictures go in; numbered boxes over its video and smoothed answers beside it come out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr
from PIL import Image

from gender_age.errors import GenderAgeError
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.tracking import FaceTracker, FrameRate, TrackedFace

from ..inputs.camera import FRAME_SIDE, camera_frame
from ..server.stream_turns import Turns
from ..server.zero_gpu import on_gpu
from ..shared.settings import STATE_SECONDS
from .html import CONTROLS, boxes_html, cards_html, count_html, faces_in_view, notes_html, rate_html

# A running stream occupies a concurrency slot until it is stopped or reaches its time limit, so streams have slots of
# their own, apart from those of photos. After the limit a stream that goes on joins the end of the queue. A
# visitor who sends no more pictures loses the slot after the same time.
LIVE_VISITORS, TURN_SECONDS = 2, 60
LIVE_PLACES = {"concurrency_limit": LIVE_VISITORS, "concurrency_id": "live"}
# The camera sends at this interval, whether or not the last picture was answered. gradio keeps the newest picture only,
# so a slower machine skips pictures; SCRIPT does the same where the connection is slow.
STREAM_EVERY_S = 0.1
VIDEO = {"width": {"ideal": FRAME_SIDE}, "height": {"ideal": 480}}
# At ten pictures a second, a false positive in one of a hundred would flash every ten seconds: show sure faces only.
MIN_SCORE = 0.9
# A longer pause begins a new stream, with new face numbers. Texts that change more often cannot be read.
NEW_AFTER_S, TEXT_EVERY_S = 3.0, 0.3

UNREADABLE = PhotoPrediction.unusable("image", "The camera's picture cannot be read.")
SCRIPT = Path(__file__).with_name("live.js")


class LiveSession:
    """One visitor's stream: its tracker, its frame rate, its pictures so far, and the face numbers in its texts."""

    def __init__(self, tracker: FaceTracker) -> None:
        self.tracker, self.rate, self.pictures = tracker, FrameRate(), 0
        self.numbers: list[int] | None = None
        self._texts_s = 0.0

    def is_over(self, time_s: float) -> bool:
        """Whether the last picture was so long ago that the next one begins another stream."""
        return self.rate.last_s is not None and time_s - self.rate.last_s > NEW_AFTER_S

    def follow(self, prediction: PhotoPrediction, time_s: float) -> list[TrackedFace]:
        """The faces in view after one more picture, taken at `time_s`."""
        self.rate.add(time_s)
        self.pictures += 1
        certain = tuple(face for face in prediction.faces if face.score is None or face.score >= MIN_SCORE)
        return self.tracker.update(replace(prediction, faces=certain), time_s)

    def renews_texts(self, faces: Sequence[TrackedFace], time_s: float) -> bool:
        """Whether to update the texts: at once when faces come or go, else a few times a second."""
        numbers = [face.number for face in faces]
        if numbers == self.numbers and time_s - self._texts_s < TEXT_EVERY_S:
            return False
        self.numbers, self._texts_s = numbers, time_s
        return True


def build_live_tab(predictor: GenderAgePredictor) -> None:
    """Adds the tab's components and events to the current `gr.Tab`."""

    turns = Turns(TURN_SECONDS)

    @on_gpu
    def predicted(frame_rgb: Image.Image) -> PhotoPrediction:
        try:
            return predictor.predict_frame(frame_rgb)
        except GenderAgeError as error:
            return PhotoPrediction.unusable("image", str(error))

    def look(frame_rgb: Image.Image | None, session: LiveSession | None, request: gr.Request) -> dict:
        """The updates after one more picture."""
        now = time.monotonic()
        turns.end_if_over(request, now)
        if session is None or session.is_over(now):
            session = LiveSession(FaceTracker(predictor.model.config.gender_uncertain_below))
        prediction = UNREADABLE if frame_rgb is None else predicted(frame_rgb)
        faces = session.follow(prediction, now)
        # gradio keeps the newest value of every component in memory (see janitor.py): None takes the picture's place.
        shown = {camera: None, kept: session}
        if frame_rgb is not None:
            shown[boxes] = boxes_html(faces, frame_rgb.size, session.pictures)
        if session.renews_texts(faces, now):
            shown[count] = count_html(prediction.error or faces_in_view(len(faces)))
            shown[answers] = rate_html(session.rate.per_second) + cards_html(faces)
        return shown

    answer = {"elem_classes": "ga-live-answer", "js_on_load": None}
    with gr.Row(equal_height=False, elem_id="live-row"):
        with gr.Column(scale=7, min_width=300):
            with gr.Column(elem_id="live-view"):
                camera = gr.Image(
                    sources="webcam",
                    streaming=True,
                    show_label=False,
                    buttons=[],
                    webcam_options=gr.WebcamOptions(mirror=True),
                    elem_id="live-camera",
                )
                # Set on the object, not in a subclass: see photo_input.py.
                camera.preprocess = camera_frame
                boxes = gr.HTML(elem_id="live-boxes", **answer)
            script = SCRIPT.read_text(encoding="utf-8")
            gr.HTML(CONTROLS, elem_id="live-controls", js_on_load=script, apply_default_css=False, video=VIDEO)
        with gr.Column(scale=5, min_width=300, elem_id="live-answers"):
            count = gr.HTML(elem_id="live-count", **answer)
            answers = gr.HTML(elem_id="live-faces", **answer)
            gr.HTML(notes_html(LIVE_VISITORS, TURN_SECONDS), elem_id="live-notes", js_on_load=None)
    kept = gr.State(time_to_live=STATE_SECONDS)
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    stream = camera.stream(
        look,
        [camera, kept],
        {camera, kept, boxes, count, answers},
        stream_every=STREAM_EVERY_S,
        time_limit=TURN_SECONDS,  # ends streams that send nothing; `turns` ends the others
        **LIVE_PLACES,
        **quiet,
    )
    # Otherwise the camera goes on asking for a slot ten times a second.
    stream.failure(None, js="() => document.querySelector('#live-row').dispatchEvent(new Event('ga-live-refused'))")
