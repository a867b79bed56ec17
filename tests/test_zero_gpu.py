"""The page on a ZeroGPU Space: what it does where a package `spaces` is there. The package is a fake."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

import app
from gender_age.detection import MIN_SCORE
from gender_age.devices import default_device
from page.server import own_address, zero_gpu
from tests import fakes

SPACES = """
import torch

# The real one does so on ZeroGPU, that models may be placed on a GPU that is only there later.
torch.cuda.is_available = lambda: True
durations, calls = [], []

def GPU(duration):
    def decorate(task):
        durations.append(duration)
        def run(*args):
            calls.append(args)
            try:
                return task(*args)
            except Exception as error:
                raise RuntimeError("ZeroGPU worker error") from error
        return run
    return decorate
"""


@pytest.fixture
def zero_app(tmp_path, monkeypatch):
    """app.py as it is loaded where `spaces` can be imported."""
    (tmp_path / "fake" / "spaces").mkdir(parents=True)
    (tmp_path / "fake" / "spaces" / "__init__.py").write_text(SPACES)
    monkeypatch.syspath_prepend(tmp_path / "fake")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    spec = importlib.util.spec_from_file_location("app_on_zero_gpu", app.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("spaces", None)


def answer_to(demo, photo):
    (predict,) = (each.fn for each in demo.fns.values() if each.api_name == "predict")
    return predict(photo)


def test_the_model_runs_in_the_borrowed_gpu_and_is_placed_on_it_at_start(zero_app, tmp_path):
    assert default_device() == "cuda"
    Image.new("RGB", (60, 50)).save(tmp_path / "photo.png")
    (tmp_path / "text.jpg").write_text("no photo")
    demo = zero_app.build_demo(fakes.FakePredictor())
    spaces = zero_app.spaces
    assert set(spaces.durations) == {zero_gpu.GPU_SECONDS}
    assert answer_to(demo, str(tmp_path / "photo.png"))["width"] == 60
    # The worker's exceptions come out as others: what is wrong with a photo must be a value.
    assert answer_to(demo, str(tmp_path / "text.jpg"))["error"]
    # Arguments are pickled: the path alone goes in, not the model.
    assert spaces.calls == [(str(tmp_path / name), MIN_SCORE) for name in ("photo.png", "text.jpg")]


def test_elsewhere_the_function_is_the_same(monkeypatch):
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    assert zero_gpu.on_gpu(answer_to) is answer_to


def others(module):
    """The imports of a module that are not Python's own."""
    lines = [line.partition("#")[0].strip() for line in Path(module.__file__).read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line.startswith(("import ", "from "))]
    return [line for line in lines if line.split()[1].partition(".")[0] not in sys.stdlib_module_names]


def test_the_package_is_asked_for_before_anything_that_may_start_cuda():
    before, package = others(app)[:2]
    assert before.startswith("from page.server.own_address import ")
    assert others(own_address) == [], "it is Python alone"
    assert package == "import spaces"
