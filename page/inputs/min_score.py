"""The lowest detection score: a slider for visitors, and an argument for programs."""

from __future__ import annotations

import gradio as gr

from gender_age.detection import MIN_SCORE
from gender_age.min_score import checked_min_score

from .clamped_slider import clamped

LABEL = "Lowest detection score"
NO_SCORE = "min_score must be a number from 0 to 1."


def min_score_slider(**options) -> gr.Slider:
    """A slider from the detector's own minimum on, below which there is nothing to find."""
    return clamped(
        gr.Slider(
            MIN_SCORE,
            1.0,
            MIN_SCORE,
            step=0.005,
            label=LABEL,
            info="How sure the detector is that it is a face",
            **options,
        )
    )


def min_score_argument() -> gr.Number:
    """A hidden `gr.Number` that passes a number in [0, 1], or None, to the function of an endpoint.

    Its `preprocess` is replaced, as gradio's lets NaN pass and fails on a text with a traceback in the log. Its example
    is not gradio's 0.
    """
    component = gr.Number(MIN_SCORE, minimum=0, maximum=1, label=LABEL, visible=False)
    component.preprocess = _given_score
    component.example_payload = lambda: MIN_SCORE
    return component


def _given_score(payload: object) -> float | None:
    try:
        return checked_min_score(payload)
    except ValueError:
        raise gr.Error(NO_SCORE, print_exception=False) from None
