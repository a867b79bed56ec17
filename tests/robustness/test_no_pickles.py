"""Command line and pipeline answer where unpickling is an error: they read safetensors and JSON only.

The page is watched in test_security_process.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from trainer.push import push_to_folder

from .no_pickles import MESSAGE

MODULE = "tests.robustness.no_pickles"
PHOTO = REPOSITORY / "examples" / "collins.jpg"
CODES = ("pickle.loads(pickle.dumps(1))", "torch.load('none.pt')", "facenet_pytorch.MTCNN()")
PIPELINE = f"""
import sys
from tests.robustness.no_pickles import forbid
forbid()
sys.modules["gender_age"] = None
import json
from transformers import pipeline
print(json.dumps(pipeline(model=sys.argv[1], trust_remote_code=True, device="cpu")(sys.argv[2])))
import pickle, torch, facenet_pytorch
for code in {CODES}:
    try:
        eval(code)
    except AssertionError as error:
        print(error)
"""


def run(*arguments: object, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1"} | more,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_the_command_line_unpickles_nothing(tiny_model_folder):
    done = run("-m", MODULE, "gender_age", PHOTO, "--json", "--model", tiny_model_folder)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["faces"]) == 1


@pytest.fixture(scope="module")
def lines(tiny_model_folder, tmp_path_factory):
    """What the process of a pipeline prints."""
    folder = tmp_path_factory.mktemp("pushed")
    push_to_folder(tiny_model_folder, folder / "model")
    done = run("-c", PIPELINE, folder / "model", PHOTO, HF_MODULES_CACHE=str(folder / "modules"))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_pipeline_unpickles_nothing(lines):
    assert len(json.loads(lines[-1 - len(CODES)])) == 1


def test_a_pickle_is_seen(lines):
    """As the detector before read its own weights."""
    assert lines[-len(CODES) :] == [MESSAGE] * len(CODES)
