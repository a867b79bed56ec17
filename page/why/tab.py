"""The tab Why?: for one face, where the answers looked, and the whole distribution of its age."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import gradio as gr
import numpy as np
from PIL import Image

from gender_age.explanation import FaceExplanation, explain_face
from gender_age.prediction import GenderAgePredictor
from gender_age.results import FacePrediction, PhotoPrediction

from ..server.zero_gpu import on_gpu
from ..shared.analysis import AnalysedPhoto
from ..shared.notes import note_html
from ..shared.pictures import html_value, picture_html, save_jpeg
from ..shared.settings import ONE_AT_A_TIME, STATE_SECONDS
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
FAILED = note_html(
    "error",
    "This face could not be explained.",
    "Too many people are asking at this moment, or something broke. Open this tab again in a minute.",
    "alert",
)
# First and last years of what is told in words, and of the table's rows.
GROUPS = ((0, 17), (18, 59), (60, 100))
DECADES = tuple((low, low + 9 if low < 90 else 100) for low in range(0, 100, 10))
# Distances in percent between the lines across the plot, and how many lines there are at most.
STEPS_PERCENT, MOST_LINES = (1, 2, 5, 10, 20, 50), 4


def build_why_tab(predictor: GenderAgePredictor, analysed: gr.State, tab: gr.Tab) -> None:
    """The contents of the tab.

    Args:
        predictor: explains with the model that answered.
        analysed: holds the photo of the Photo tab, an `AnalysedPhoto`, or None.
        tab: the tab that this is built in; the first face is explained when it is opened with another photo.
    """

    @on_gpu
    def explained(crop: Image.Image) -> FaceExplanation:
        return explain_face(predictor, crop)

    def panel_of(photo: AnalysedPhoto | None, number: int | None) -> dict:
        """The panel of the face with this number, from 1, or what to do where there is none."""
        if photo is None or not number or number > len(photo.crops):
            return html_value(nothing_html(photo.prediction if photo else None))
        crop, face = photo.crops[number - 1], photo.prediction.faces[number - 1]
        explanation = explained(crop)
        pictures = zip(("face.jpg", "gender.jpg", "age.jpg"), panel_pictures(crop, explanation), strict=True)
        paths = [save_jpeg(picture, name, panel.GRADIO_CACHE) for name, picture in pictures]
        return html_value(panel_html(number, face, crop.size, explanation, predictor.alignment.template), paths)

    def open_tab(photo: AnalysedPhoto | None, shown: PhotoPrediction | str | None) -> dict:
        """Explains the first face; the visitor's choice stays where the photo is still the same."""
        prediction = photo.prediction if photo else None
        if prediction == shown:
            return gr.skip()
        faces = prediction.faces if prediction else ()
        choices = [(face_label(number, face), number) for number, face in enumerate(faces, 1)]
        return {
            choice: gr.update(choices=choices, value=1 if faces else None, visible=len(faces) > 1),
            panel: panel_of(photo, 1),
            explained_photo: prediction,
        }

    def fail() -> dict:
        """After an event that broke off or found the queue full: the last face's panel does not stand for this one."""
        # "" is no photo's: when the tab is opened again, it tries again.
        return {choice: gr.update(visible=False), panel: html_value(FAILED), explained_photo: ""}

    gr.HTML(INTRO)
    choice = gr.Radio(label="Face to explain", visible=False, interactive=True, elem_id="why-face")
    panel = picture_html(nothing_html(None), elem_id="why-panel")
    gr.HTML(SMALL_PRINT, elem_id="why-notes")
    explained_photo = gr.State(time_to_live=STATE_SECONDS)
    running = [
        # Not `analysed.change`: every photo would be explained, and gradio would have to hash the pictures in it.
        tab.select(
            open_tab,
            [analysed, explained_photo],
            {choice, panel, explained_photo},
            api_visibility="private",
            **ONE_AT_A_TIME,
        ),
        choice.input(panel_of, [analysed, choice], panel, api_visibility="private", **ONE_AT_A_TIME),
    ]
    for event in running:
        event.failure(fail, None, {choice, panel, explained_photo}, api_visibility="private", queue=False)


def nothing_html(prediction: PhotoPrediction | None) -> str:
    """Why there is nothing to explain, and what to do."""
    if prediction is None:
        return note_html("welcome", "No photo yet", "Choose one on the Photo tab: its faces are explained here.")
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

    The pictures' addresses are `<0>`, `<1>` and `<2>`.

    Args:
        number: of the face, from 1.
        crop_wh: pixels of the aligned face.
        template: where it has its eyes, nose and mouth corners, as shares of its side.
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
    """The `(101,)` distribution as bars, in a sentence and as a table."""
    low, high = face.age_interval
    level, interval = f"{face.age_interval_level:.0%} interval", f"{shown_age(low)}–{shown_age(high)}"
    peak = int(distribution.argmax())
    shares = [float(distribution[first : last + 1].sum()) for first, last in GROUPS]
    summary = (
        f"The most likely single year is {shown_age(peak)} ({_percent(float(distribution[peak]))}). Under 18: "
        f"{_percent(shares[0])}. From 18 to 59: {_percent(shares[1])}. 60 and over: {_percent(shares[2])}."
    )
    alternative = (
        f"Bars for the probability of each age from 0 to 100. Expected age {shown_age(face.age)}, {level} {interval}."
    )
    rows = "".join(
        f'<tr><th scope="row">{first}–{last if last < 100 else "100+"}</th>'
        f"<td>{_percent(float(distribution[first : last + 1].sum()))}</td></tr>"
        for first, last in DECADES
    )
    return f"""<h2>Every age the model considered</h2>
<div class="ga-why-plot" role="img" aria-label="{alternative} {summary}">{_plot_html(face, distribution)}</div>
<div class="ga-why-legend"><span><i class="ga-why-line"></i>expected age {shown_age(face.age)}</span>
<span><i class="ga-why-band"></i>{level} {interval}</span></div>
<p>{summary}</p>
<details><summary>The distribution as a table</summary><table><thead><tr><th scope="col">Age in years</th>
<th scope="col">Probability</th></tr></thead><tbody>{rows}</tbody></table></details>"""


def _plot_html(face: FacePrediction, distribution: np.ndarray) -> str:
    """The bars as an SVG that is stretched, and all text beside it as HTML, which is not."""
    percent = distribution * 100
    highest = max(float(percent.max()), 1e-6)
    step = next((step for step in STEPS_PERCENT if highest <= step * MOST_LINES), STEPS_PERCENT[-1])
    top = math.ceil(highest / step) * step
    low, high = face.age_interval
    bars = "".join(
        f'<rect class="{"ga-in" if low <= year <= high else "ga-out"}" x="{year + 0.1:.1f}" '
        f'y="{100 - height:.2f}" width="0.8" height="{height:.2f}"/>'
        for year, height in enumerate((percent / top * 100).tolist())
    )
    lines = "".join(
        f'<span class="ga-why-grid" style="bottom:{line / top:.2%}"><b>{line}%</b></span>'
        for line in range(0, top + 1, step)
    )
    ticks = "".join(
        f'<i style="left:{_place(year)}">{year if year < 100 else "100+"}</i>' for year in range(0, 101, 10)
    )
    return f"""<div class="ga-why-bars">{lines}
<span class="ga-why-band" style="left:{low / 101:.2%};width:{(high - low + 1) / 101:.2%}"></span>
<svg viewBox="0 0 101 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">{bars}</svg>
<span class="ga-why-line" style="left:{_place(face.age)}"></span>
<span class="ga-why-age" style="left:clamp(2.2rem,{_place(face.age)},100% - 2.2rem)">{shown_age(face.age)} years</span>
</div><div class="ga-why-ticks">{ticks}</div>"""


def _place(age_years: float) -> str:
    """Where an age lies on the axis, whose first and last bars are centred on 0 and 100."""
    return f"{(min(max(age_years, 0.0), 100.0) + 0.5) / 101:.2%}"


def _percent(share: float) -> str:
    return "under 1%" if share < 0.01 else shown_probability(share)
