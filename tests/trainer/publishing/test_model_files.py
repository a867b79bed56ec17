"""The default checkpoint in `model/` holds no code; laid out with its code, transformers alone can use it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from PIL import Image
from safetensors.torch import load_file

from gender_age.checkpoint import DEFAULT_MODEL, load_checkpoint
from gender_age.measurements import EvaluationRecord
from gender_age.prediction import GenderAgePredictor
from gender_age.records import EVALUATION_FILE, TRAINING_FILE, TrainingRecord, load_record
from tests.conftest import REPOSITORY
from trainer.publishing.model_card import render_card
from trainer.publishing.model_repository import DATA_FILES
from trainer.push import push_to_folder

LAY_OUT = "python -m trainer push --model model --to-folder model --without-code"
LARGEST_BYTES = 25 * 10**6
PHOTO = REPOSITORY / "examples" / "group.jpg"
STRANGER = """
import sys
sys.modules["gender_age"] = sys.modules["trainer"] = None  # even if they are installed
import json
from PIL import Image
from transformers import AutoModel, pipeline

folder, photo = sys.argv[1:]
model, loading = AutoModel.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
pipe = pipeline(model=folder, trust_remote_code=True, device="cpu")
print(json.dumps({
    "loading": [len(loading["missing_keys"]), len(loading["unexpected_keys"])],
    "dtypes": sorted({str(parameter.dtype) for parameter in [*model.parameters(), *pipe.model.parameters()]}),
    "task": pipe.task,
    "path": pipe(photo),
    "image": pipe(Image.open(photo)),
}))
"""


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {path.name: path for path in DEFAULT_MODEL.iterdir() if path.name != "__pycache__"}


def test_it_holds_data_and_no_code(files):
    assert files.keys() == set(DATA_FILES), f"run `{LAY_OUT}`"
    assert sum(path.stat().st_size for path in files.values()) <= LARGEST_BYTES
    assert not {"auto_map", "custom_pipelines"} & json.loads(files["config.json"].read_text()).keys()


def test_it_loads_as_float32():
    model, _ = load_checkpoint(DEFAULT_MODEL, device="cpu")
    assert {str(parameter.dtype) for parameter in model.parameters()} == {"torch.float32"}


def test_its_card_is_what_the_template_gives(files):
    model, _ = load_checkpoint(DEFAULT_MODEL, device="cpu")
    training = TrainingRecord.read(load_record(files[TRAINING_FILE]))
    report = EvaluationRecord.read(load_record(files[EVALUATION_FILE]))
    rendered = render_card(model.config.to_dict(), model.num_parameters(), training, report, with_code=False)
    assert files["README.md"].read_text("utf-8") == rendered, f"run `{LAY_OUT}`"


def test_its_card_shows_the_evaluation_in_the_folder(files):
    report = json.loads(files["evaluation.json"].read_text(encoding="utf-8"))
    card = ModelCard.load(files["README.md"])
    overall = report["protocols"]["end_to_end"]["utkface"]["overall"]
    assert report["data"]["limit"] is None
    assert f"MAE {overall['age_mae']['value']:.2f}" in card.text
    assert card.data.license == "other"
    assert card.data.eval_results
    assert 'pipeline(model="owner/name"' in card.text
    assert "This folder holds none of them" in card.text


@pytest.mark.slow
def test_laid_out_with_its_code_transformers_alone_uses_it(files, tmp_path):
    folder = push_to_folder(DEFAULT_MODEL, tmp_path / "laid-out")
    ours, theirs = load_file(files["model.safetensors"]), load_file(folder / "model.safetensors")
    ours = {re.sub(r"^vit\.", "backbone.", name): tensor for name, tensor in ours.items()}
    assert ours.keys() == theirs.keys()
    assert all(tensor.equal(theirs[name]) for name, tensor in ours.items())

    # -I: neither the working directory nor PYTHONPATH is on the path.
    done = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, str(folder), str(PHOTO)],
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["loading"] == [0, 0]
    assert found["dtypes"] == ["torch.float32"]
    assert found["task"] == "gender-age"
    predictor = GenderAgePredictor.from_pretrained(device="cpu")
    for given, photo in ((found["path"], PHOTO), (found["image"], Image.open(PHOTO))):
        expected = [face.to_dict() for face in predictor.predict(photo).faces]
        assert len(expected) == 3
        assert [face["box"] for face in given] == [face["box"] for face in json.loads(json.dumps(expected))]
        for one, other in zip(given, expected, strict=True):
            assert one.keys() == other.keys()
            assert one["gender"] == other["gender"]
            assert one["age"] == pytest.approx(other["age"], abs=1e-3)
