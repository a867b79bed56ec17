"""MTCNN's weights: facenet-pytorch's own values, without a pickle."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest
import torch
from facenet_pytorch import MTCNN
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gender_age import model_source
from gender_age.detection import FaceDetector
from gender_age.errors import ModelError
from gender_age.images import open_photo
from gender_age.model_source import DETECTOR_WEIGHTS, ModelSource, detector_weights
from tests.conftest import REPOSITORY

WEIGHTS = REPOSITORY / "gender_age" / DETECTOR_WEIGHTS


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """The code as a Hub user has it: copied by transformers, without the file."""
    monkeypatch.setattr(model_source, "BESIDE_THE_CODE", tmp_path / "none")


def test_they_are_facenet_pytorchs_bit_for_bit():
    reference = MTCNN()
    expected = {
        f"{network}.{name}": tensor
        for network in ("pnet", "rnet", "onet")
        for name, tensor in getattr(reference, network).state_dict().items()
    }
    found = load_file(WEIGHTS)
    assert found.keys() == expected.keys()
    assert sum(tensor.numel() for tensor in found.values()) > 490_000
    for name, tensor in found.items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, expected[name])


def test_the_file_names_its_licence():
    with safe_open(WEIGHTS, "pt") as file:
        licence = file.metadata()["license"]
    assert "facenet-pytorch 2.5.3" in licence
    assert "MIT License" in licence
    assert "Timothy Esler" in licence


def test_the_script_writes_the_same_file_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mtcnn_weights.py", str(tmp_path / "again")])
    runpy.run_path(str(REPOSITORY / "scripts" / "mtcnn_weights.py"), run_name="__main__")
    assert (tmp_path / "again").read_bytes() == WEIGHTS.read_bytes()
    assert "50 tensors" in capsys.readouterr().out


def test_the_detector_runs_with_a_file_that_is_named(tmp_path):
    portrait = open_photo(REPOSITORY / "examples" / "collins.jpg")
    assert len(FaceDetector(weights=str(WEIGHTS)).detect(portrait)) == 1
    weights = load_file(WEIGHTS)
    weights["pnet.conv4_1.bias"] = torch.tensor([9.0, -9.0])  # of no face, of a face
    save_file(weights, tmp_path / "blind.safetensors")
    assert FaceDetector(weights=tmp_path / "blind.safetensors").detect(portrait) == []


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"cut off"), Path.unlink])
def test_weights_that_cannot_be_read_are_a_sentence(tmp_path, change):
    path = tmp_path / DETECTOR_WEIGHTS
    shutil.copyfile(WEIGHTS, path)
    change(path)
    with pytest.raises(ModelError, match=r"^The face detector's weights mtcnn\.safetensors cannot be read \(.*\)\.$"):
        FaceDetector(weights=path)


def test_weights_of_other_networks_are_a_sentence():
    with pytest.raises(ModelError, match="cannot be read"):
        FaceDetector(weights=REPOSITORY / "model" / "model.safetensors")


def test_they_are_beside_the_code():
    assert detector_weights() == WEIGHTS


def test_without_them_and_without_a_source_a_sentence_says_so(alone, tiny_model):
    for model in (None, tiny_model):
        with pytest.raises(ModelError, match="are not beside its code"):
            detector_weights(model)


def test_the_repository_of_the_model_has_them(alone, tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "model")
    model = type("Model", (), {"source": ModelSource.of(folder, {"revision": None})})
    with pytest.raises(ModelError, match=r"mtcnn\.safetensors of the model .*model cannot be had \("):
        detector_weights(model)
    shutil.copyfile(WEIGHTS, folder / DETECTOR_WEIGHTS)
    assert detector_weights(model) == folder / DETECTOR_WEIGHTS


def test_a_source_never_shows_its_token():
    source = ModelSource.of("owner/name", {"token": "hf_secret", "revision": "v1", "dtype": "auto"})
    assert source.arguments == {"token": "hf_secret", "revision": "v1"}
    assert "hf_secret" not in f"{source!r}{source}"
