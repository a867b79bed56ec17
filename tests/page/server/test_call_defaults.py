"""Calls of programs that leave out arguments with a default."""

import gradio as gr
import pytest

from page.server.call_defaults import fill_defaults
from tests.apart import run_apart


@pytest.fixture
def demo():
    with gr.Blocks(analytics_enabled=False) as demo:
        name, score, answer = gr.Textbox(), gr.Number(0.6), gr.JSON()
        name.change(lambda *given: given, [name, score], answer, api_name="open")
        name.change(lambda *given: given, [name, score], answer, api_name="closed", api_visibility="private")
    fill_defaults(demo)
    return demo


def inputs(demo, endpoint, given):
    block_fn = next(fn for fn in demo.fns.values() if fn.api_name == endpoint)
    return run_apart(demo.preprocess_data(block_fn, given, None))


@pytest.mark.parametrize(
    ("given", "wanted"), [(["a"], ["a", 0.6]), (["a", 0.7], ["a", 0.7]), (["a", None], ["a", None])]
)
def test_an_argument_that_is_left_out_has_its_default(demo, given, wanted):
    assert inputs(demo, "open", given) == wanted


def test_an_argument_without_a_default_is_not_made_up(demo):
    with pytest.raises(ValueError, match="didn't receive enough input values"):
        inputs(demo, "open", [])


def test_the_pages_own_events_send_everything(demo):
    with pytest.raises(ValueError, match="didn't receive enough input values"):
        inputs(demo, "closed", ["a"])
