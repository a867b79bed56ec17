"""Command line, page and pipeline answer where unpickling is an error: they read safetensors and JSON only."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from trainer.push import push_to_folder

from .no_pickles import MESSAGE
from .pages import Caller, PageProcess

MODULE = "tests.robustness.no_pickles"
PHOTO = REPOSITORY / "examples" / "collins.jpg"
PIPELINE = """
import sys
from tests.robustness.no_pickles import forbid
forbid()
sys.modules["gender_age"] = None
import json
from transformers import pipeline
print(json.dumps(pipeline(model=sys.argv[1], trust_remote_code=True, device="cpu")(sys.argv[2])))
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


def test_the_command_line_unpickles_nothing(tiny_model_folder):
    done = run("-m", MODULE, "gender_age", PHOTO, "--json", "--model", tiny_model_folder)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["faces"]) == 1


def test_the_pipeline_unpickles_nothing(tiny_model_folder, tmp_path):
    folder = push_to_folder(tiny_model_folder, tmp_path / "model")
    done = run("-c", PIPELINE, folder, PHOTO, HF_MODULES_CACHE=str(tmp_path / "modules"))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout.splitlines()[-1])) == 1


def test_the_page_unpickles_nothing(tiny_model_folder, tmp_path):
    with PageProcess(tmp_path, "app", "--model", str(tiny_model_folder), module=MODULE) as page:
        caller = Caller(page.url)
        assert len(caller.predict("a.jpg", PHOTO.read_bytes())["faces"]) == 1
        photo, none = caller.predict_batch(("a.jpg", PHOTO.read_bytes()), ("b.jpg", b"none"))
        assert (len(photo["faces"]), photo["error"]) == (1, None)
        assert none["error"] is not None
    assert MESSAGE not in page.log
    assert "Traceback" not in page.log


@pytest.mark.parametrize(
    "code", ["pickle.loads(pickle.dumps(1))", "torch.load(sys.argv[1])", "facenet_pytorch.MTCNN()"]
)
def test_a_pickle_is_seen(tmp_path, code):
    """As the detector before read its own weights."""
    imports = "import pickle, sys, torch, facenet_pytorch"
    done = run("-c", f"{imports}\nfrom {MODULE} import forbid\nforbid()\n{code}", tmp_path / "none.pt")
    assert done.returncode == 1
    assert MESSAGE in done.stderr
