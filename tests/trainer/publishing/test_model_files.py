"""The default checkpoint in `model/`: laid out as its Hub repository, with code that is this repository's own."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from transformers import AutoModel

from gender_age.checkpoint import DEFAULT_MODEL, load_checkpoint
from trainer.publishing.model_repository import DATA_FILES, code_files

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".npz"}
LARGEST_BYTES = 25 * 10**6


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {path.name: path for path in DEFAULT_MODEL.iterdir() if path.name != "__pycache__"}


def test_code_is_byte_identical_to_the_package(files):
    expected = {path.name: path.read_bytes() for path in code_files()}
    found = {name: path.read_bytes() for name, path in files.items() if path.suffix == ".py"}
    assert found.keys() == expected.keys()
    changed = sorted(name for name in expected if found[name] != expected[name])
    assert not changed, "run `python -m trainer push --model model --to-folder model`"


def test_nothing_else_and_no_pickle(files):
    assert {name for name, path in files.items() if path.suffix != ".py"} == set(DATA_FILES)
    assert not [name for name, path in files.items() if path.suffix in PICKLES]
    assert sum(path.stat().st_size for path in files.values()) <= LARGEST_BYTES


def test_loads_whole_as_float32():
    _, loading = AutoModel.from_pretrained(DEFAULT_MODEL, trust_remote_code=True, output_loading_info=True)
    assert not loading["missing_keys"]
    assert not loading["unexpected_keys"]
    model, _ = load_checkpoint(DEFAULT_MODEL, device="cpu")
    assert {str(parameter.dtype) for parameter in model.parameters()} == {"torch.float32"}


def test_card_shows_the_evaluation_in_the_folder(files):
    report = json.loads(files["evaluation.json"].read_text(encoding="utf-8"))
    card = ModelCard.load(files["README.md"])
    overall = report["protocols"]["end_to_end"]["utkface"]["overall"]
    assert report["data"]["limit"] is None
    assert f"MAE {overall['age_mae']['value']:.2f}" in card.text
    assert card.data.license == "other"
    assert card.data.eval_results
