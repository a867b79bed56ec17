"""The tab Why?: heat maps of both answers for one face, and the distribution of its age."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from PIL import Image

from gender_age.explanation import FaceExplanation, explain_face
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction

from ..server.zero_gpu import on_gpu
from ..shared.analysis import AnalysedPhoto
from ..shared.opening import in_turn
from ..shared.pictures import html_value, picture_html, save_jpeg
from ..shared.settings import PHOTO_PLACES, STATE_SECONDS
from .panel import FAILED, INTRO, LOOKING, SMALL_PRINT, face_label, nothing_html, panel_html, panel_pictures

# A photo is being analysed: the one that the server knows is the one before.
WAITING = -1
# The number of the face whose "Why?" was clicked, 0 where none was, or `WAITING`.
ASKED = """(photo, shown) => {
  const tabs = document.querySelector('#tabs');
  const face = Number(tabs.dataset.face ?? 0);
  delete tabs.dataset.face;
  return [photo, shown, document.querySelector('#stage[data-waiting]') ? -1 : face];
}"""


def build_why_tab(predictor: GenderAgePredictor, analysed: gr.State, tab: gr.Tab) -> None:
    """Adds the tab's components and events to the current `gr.Tab`.

    Args:
        predictor: explains with the model that answered.
        analysed: holds the photo of the Photo tab, an `AnalysedPhoto`, or None.
        tab: this tab; selecting it explains the first face of a new photo, or the one that was asked for.
    """

    @on_gpu
    def explained(crop: Image.Image) -> FaceExplanation:
        return in_turn(explain_face, predictor, crop)

    def panel_of(photo: AnalysedPhoto | None, number: int | None) -> dict:
        """The panel of the face with this number, from 1, or a note where there is none."""
        if photo is None or not number or number > len(photo.crops):
            return html_value(nothing_html(photo.prediction if photo else None))
        crop, face = photo.crops[number - 1], photo.prediction.faces[number - 1]
        explanation = explained(crop)
        pictures = zip(("face.jpg", "gender.jpg", "age.jpg"), panel_pictures(crop, explanation), strict=True)
        paths = [save_jpeg(picture, name, panel.GRADIO_CACHE) for name, picture in pictures]
        return html_value(panel_html(number, face, crop.size, explanation, predictor.alignment.template), paths)

    def open_tab(photo: AnalysedPhoto | None, shown: PhotoPrediction | str | None, asked: int | None) -> dict:
        """Explains a face of a new photo; keeps the visitor's choice if the photo is the same and none is asked for."""
        prediction = photo.prediction if photo else None
        if asked == WAITING or (prediction == shown and not asked):
            return gr.skip()
        faces = prediction.faces if prediction else ()
        number = asked if asked and asked <= len(faces) else 1
        choices = [(face_label(each, face), each) for each, face in enumerate(faces, 1)]
        return {
            choice: gr.update(choices=choices, value=number if faces else None, visible=len(faces) > 1),
            panel: panel_of(photo, number),
            explained_photo: prediction,
        }

    def fail() -> dict:
        """After an event that failed or found the queue full: replaces the panel of the last face."""
        # "" equals no photo's prediction: selecting the tab again tries again.
        return {choice: gr.update(visible=False), panel: html_value(FAILED), explained_photo: ""}

    gr.HTML(INTRO)
    gr.HTML(LOOKING, elem_id="why-waiting")
    choice = gr.Radio(label="Face to explain", visible=False, interactive=True, elem_id="why-face")
    script = Path(__file__).with_name("why.js").read_text(encoding="utf-8")
    panel = picture_html(nothing_html(None), js_on_load=script, elem_id="why-panel")
    gr.HTML(SMALL_PRINT, elem_id="why-notes")
    # why.js clicks it when a photo is answered while the tab is open.
    again = gr.Button(visible="hidden", elem_id="why-again")
    asked = gr.Number(precision=0, visible=False)
    explained_photo = gr.State(time_to_live=STATE_SECONDS)
    running = [
        # Not `analysed.change`: that would explain every photo, and gradio would hash the pictures in it.
        gr.on(
            [tab.select, again.click],
            open_tab,
            [analysed, explained_photo, asked],
            {choice, panel, explained_photo},
            js=ASKED,
            # What is asked while another face is explained is not lost.
            trigger_mode="always_last",
            api_visibility="private",
            **PHOTO_PLACES,
        ),
        choice.input(
            panel_of,
            [analysed, choice],
            panel,
            trigger_mode="always_last",
            api_visibility="private",
            **PHOTO_PLACES,
        ),
    ]
    for event in running:
        event.failure(fail, None, {choice, panel, explained_photo}, api_visibility="private", queue=False)
