"""The Live tab: a camera's pictures in, numbered boxes over its video and steady answers beside it out."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData
from PIL import Image

from gender_age.errors import GenderAgeError
from gender_age.images import BOMB, DAMAGED, open_photo
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.tracking import FaceTracker, FrameRate, TrackedFace

from ..server.stream_turns import Turns
from ..server.zero_gpu import on_gpu
from ..shared.drawing import face_colours
from ..shared.settings import STATE_SECONDS
from ..shared.wording import shown_age, shown_probability

# A running stream occupies one of gradio's places until it is stopped or its time is up: the photos' single place is
# not for it. After its time a stream that goes on queues again, behind those who wait. Who sends no picture any more
# loses the place as soon.
LIVE_VISITORS, TURN_SECONDS = 2, 60
LIVE_PLACES = {"concurrency_limit": LIVE_VISITORS, "concurrency_id": "live"}
# The camera sends this often, whether or not there was an answer. gradio keeps the newest picture only, so that a
# slower machine skips pictures; SCRIPT sees to the same where the line is slow.
STREAM_EVERY_S = 0.1
LONGEST_SIDE = 640
CONSTRAINTS = {"video": {"width": {"ideal": LONGEST_SIDE}, "height": {"ideal": 480}, "facingMode": "user"}}
# Of a picture as it is sent, in base64: many times what 640 × 480 pixels take. No camera has a longer side.
MAX_CHARACTERS, LARGEST_SIDE = 1_500_000, 4096
# What is no face in one of a hundred pictures flashes every ten seconds: only certain faces are shown.
MIN_SCORE = 0.9
# After a pause as long as this it is another stream, with numbers of its own; changing faster, texts cannot be read.
NEW_AFTER_S, TEXT_EVERY_S = 3.0, 0.3

START = "Click on the picture to allow the camera, then press Record."
STOPPED = "Stopped: no pictures are sent."
UNREADABLE = PhotoPrediction.unusable("image", "The camera's picture cannot be read.")
NOTES = f"""<p class="ga-live-problem" role="alert" hidden></p>
<p class="ga-live-wait" role="status">{LIVE_VISITORS} other visitors are live. It is your turn when one of them stops or
has had {TURN_SECONDS} seconds; who came before you comes first.</p>
<div class="ga-live-notes"><p>Pictures are dropped, not queued, when the machine is slower than the camera. Age and
gender are averages over the last seconds. Faces narrower than a sixteenth of the picture are left out.</p>
<p>Each picture is sent to the machine that runs this page and is forgotten with its answer; none is written to a
file.</p></div>"""
SCRIPT = Path(__file__).with_name("live.js")


class LiveSession:
    """One visitor's stream: its tracker, its frame rate, and the numbers that its texts show (None: outdated texts)."""

    def __init__(self, tracker: FaceTracker) -> None:
        self.tracker, self.rate = tracker, FrameRate()
        self.numbers: list[int] | None = None
        self._texts_s = 0.0

    def is_over(self, time_s: float) -> bool:
        """Whether the last picture was so long ago that the next one begins another stream."""
        return self.rate.last_s is not None and time_s - self.rate.last_s > NEW_AFTER_S

    def follow(self, prediction: PhotoPrediction, time_s: float) -> list[TrackedFace]:
        """The faces in view after one more picture, taken at `time_s`."""
        self.rate.add(time_s)
        certain = tuple(face for face in prediction.faces if face.score is None or face.score >= MIN_SCORE)
        return self.tracker.update(replace(prediction, faces=certain), time_s)

    def renews_texts(self, faces: Sequence[TrackedFace], time_s: float) -> bool:
        """Whether the texts are due: at once when faces come or go, else a few times a second."""
        numbers = [face.number for face in faces]
        if numbers == self.numbers and time_s - self._texts_s < TEXT_EVERY_S:
            return False
        self.numbers, self._texts_s = numbers, time_s
        return True


def build_live_tab(predictor: GenderAgePredictor) -> None:
    """The tab's components and events, inside the current `gr.Tab`."""

    turns = Turns(TURN_SECONDS)

    @on_gpu
    def predicted(frame_rgb: Image.Image) -> PhotoPrediction:
        try:
            return predictor.predict_frame(frame_rgb)
        except GenderAgeError as error:
            return PhotoPrediction.unusable("image", str(error))

    def look(frame_rgb: Image.Image | None, session: LiveSession | None, request: gr.Request) -> dict:
        """What the page shows after one more picture."""
        now = time.monotonic()
        turns.end_if_over(request, now)
        if session is None or session.is_over(now):
            session = LiveSession(FaceTracker(predictor.model.config.gender_uncertain_below))
        prediction = UNREADABLE if frame_rgb is None else predicted(frame_rgb)
        faces = session.follow(prediction, now)
        # gradio holds on to the newest value of a component for as long as it runs: None takes the picture's place.
        shown = {camera: None, kept: session}
        if frame_rgb is not None:
            shown[boxes] = boxes_html(faces, frame_rgb.size)
        if session.renews_texts(faces, now):
            shown[count] = count_html(prediction.error or faces_in_view(len(faces)))
            shown[answers] = rate_html(session.rate.per_second) + cards_html(faces)
        return shown

    def stop(session: LiveSession | None) -> dict:
        """What the page shows when the stream is stopped, or, for a moment, at the end of its turn."""
        if session is not None:
            session.numbers = None
        return {kept: session, boxes: "", count: count_html(STOPPED), answers: ""}

    with gr.Row(equal_height=False, elem_id="live-row"):
        with gr.Column(scale=7, min_width=300, elem_id="live-view"):
            camera = gr.Image(
                sources="webcam",
                streaming=True,
                show_label=False,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=True, constraints=CONSTRAINTS),
                elem_id="live-camera",
            )
            # On the object, as in photo_input.py.
            camera.preprocess = camera_frame
            boxes = gr.HTML(elem_id="live-boxes", js_on_load=None)
        with gr.Column(scale=5, min_width=300, elem_id="live-answers"):
            count = gr.HTML(count_html(START), elem_id="live-count", js_on_load=None)
            answers = gr.HTML(elem_id="live-faces", js_on_load=None)
            gr.HTML(NOTES, elem_id="live-notes", js_on_load=SCRIPT.read_text(encoding="utf-8"))
    kept = gr.State(time_to_live=STATE_SECONDS)
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    stream = camera.stream(
        look,
        [camera, kept],
        {camera, kept, boxes, count, answers},
        stream_every=STREAM_EVERY_S,
        time_limit=TURN_SECONDS,  # for who sends nothing; `turns` is for the others
        **LIVE_PLACES,
        **quiet,
    )
    # `then` alone is not enough: gradio 6.31 forgets it after a failure, for all that its description says.
    for ended in (stream.then, stream.failure):
        ended(stop, kept, {kept, boxes, count, answers}, queue=False, **quiet)
    # The camera would go on asking for a place ten times a second.
    stream.failure(None, js="() => document.querySelector('#live-row').dispatchEvent(new Event('ga-live-refused'))")


def camera_frame(payload: ImageData | None) -> Image.Image | None:
    """The picture that the browser sent, RGB and at most 640 pixels on its longer side; None if it is not one.

    The camera sends a JPEG as a data URI; gradio's own reader opens any format of any size.
    """
    start, _, data = ((payload and payload.url) or "").partition(",")
    if not start.startswith("data:image/jpeg") or len(data) > MAX_CHARACTERS:
        return None
    try:
        jpeg = Image.open(io.BytesIO(base64.b64decode(data, validate=True)), formats=("JPEG",))
        if max(jpeg.size) > LARGEST_SIDE:
            return None
        jpeg.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        frame_rgb = open_photo(jpeg)
    except (*BOMB, *DAMAGED, GenderAgeError):
        return None
    frame_rgb.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR)
    return frame_rgb


def faces_in_view(number: int) -> str:
    """How many faces are seen, as a sentence."""
    return "No face in view." if number == 0 else f"{number} face{'s' if number > 1 else ''} in view."


def count_html(sentence: str) -> str:
    """The one sentence that screen readers speak when it changes."""
    return f'<p class="ga-live-count" role="status">{escape(sentence)}</p>'


def rate_html(per_second: float | None) -> str:
    """How many pictures a second are answered."""
    figure = "" if per_second is None else f"{per_second:.{0 if per_second >= 3 else 1}f}"
    return figure and f'<p class="ga-live-rate"><b>{figure}</b> pictures a second</p>'


def boxes_html(faces: Sequence[TrackedFace], size_wh: tuple[int, int]) -> str:
    """Boxes in shares of the picture, to lie over the video: it is mirrored, and so are the pictures that are sent.

    The cards say the same in words: screen readers need not read it twice.
    """
    width, height = size_wh
    shapes = []
    for face in faces:
        fill, ink = face_colours(face.number)
        x1, y1, x2, y2 = face.box
        sizes = {"left": x1 / width, "top": y1 / height, "width": (x2 - x1) / width, "height": (y2 - y1) / height}
        style = "".join(f"{name}:{share:.2%};" for name, share in sizes.items()) + f"--ga-fill:{fill};--ga-ink:{ink}"
        # A label starts at its box's left, or ends at its right where it would leave the picture; above, or inside.
        sides = " ga-live-right" * (x1 + x2 > width) + " ga-live-inside" * (y1 < height * 0.1)
        # On a phone several faces leave no room for the part in <i>.
        label = f"{face.number} · <i>{escape(face.gender)}{'?' * face.uncertain}, </i>{shown_age(face.age)}"
        shapes.append(f'<div class="ga-live-box{sides}" style="{style}"><span>{label}</span></div>')
    frame = f'class="ga-live-frame" style="--ga-ratio:{width / height:.4f}"'
    return f'<div {frame} aria-hidden="true">{"".join(shapes)}</div>'


def cards_html(faces: Sequence[TrackedFace]) -> str:
    """One card a face, in the order of the numbers."""
    return f'<ol class="ga-live-faces">{"".join(map(_card, faces))}</ol>' if faces else ""


def _card(face: TrackedFace) -> str:
    fill, ink = face_colours(face.number)
    low, high = face.age_interval
    uncertain = ' <span class="ga-live-uncertain">uncertain</span>' if face.uncertain else ""
    return f"""<li style="--ga-fill:{fill};--ga-ink:{ink}"><span class="ga-live-number">{face.number}</span>
<div><p><b>{shown_age(face.age)}</b> years</p>
<p class="ga-live-small">{face.age_interval_level:.0%} interval: {shown_age(low)}–{shown_age(high)} years</p></div>
<div><p><b>{escape(face.gender)}</b>{uncertain}</p>
<p class="ga-live-small">probability {shown_probability(face.gender_probability)}</p></div>
<div class="ga-live-axis" aria-hidden="true"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>
<b style="left:{face.age:.1f}%"></b></div></li>"""
