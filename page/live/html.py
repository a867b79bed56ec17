"""The HTML of the Live tab: boxes over the video, cards and sentences beside it. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gender_age.tracking import TrackedFace

from ..shared.drawing import face_colours
from ..shared.wording import shown_age, shown_probability

CONTROLS = """<div class="ga-live-buttons" role="group" aria-label="Camera">
<button type="button" class="ga-live-start">Start the camera</button>
<button type="button" class="ga-live-stop" hidden>Stop</button>
<button type="button" class="ga-live-freeze" hidden>Freeze</button>
<button type="button" class="ga-live-save" hidden>Save the picture</button>
<button type="button" class="ga-live-other" hidden>Other camera</button></div>
<p class="ga-live-said" role="status">No picture is sent before you start.</p>"""
"""The buttons of live.js, and the line in which it says what happens."""


def notes_html(max_visitors: int, turn_seconds: int) -> str:
    """The notes under the answers: why a visitor waits, and what happens to the pictures.

    Args:
        max_visitors: streams that run at a time.
        turn_seconds: how long each may run while others wait.
    """
    return f"""<p class="ga-live-wait" role="status">{max_visitors} other visitors are live. It is your turn when one of
them stops or has had {turn_seconds} seconds; who came before you comes first.</p>
<div class="ga-live-notes"><p>Age and gender are averages over the last seconds. Faces narrower than a sixteenth of
the picture are left out. Where the machine is slower than the camera, it skips pictures and stays up to date.</p>
<p>Each picture is sent to the machine that runs this page and is forgotten with its answer; none is written to a
file.</p></div>"""


def faces_in_view(number: int) -> str:
    """How many faces are seen, as a sentence."""
    return "No face in view." if number == 0 else f"{number} face{'s' if number > 1 else ''} in view."


def count_html(sentence: str) -> str:
    """The sentence that screen readers announce when it changes."""
    return f'<p class="ga-live-count" role="status">{escape(sentence)}</p>'


def rate_html(per_second: float | None) -> str:
    """The frame rate: pictures answered per second."""
    figure = "" if per_second is None else f"{per_second:.{0 if per_second >= 3 else 1}f}"
    return figure and f'<p class="ga-live-rate"><b>{figure}</b> pictures a second</p>'


def boxes_html(faces: Sequence[TrackedFace], size_wh: tuple[int, int], picture: int) -> str:
    """Boxes placed in percent of the picture, to lie over the video. Pictures are mirrored, as a selfie's video is.

    Hidden from screen readers: the cards say the same in words.

    Args:
        picture: its number in the stream, by which live.js notices every answer.
    """
    width, height = size_wh
    shapes = []
    for face in faces:
        fill, ink = face_colours(face.number)
        x1, y1, x2, y2 = face.box
        sizes = {"left": x1 / width, "top": y1 / height, "width": (x2 - x1) / width, "height": (y2 - y1) / height}
        style = "".join(f"{name}:{share:.2%};" for name, share in sizes.items()) + f"--ga-fill:{fill};--ga-ink:{ink}"
        # The label is above its box and left-aligned; right-aligned or inside where it would leave the picture.
        sides = " ga-live-right" * (x1 + x2 > width) + " ga-live-inside" * (y1 < height * 0.1)
        # The part in <i> is hidden on a phone when there are several faces.
        label = f"{face.number} · <i>{escape(face.gender)}{'?' * face.uncertain}, </i>{shown_age(face.age)}"
        shapes.append(f'<div class="ga-live-box{sides}" style="{style}"><span>{label}</span></div>')
    frame = f'class="ga-live-frame" data-picture="{picture}" style="--ga-ratio:{width / height:.4f}"'
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
<p class="ga-live-small">most likely {shown_age(low)}–{shown_age(high)} years</p></div>
<div><p><b>{escape(face.gender)}</b>{uncertain}</p>
<p class="ga-live-small">probability {shown_probability(face.gender_probability)}</p></div>
<div class="ga-live-axis" aria-hidden="true"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>
<b style="left:{face.age:.1f}%"></b></div></li>"""
