"""A slider whose number may be typed.

Missing in gradio: a number that is typed beside a slider, out of its range, is an error of the server.
Issues: none was found.
Can go when: `test_a_number_out_of_range_fails` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

import gradio as gr


def clamped(slider: gr.Slider) -> gr.Slider:
    """The slider, which passes a number in its range to its function: what is typed is moved there, None is its value.

    The method is replaced on the object, as in photo_input.py.
    """

    def preprocess(payload: float | None) -> float:
        return slider.value if payload is None else min(max(payload, slider.minimum), slider.maximum)

    slider.preprocess = preprocess
    return slider
