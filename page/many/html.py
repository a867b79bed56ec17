"""The HTML around the table of many photos: progress, summary, error messages and charts. All text is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from statistics import median

from gender_age.counted import counted
from gender_age.labels import GENDERS
from gender_age.results import PhotoPrediction

from ..inputs.archive import MAX_PHOTO_BYTES
from ..inputs.unpacking import MAX_UNPACKED_BYTES
from ..shared.chart_parts import GREEN, VERMILION
from ..shared.histograms import Column, Share, column_chart, share_chart
from ..shared.notes import note_html
from ..shared.settings import MAX_UPLOAD_MB
from ..shared.wording import shown_age
from .batch import MAX_PHOTOS
from .table import DECADES, decade_of

# Ages are blue; for genders two other colours of similar lightness that are no stereotype.
GENDER_COLOURS = dict(zip(GENDERS, (VERMILION, GREEN), strict=True))
# Error messages in the summary; the table has all of them.
MAX_PROBLEMS = 8

WELCOME = note_html(
    "welcome",
    "Choose many photos",
    "Then press “Analyse”. A table with a picture of every face, charts for the whole set, and files to download "
    "appear here.",
    more=f'<span class="ga-many-limits">Up to {MAX_PHOTOS} photos, as files or in .zip archives. A file may '
    f"have {MAX_UPLOAD_MB} MB; all archives may unpack to {MAX_UNPACKED_BYTES // 2**30} GB, with "
    f"{MAX_PHOTO_BYTES // 2**20} MB a photo. Whatever is left out is named.</span>",
)
WAITING = note_html("welcome", "Waiting for its turn …")
NOTHING = note_html("none", "There are no photos yet.", "Choose photos or a .zip archive first.", "alert")
BROKEN_OFF = note_html(
    "error",
    "The photos could not be analysed.",
    "Too many people are asking at this moment, or something broke. Try again in a minute.",
    "alert",
)


def progress_html(num_done: int, num_photos: int, seconds: float) -> str:
    """The progress of a run.

    Args:
        seconds: since the start of the run.
    """
    text = f"{num_done} of {counted(num_photos, 'photo')}"
    if num_done and seconds > 2:
        text += f" · {_left(seconds * (num_photos - num_done) / num_done)}"
    return bar_html("Photos analysed", text, num_done, num_photos)


def bar_html(label: str, text: str, done: float, whole: float | None) -> str:
    """A bar with a text under it.

    Args:
        label: for screen readers.
        done, whole: the bar's length is their quotient; without a whole it is empty, which ARIA calls indeterminate.
    """
    values, share = "", 0.0
    if whole is not None:
        values = f' aria-valuemin="0" aria-valuemax="{whole:g}" aria-valuenow="{done:g}"'
        share = done / max(whole, 1e-6)
    bar = (
        f'<div class="ga-many-progress-bar" role="progressbar" aria-label="{label}"{values} aria-valuetext="{text}">'
        f'<span style="width:{100 * share:.1f}%"></span></div>'
    )
    return f'<div class="ga-many-progress">{bar}<div class="ga-many-progress-text">{text}</div></div>'


def summary_html(predictions: Sequence[PhotoPrediction], num_photos: int, cancelled: bool) -> str:
    """The results of a finished run in a sentence.

    Args:
        predictions: of the photos that were analysed.
        num_photos: number of photos that were chosen.
    """
    faces = [face for prediction in predictions for face in prediction.faces]
    unusable = sum(prediction.error is not None for prediction in predictions)
    empty = sum(not prediction.faces for prediction in predictions) - unusable
    title = f"{counted(len(faces), 'face')} found in {counted(len(predictions) - unusable, 'photo')}"
    parts = []
    if cancelled:
        parts.append(f"Stopped after {len(predictions)} of {counted(num_photos, 'photo')}; what was done is below.")
    if empty:
        parts.append(f"No face was found in {counted(empty, 'photo')}.")
    if unusable:
        parts.append(f"{counted(unusable, 'file')} could not be used.")
    if faces:
        ages = [face.age for face in faces]
        youngest, oldest = shown_age(min(ages)), shown_age(max(ages))
        spread = "" if youngest == oldest else f", from {youngest} to {oldest}"
        parts.append(f"Median apparent age {shown_age(median(ages))} years{spread}.")
    kind = "none" if cancelled or not faces else "found"
    return note_html(kind, title, " ".join(parts), more=_problems(predictions))


def charts_html(predictions: Sequence[PhotoPrediction]) -> str:
    """A histogram of apparent age by decade, and the shares of perceived gender; their bars filter the table."""
    faces = [face for prediction in predictions for face in prediction.faces]
    if not faces:
        return ""
    decades = Counter(decade_of(face.age) for face in faces)
    columns = [_decade_column(decade, decades[decade]) for decade in DECADES]
    genders = Counter(face.gender for face in faces)
    uncertain = Counter(face.gender for face in faces if face.uncertain)
    shares = [_gender_share(gender, genders[gender], uncertain[gender], len(faces)) for gender in GENDERS]
    charts = column_chart("Apparent age: faces per decade", columns) + share_chart("Perceived gender: faces", shares)
    return f'<div class="ga-many-charts">{charts}</div>'


def _decade_column(decade: int, count: int) -> Column:
    label, years = f"{decade}", f"{decade} to {decade + 9}"
    if decade == DECADES[-1]:
        label, years = f"{decade}+", f"{decade} and more"
    return Column(label, count, f"{counted(count, 'face')} of {years} years", f"decade:{decade}")


def _gender_share(gender: str, count: int, uncertain: int, num_faces: int) -> Share:
    text = f"{count} of {num_faces}" + (f", {uncertain} of them uncertain" if uncertain else "")
    return Share(gender, text, count / num_faces, uncertain / num_faces, GENDER_COLOURS[gender], f"gender:{gender}")


def _problems(predictions: Sequence[PhotoPrediction]) -> str:
    """The error messages of unusable photos, as a list."""
    errors = [prediction.error for prediction in predictions if prediction.error is not None]
    lines = [f"<li>{escape(error)}</li>" for error in errors[:MAX_PROBLEMS]]
    if len(errors) > MAX_PROBLEMS:
        more = len(errors) - MAX_PROBLEMS
        lines.append(f"<li>{more} more {'is' if more == 1 else 'are'} in the table.</li>")
    return f'<ul class="ga-many-problems">{"".join(lines)}</ul>' if lines else ""


def _left(seconds: float) -> str:
    if seconds >= 90:
        return f"about {round(seconds / 60)} minutes left"
    return f"about {max(5, 5 * round(seconds / 5))} seconds left"
