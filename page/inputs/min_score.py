"""The lowest detection score: a slider for visitors, and an argument for programs."""

from __future__ import annotations

import gradio as gr

from gender_age.detection import MIN_SCORE
from gender_age.min_score import checked_min_score

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


def clamped(slider: gr.Slider) -> gr.Slider:
    """The slider, with what is typed beside it moved into its range: gradio fails, with an error of the server.

    Issues: none was found. Can go when `test_a_number_out_of_range_fails` in tests/page/server/test_gradio.py fails.
    """

    def preprocess(payload: float | None) -> float:
        return slider.value if payload is None else min(max(payload, slider.minimum), slider.maximum)

    slider.preprocess = preprocess
    return slider


def min_score_argument() -> gr.Number:
    """A hidden `gr.Number` that passes a number in [0, 1], or None, to the function of an endpoint.

    Its `preprocess` is replaced, as gradio's lets NaN pass and fails on a text with a traceback in the log.
    """
    component = gr.Number(MIN_SCORE, minimum=0, maximum=1, label=LABEL, visible=False)
    component.preprocess = _given_score
    return component


def _given_score(payload: object) -> float | None:
    try:
        return checked_min_score(payload)
    except ValueError:
        raise gr.Error(NO_SCORE, print_exception=False) from None
