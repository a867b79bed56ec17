"""A model of the Hub, loaded by a stranger: transformers alone, and this repository nowhere on the path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from gender_age.checkpoint import load_checkpoint
from gender_age.prediction import GenderAgePredictor
from tests.conftest import REPOSITORY
from tests.fake_hub.server import HubServer
from trainer.push import push_to_folder

PHOTOS = [str(REPOSITORY / "examples" / name) for name in ("hopper.jpg", "obama.jpg")]
NEEDED = ("transformers", "torch", "torchvision", "pillow", "facenet-pytorch==2.5.3")
STRANGER = """
import sys
sys.modules["gender_age"] = sys.modules["trainer"] = None  # even if they are installed
import json, torch
from PIL import Image
from transformers import AutoModel, pipeline

repo, revision, first, second = sys.argv[1:]
pixel_values = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)

def logits(**pinned):
    model = AutoModel.from_pretrained(repo, trust_remote_code=True, **pinned)
    with torch.no_grad():
        outputs = model(pixel_values)
    return [str(model.dtype), outputs.gender_logits.tolist(), outputs.age_logits.tolist()]

pipe = pipeline(model=repo, trust_remote_code=True, revision=revision, device="cpu")
print(json.dumps({
    "task": pipe.task,
    "newest": logits(),
    "pinned": logits(revision=revision),
    "path": pipe(first),
    "image": pipe(Image.open(first)),
    "several": pipe([first, second]),
}))
"""


@pytest.fixture(scope="module")
def versions(tiny_model_folder, tmp_path_factory) -> list[Path]:
    """Two models as they are pushed, of different weights."""
    folder = tmp_path_factory.mktemp("versions")
    shutil.copytree(tiny_model_folder, folder / "changed")
    weights = load_file(folder / "changed" / "model.safetensors")
    weights["age_head.bias"] = torch.linspace(0, 3, len(weights["age_head.bias"]))
    save_file(weights, folder / "changed" / "model.safetensors", {"format": "pt"})
    sources = (tiny_model_folder, folder / "changed")
    return [push_to_folder(source, folder / f"version-{number}") for number, source in enumerate(sources)]


def stranger(python: str, versions: list[Path], folder: Path) -> dict:
    """What the stranger's script finds in a repository of both versions, with the first one pinned."""
    with HubServer() as hub:
        repository = hub.add_repo("someone/model", files=versions[0])
        pinned = repository.commits[-1].oid
        contents = {path.name: path.read_bytes() for path in versions[1].iterdir()}
        repository.commit("second version", repository.commits[-1].files | contents)
        # -I: neither the working directory nor PYTHONPATH is on the path.
        done = subprocess.run(
            [python, "-I", "-c", STRANGER, "someone/model", pinned, *PHOTOS],
            cwd=folder,
            env=hub.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(found: dict, versions: list[Path]) -> None:
    """Compares with what this repository's own code finds."""
    assert found["task"] == "gender-age"
    pixel_values = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
    for name, folder in (("pinned", versions[0]), ("newest", versions[1])):
        assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
        with torch.no_grad():
            outputs = load_checkpoint(folder, device="cpu")[0](pixel_values)
        dtype, gender_logits, age_logits = found[name]
        assert dtype == "torch.float32"
        torch.testing.assert_close(torch.tensor(gender_logits), outputs.gender_logits)
        torch.testing.assert_close(torch.tensor(age_logits), outputs.age_logits)
    assert found["pinned"] != found["newest"]

    predictor = GenderAgePredictor.from_pretrained(versions[0], device="cpu")
    first, second = ([face.to_dict() for face in predictor.predict(photo).faces] for photo in PHOTOS)
    assert len(first) == 1
    for faces, wanted in (
        (found["path"], first),
        (found["image"], [face.to_dict() for face in predictor.predict(Image.open(PHOTOS[0])).faces]),
        (found["several"][0], first),
        (found["several"][1], second),
    ):
        assert len(faces) == len(wanted)
        for face, expected in zip(faces, wanted, strict=True):
            assert face.keys() == expected.keys()
            for name, value in expected.items():
                exact = isinstance(value, (str, bool)) or name == "box"
                assert face[name] == (value if exact else pytest.approx(value, abs=1e-3)), name


def test_a_stranger_gets_the_same_answers(versions, tmp_path):
    check(stranger(sys.executable, versions, tmp_path), versions)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_stranger_with_an_environment_of_their_own_gets_the_same_answers(versions, tmp_path):
    """Installs some gigabytes."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([python, "-m", "pip", "install", "--quiet", *NEEDED], env=clean, check=True)
    check(stranger(python, versions, tmp_path), versions)
