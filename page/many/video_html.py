"""The HTML around a video's people: notes, progress and the table. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gender_age.counted import counted
from gender_age.video_results import PersonPrediction, VideoPrediction

from ..inputs.video_input import LONGEST_VIDEO_S, MAX_VIDEO_BYTES
from ..shared.drawing import face_colours
from ..shared.notes import note_html
from ..shared.pictures import html_value
from ..shared.wording import shown_age, shown_interval, shown_probability
from .html import bar_html

LIMITS = f"Up to {counted(LONGEST_VIDEO_S, 'second')} and {MAX_VIDEO_BYTES // 2**20} MB."
WELCOME_VIDEO = note_html(
    "welcome", "Choose a video", f"Every person comes out once, with an age from all of their frames. {LIMITS}"
)
WAITING_VIDEO = note_html("welcome", "Waiting for its turn …")
NO_VIDEO = note_html("none", "There is no video yet.", "Choose one first.", "alert")
STOPPED = note_html("none", "Stopped.", "Nothing was kept.")
BROKEN_OFF_VIDEO = note_html(
    "error",
    "The video could not be analysed.",
    "Too many people are asking at this moment, or something broke. Try again in a minute.",
    "alert",
)


def refusal_html(sentence: str) -> str:
    """Why a video cannot be used."""
    return note_html("error", "This video cannot be used.", sentence, "alert")


def video_progress_html(what: str, done_s: float, duration_s: float | None) -> str:
    """How far a run is.

    Args:
        what: is done: "Looking for faces".
        duration_s: of the video; None where it is not known.
    """
    if duration_s is None:
        return bar_html(what, f"{what}: second {done_s:.0f}", done_s, None)
    whole_s = max(duration_s, done_s, 0.1)
    return bar_html(what, f"{what}: second {done_s:.0f} of {whole_s:.0f}", done_s, whole_s)


def people_summary_html(prediction: VideoPrediction) -> str:
    """A finished run in a sentence."""
    count = len(prediction.people)
    # At least 1: half a second is no "0 seconds".
    seconds = max(1, round(prediction.duration or 0))
    title = f"{counted(count, 'person', 'people')} found in {counted(seconds, 'second')} of video"
    return note_html("found" if count and not prediction.error else "none", title, prediction.error or "")


def copy_value(path: str, size_wh: tuple[int | None, int | None]) -> dict:
    """The annotated copy, for a `picture_html`.

    Args:
        path: in gradio's folder.
        size_wh: of the video: it has its place before the browser knows it.
    """
    width, height = size_wh
    return html_value(
        f'<video class="ga-video-copy" src="<0>" width="{width}" height="{height}" controls muted playsinline '
        'preload="metadata" aria-label="The video with a numbered box around each face"></video>',
        [path],
    )


def people_value(people: Sequence[PersonPrediction], crop_paths: Sequence[str]) -> dict:
    """The table of people, for a `picture_html`.

    Args:
        crop_paths: the picture of each, in gradio's folder.
    """
    if not people:
        return html_value("")
    rows = "".join(_row(number, person) for number, person in enumerate(people, 1))
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Person", "Age", "Gender", "In view"))
    return html_value(
        f'<table class="ga-many-table ga-video-people" aria-label="People"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>",
        crop_paths,
    )


def _row(number: int, person: PersonPrediction) -> str:
    fill, ink = face_colours(number)
    doubt = ' <span class="ga-many-uncertain">uncertain</span>' if person.uncertain else ""
    return (
        f'<tr><th scope="row"><span class="ga-video-person"><b style="background:{fill};color:{ink}">{number}</b>'
        f'<img src="<{number - 1}>" alt="Face of person {number}"></span></th>'
        f"<td><b>{shown_age(person.age)}</b> <small>{shown_interval(person)}</small></td>"
        f"<td>{escape(person.gender)} <small>{shown_probability(person.gender_probability)}</small>{doubt}</td>"
        f"<td>{person.first:.1f}–{person.last:.1f} s <small>{counted(person.frames, 'frame')}</small></td></tr>"
    )
