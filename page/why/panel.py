"""The HTML of the tab Why?: the panel of one face with its heat maps and its age distribution, and the notes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from gender_age.explanation import FaceExplanation
from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.histograms import distribution_chart
from ..shared.notes import note_html
from ..shared.wording import shown_age, shown_probability
from .heatmap import SIDE, bright_parts, colours, heat_map, in_words

INTRO = """<div class="ga-why-intro"><p>Where on the face did the model find its two answers, and how sure is it of the
age? Bright places moved the answer most, dark ones hardly at all.</p></div>"""
SMALL_PRINT = """<div class="ga-small-print">
<p><b>How the maps are made.</b> The answer is compared with the one for a plain picture of the same average colour, and
the difference is traced back to the places of the face
(<a href="https://arxiv.org/abs/1703.01365" target="_blank" rel="noopener">integrated gradients</a>). Covering the
brightest fifth moves the answer more than covering a fifth at random, which a test checks.</p>
<p><b>What they are not.</b> They show which places moved the answer, either way. They do not say what was seen there
(a wrinkle, a shadow, a hair), they are no reasons as a person would give them, and they are coarse: about
ten by ten places. A map that looks sensible proves neither that the answer is right nor that the model is fair to
everybody.</p></div>"""
LOOKING = note_html(
    "welcome", "The photo is being looked at", "As soon as its faces are found, the first is explained here."
)
FAILED = note_html(
    "error",
    "This face could not be explained.",
    "Too many people are asking at this moment, or something broke. Open this tab again in a minute.",
    "alert",
)
MEAN = "The line is the mean of all ages by how likely each is, and so may stand beside the tallest bar."
# First and last years of the groups in the summary, and of the table's rows.
GROUPS = ((0, 17), (18, 59), (60, 100))
DECADES = tuple((low, low + 9 if low < 90 else 100) for low in range(0, 100, 10))


def nothing_html(prediction: PhotoPrediction | None) -> str:
    """A note on why there is nothing to explain, and what to do."""
    if prediction is None:
        text = "Choose one on the Photo tab, also an earlier one once more: its faces are explained here."
        return note_html("welcome", "No photo to explain", text)
    if prediction.error is not None:
        return note_html("error", "This photo cannot be used.", prediction.error)
    text = "Choose another photo on the Photo tab, or ask for less certain and smaller faces there."
    return note_html("none", f"No face to explain in “{prediction.photo}”", text)


def face_label(number: int, face: FacePrediction) -> str:
    """A face in a few words: its number, age and gender."""
    return f"Face {number}: {shown_age(face.age)}, {face.gender}{' (uncertain)' if face.uncertain else ''}"


def panel_pictures(crop: Image.Image, explanation: FaceExplanation) -> tuple[Image.Image, Image.Image, Image.Image]:
    """The face, and the heat maps of its gender and of its age, in the order of `panel_html`."""
    large = crop.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return large, heat_map(crop, explanation.gender_relevance), heat_map(crop, explanation.age_relevance)


def panel_html(
    number: int,
    face: FacePrediction,
    crop_wh: tuple[int, int],
    explanation: FaceExplanation,
    template: Sequence[Sequence[float]],
) -> str:
    """The face, both heat maps and the age distribution, each with its text alternative.

    The pictures' URLs are `<0>`, `<1>` and `<2>`.

    Args:
        number: of the face, from 1.
        crop_wh: pixels of the aligned face.
        template: the five landmarks of an aligned face, as shares of its side.
    """
    seen = f"{crop_wh[0]} × {crop_wh[1]} pixels, with eyes and mouth always in the same places."
    figures = [_figure(0, f"Face {number} as the model saw it", "What the model saw", seen)]
    answers = (
        ("gender", f"{face.gender}, {shown_probability(face.gender_probability)}", explanation.gender_relevance),
        ("age", f"{shown_age(face.age)} years", explanation.age_relevance),
    )
    for index, (name, answer, relevance) in enumerate(answers, 1):
        words = in_words(bright_parts(relevance, template))
        alternative = f"Heat map of the {name} answer over face {number}. {words}"
        figures.append(_figure(index, alternative, f"{name.capitalize()}: {answer}", words))
    scale = ",".join(f"rgb({r},{g},{b})" for r, g, b in colours(np.linspace(0, 1, 9)).tolist())
    return f"""<div class="ga-why"><h2>{escape(face_label(number, face))}</h2>
<div class="ga-why-maps">{"".join(figures)}</div>
<div class="ga-why-scale"><span>moved the answer least</span>
<i style="background:linear-gradient(to right,{scale})"></i><span>most</span></div>
{_ages_html(face, explanation.age_distribution)}</div>"""


def _figure(index: int, alternative: str, title: str, text: str) -> str:
    return f"""<figure><img src="<{index}>" alt="{escape(alternative)}" width="{SIDE}" height="{SIDE}">
<figcaption><b>{escape(title)}</b><span>{escape(text)}</span></figcaption></figure>"""


def _ages_html(face: FacePrediction, distribution: np.ndarray) -> str:
    """The `(101,)` distribution as a chart, in sentences and as a table."""
    peak = int(distribution.argmax())
    shares = [_percent(float(distribution[first : last + 1].sum())) for first, last in GROUPS]
    summary = (
        f"The most likely single year is {shown_age(peak)} ({_percent(float(distribution[peak]))}). Under 18: "
        f"{shares[0]}. From 18 to 59: {shares[1]}. 60 and over: {shares[2]}. {MEAN}"
    )
    low, high = face.age_interval
    rows = [
        (f"{first}–{last if last < 100 else '100+'}", _percent(float(distribution[first : last + 1].sum())))
        for first, last in DECADES
    ]
    return distribution_chart(
        "Every age the model considered",
        distribution.tolist(),
        expected=(face.age, shown_age(face.age)),
        interval=face.age_interval,
        interval_text=f"{face.age_interval_level:.0%} interval {shown_age(low)}–{shown_age(high)}",
        summary=summary,
        rows=rows,
    )


def _percent(share: float) -> str:
    return "under 1%" if share < 0.01 else shown_probability(share)
