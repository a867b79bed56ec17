"""Completes the calls of programs that leave out arguments with a default.

Missing in gradio: gradio_client, `/call/v2/NAME` and MCP fill in an argument's default, but `/call/NAME` and
`/queue/join` refuse a call with fewer values than inputs. So an argument that is added would break older programs.
Issues: none was found.
Can go when: `test_a_call_without_the_last_argument_is_refused` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction


def fill_defaults(demo: gr.Blocks) -> None:
    """Makes the page's public endpoints take the value of an input as the default of its argument."""
    inner = demo.preprocess_data

    async def preprocess_data(block_fn: BlockFunction, inputs: list[Any], *arguments, **options):
        defaults = [getattr(component, "value", None) for component in block_fn.inputs[len(inputs) :]]
        if block_fn.api_visibility == "public" and None not in defaults:
            inputs = [*inputs, *defaults]
        return await inner(block_fn, inputs, *arguments, **options)

    demo.preprocess_data = preprocess_data
