"""`trainer export`: the ONNX file answers as the checkpoint does, and says how its input is made."""

import builtins
import json
import os
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from gender_age.checkpoint import DEFAULT_MODEL, load_checkpoint
from trainer import export
from trainer.__main__ import main
from trainer.errors import TrainerError


@pytest.fixture(scope="module")
def exported(tiny_model_folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "new" / "model.onnx"
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(path)]) == 0
    return path


def check_answers(exported, folder, batch):
    model, image_processor = load_checkpoint(folder, device="cpu")
    side = image_processor.size["height"]
    pixel_values = torch.randn(batch, 3, side, side, generator=torch.Generator().manual_seed(batch))
    session = onnxruntime.InferenceSession(exported)
    assert [each.name for each in session.get_inputs()] == ["pixel_values"]
    gender_logits, age_logits = session.run(["gender_logits", "age_logits"], {"pixel_values": pixel_values.numpy()})
    with torch.inference_mode():
        expected = model(pixel_values)
    np.testing.assert_allclose(gender_logits, expected.gender_logits, atol=1e-4)
    np.testing.assert_allclose(age_logits, expected.age_logits, atol=1e-4)


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_answers_are_the_checkpoints(exported, tiny_model_folder, batch):
    check_answers(exported, tiny_model_folder, batch)


def test_the_default_model_too(tmp_path):
    """Its convolutions and its mirrored faces, which the tiny one has not."""
    path = tmp_path / "model.onnx"
    assert main(["export", "--model", str(DEFAULT_MODEL), "--onnx", str(path)]) == 0
    assert load_checkpoint()[0].config.average_mirrored
    for batch in (1, 3, 8):
        check_answers(path, DEFAULT_MODEL, batch)


def test_the_file_says_how_its_input_is_made(exported, tiny_model_folder):
    notes = onnxruntime.InferenceSession(exported).get_modelmeta().custom_metadata_map
    assert json.loads(notes["genders"]) == ["female", "male"]
    assert json.loads(notes["config"])["model_type"] == "gender_age"
    assert json.loads(notes["preprocessor"])["alignment"] == load_checkpoint(tiny_model_folder)[1].alignment
    assert [path.name for path in exported.parent.iterdir()] == ["model.onnx"]


def test_other_answers_are_refused_and_leave_no_file(tiny_model_folder, tmp_path, monkeypatch):
    model, image_processor = load_checkpoint(tiny_model_folder, device="cpu")
    monkeypatch.setattr(export, "AGE_TOLERANCE", -1.0)
    with pytest.raises(TrainerError, match="differs from the checkpoint"):
        export.export_onnx(model, image_processor, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_its_own_file_is_replaced(exported, tiny_model_folder, tmp_path):
    path = tmp_path / "model.onnx"
    shutil.copyfile(exported, path)
    os.utime(path, (0, 0))
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(path)]) == 0
    assert path.stat().st_mtime > 0
    assert list(tmp_path.iterdir()) == [path]


def other_onnx(path):
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "other", [value], [output])), path)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"weights of somebody"),
        lambda path: path.touch(),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.parent / "nowhere"),
        lambda path: shutil.copyfile(DEFAULT_MODEL / "model.safetensors", path),
        other_onnx,
    ],
)
def test_a_file_of_somebody_else_is_not_replaced(tiny_model_folder, tmp_path, capsys, make):
    path = tmp_path / "model.onnx"
    make(path)
    before = (path.lstat().st_ino, path.lstat().st_mtime_ns)
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(path)]) == 1
    assert "is not replaced, because `export` did not write it" in capsys.readouterr().err
    assert (path.lstat().st_ino, path.lstat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_package_is_a_sentence(tiny_model_folder, tmp_path, monkeypatch, capsys):
    real = builtins.__import__

    def without_onnxruntime(name, *args, **kwargs):
        if name == "onnxruntime":
            raise ModuleNotFoundError("No module named 'onnxruntime'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_onnxruntime)
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(tmp_path / "model.onnx")]) == 1
    assert "onnxruntime is not installed: `pip install -e .[onnx]`" in capsys.readouterr().err


def test_a_file_in_the_way_is_a_sentence(tiny_model_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(tmp_path / "file" / "model.onnx")]) == 1
    assert "cannot write" in capsys.readouterr().err
