"""The whole page around a fake model, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import pytest

import app
from tests import fakes

from .pages import Caller


@dataclass
class ServedPage:
    """A running page.

    Attributes:
        temporary: where it keeps its files.
    """

    predictor: fakes.FakePredictor
    demo: gr.Blocks
    url: str
    temporary: Path
    caller: Caller


def serve(temporary: Path) -> ServedPage:
    """Serves the page with the options that `python app.py` has; close its `demo` afterwards."""
    predictor = fakes.FakePredictor(fakes.size_as_age)
    demo = app.build_demo(predictor)
    options = app.launch_options() | {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
    _, url, _ = demo.launch(**options)
    return ServedPage(predictor, demo, url, temporary, Caller(url))


@pytest.fixture(scope="package")
def served(tmp_path_factory) -> Iterator[ServedPage]:
    """One page for all tests that do not change it."""
    with pytest.MonkeyPatch.context() as patch:
        temporary = tmp_path_factory.mktemp("gradio")
        patch.setenv("GRADIO_TEMP_DIR", str(temporary))
        page = serve(temporary)
        yield page
        page.demo.close()
