"""The About tab: what the model is, how good it is by its own evaluation record, and what a visitor should know."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from gender_age.measurements import EvaluationRecord
from gender_age.records import TrainingRecord

from . import text
from .measurements import measurements_html
from .model import licences_html, model_html
from .opening import opening_html

SCRIPT = Path(__file__).with_name("about.js")


def build_about_tab(report: EvaluationRecord | None, training: TrainingRecord | None) -> None:
    """Puts the tab's content where it is called.

    Args:
        report: what was measured of the checkpoint, None where it does not say.
        training: how it was trained, None where it does not say.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    gr.HTML(about_html(report, training), elem_id="about", apply_default_css=False, js_on_load=script)


def about_html(report: EvaluationRecord | None, training: TrainingRecord | None) -> str:
    """The whole tab; whatever is missing from the records is left out."""
    measurements = measurements_html(report, training)
    folds = {
        **({"all": ("All measurements", measurements)} if measurements else {}),
        "labels": ("What its answers mean", text.labels_html(training)),
        "uses": ("What it must not be used for", text.NOT_FOR),
        "photos": ("What happens to your photos", text.PHOTOS),
        "model": ("The model", model_html(report, training)),
        "programs": ("Use it from a program", text.programs_html()),
        "licences": ("Licences", licences_html(training)),
        "cite": ("How to cite", text.cite_html()),
    }
    return text.sections_html(("errors", "How good it is", opening_html(report, training)), folds)
