"""The About tab: what the model is, how good it is by its own evaluation record, and what a visitor should know."""

from __future__ import annotations

import gradio as gr

from gender_age.measurements import EvaluationRecord
from gender_age.records import TrainingRecord

from . import text
from .measurements import measurements_html
from .model import licences_html, model_html


def build_about_tab(report: EvaluationRecord | None, training: TrainingRecord | None) -> None:
    """Puts the tab's content where it is called.

    Args:
        report: what was measured of the checkpoint, None where it does not say.
        training: how it was trained, None where it does not say.
    """
    gr.HTML(about_html(report, training), elem_id="about", apply_default_css=False, js_on_load=text.ON_LOAD)


def about_html(report: EvaluationRecord | None, training: TrainingRecord | None) -> str:
    """The whole tab; whatever is missing from the records is left out."""
    sections = {
        "model": ("The model", model_html(report, training)),
        "labels": ("What its answers mean", text.LABELS),
        "errors": ("How good it is", measurements_html(report)),
        "uses": ("What it must not be used for", text.NOT_FOR),
        "photos": ("What happens to your photos", text.PHOTOS),
        "programs": ("Use it from a program", text.programs_html()),
        "licences": ("Licences", licences_html(training)),
        "cite": ("How to cite", text.cite_html()),
    }
    return text.sections_html(sections)
