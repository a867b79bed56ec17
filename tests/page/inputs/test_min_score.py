"""The lowest detection score that visitors and programs give."""

import gradio as gr
import pytest

from gender_age.detection import MIN_SCORE
from page.inputs.min_score import NO_SCORE, min_score_argument, min_score_slider


@pytest.mark.parametrize(("given", "score"), [(None, None), (0, 0.0), (0.75, 0.75), (1, 1.0)])
def test_a_score(given, score):
    assert min_score_argument().preprocess(given) == score


@pytest.mark.parametrize("given", [-0.1, 1.1, float("nan"), float("inf"), True, "0.7", "x" * 10_000, [0.7], {}])
def test_what_is_no_score_is_refused_in_a_sentence(given):
    with pytest.raises(gr.Error) as error:
        min_score_argument().preprocess(given)
    assert error.value.message == NO_SCORE
    assert error.value.print_exception is False


def test_the_argument_has_the_detectors_minimum_as_its_default():
    assert (min_score_argument().value, min_score_argument().visible) == (MIN_SCORE, False)
    slider = min_score_slider(elem_id="score")
    assert (slider.minimum, slider.value, slider.maximum, slider.elem_id) == (MIN_SCORE, MIN_SCORE, 1.0, "score")
