"""`trainer export`: the ONNX file answers as the checkpoint does, and says how its input is made."""

import builtins
import json
import logging
import os
import re
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from gender_age.checkpoint import DEFAULT_MODEL, load_checkpoint
from gender_age.decoding import expected_age
from gender_age.images import open_photo
from gender_age.labels import MISSING
from gender_age.prediction import GenderAgePredictor
from tests.conftest import REPOSITORY
from trainer import export, onnx_int8
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


@pytest.fixture(scope="module")
def exported_default(tmp_path_factory):
    path = tmp_path_factory.mktemp("default") / "model.onnx"
    assert main(["export", "--model", str(DEFAULT_MODEL), "--onnx", str(path)]) == 0
    return path


def test_the_default_model_too(exported_default):
    """Its convolutions and its mirrored faces, which the tiny one has not."""
    assert load_checkpoint()[0].config.average_mirrored
    for batch in (1, 3, 8):
        check_answers(exported_default, DEFAULT_MODEL, batch)


def test_the_example_of_the_documents_answers_as_the_library(exported_default, monkeypatch):
    code = re.search(r"```python\n(.*?)```", (REPOSITORY / "docs" / "onnx.md").read_text(), re.S).group(1)
    assert len([line for line in code.splitlines() if line.strip()]) <= 40
    monkeypatch.chdir(exported_default.parent)
    shutil.copy(REPOSITORY / "examples" / "group.jpg", "photo.jpg")
    example = {}
    exec(compile(code, "docs/onnx.md", "exec"), example)
    photo = open_photo("photo.jpg")
    expected = GenderAgePredictor.from_pretrained(device="cpu").predict(photo)
    assert expected.faces
    answers = example["answer"]([example["crop"](photo, face.landmarks) for face in expected.faces])
    for (gender, probability, age), face in zip(answers, expected.faces, strict=True):
        assert gender == face.gender
        assert probability == pytest.approx(face.gender_probability, abs=0.05)
        assert age == pytest.approx(face.age, abs=1)


@pytest.fixture(scope="module")
def exported_int8(exported, tiny_model_folder, tiny_data, tmp_path_factory):
    """In the place of an older file that `export` wrote."""
    path = tmp_path_factory.mktemp("int8") / "model.onnx"
    shutil.copyfile(exported, path)
    os.utime(path, (0, 0))
    assert main(int8_command(tiny_model_folder, path, tiny_data)) == 0
    return path


def int8_command(folder, path, data):
    return ["export", "--model", str(folder), "--onnx", str(path), "--int8", str(data)]


def test_int8_weights_have_a_scale_a_channel(exported, exported_int8):
    graph = onnx.load(exported_int8).graph
    stored = {each.name: each for each in graph.initializer}
    multiplied = {node.input[1] for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul")}
    dequantised = [node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[0] in stored]
    weights = [[stored[name] for name in node.input[:2]] for node in dequantised if node.output[0] in multiplied]
    assert "QuantizeLinear" in {node.op_type for node in graph.node}
    assert weights
    for weight, scale in weights:
        # Signed weights overflow on CPUs without VNNI: the MAE of the default model grew by 0.11 years.
        assert weight.data_type == onnx.TensorProto.UINT8
        assert len(scale.dims) == 1
        assert scale.dims[0] in weight.dims
    notes = onnxruntime.InferenceSession(exported_int8).get_modelmeta().custom_metadata_map
    assert notes == onnxruntime.InferenceSession(exported).get_modelmeta().custom_metadata_map


def test_int8_answers_are_near_the_models(exported, exported_int8):
    pixels = {"pixel_values": np.random.default_rng(0).uniform(-1, 1, size=(4, 3, 32, 32)).astype(np.float32)}
    exact, rounded = (onnxruntime.InferenceSession(path).run(None, pixels) for path in (exported, exported_int8))
    for one, other in zip(exact, rounded, strict=True):
        assert not np.array_equal(one, other)
        # Of features of about 1, rounded to 256 steps a few times over.
        np.testing.assert_allclose(one, other, atol=0.05)


def test_int8_says_what_it_costs_and_nothing_else(tiny_model_folder, tiny_data, tmp_path, capfd, caplog):
    path = tmp_path / "model.onnx"
    assert main(int8_command(tiny_model_folder, path, tiny_data)) == 0
    said = capfd.readouterr()
    assert re.fullmatch(rf"{path}: 0\.\d MB; MAE .* years, gender .* on \d+ validation faces\n", said.out)
    assert "Loading weights" not in said.err
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    logging.warning("Axis 1 is out-of-range for weight 'w' with rank 1")
    assert "out-of-range" in caplog.text


def test_int8_that_loses_too_much_is_not_written(tiny_model_folder, tiny_data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(onnx_int8, "MOST_YEARS_LOST", -50.0)
    assert main(int8_command(tiny_model_folder, tmp_path / "model.onnx", tiny_data)) == 1
    assert "int8 loses too much of this model: MAE" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_int8_is_measured_against_ranges_and_says_what_it_cannot_measure(exported):
    faces = np.zeros((3, 3, 32, 32), np.float32)
    logits = onnxruntime.InferenceSession(exported).run(["age_logits"], {"pixel_values": faces})[0]
    age = float(expected_age(torch.from_numpy(logits))[0])
    labels = {
        "gender": np.array([MISSING] * 3),
        "age_min": np.array([int(age) - 5, int(age) + 10, MISSING]),
        "age_max": np.array([int(age) + 5, int(age) + 20, MISSING]),
    }
    found = onnx_int8._accuracy(exported, faces, labels, np.arange(3))
    assert found.age_mae == pytest.approx((int(age) + 10 - age) / 2, abs=1e-3)
    assert onnx_int8.in_words(found, found).endswith("years, gender unmeasured on 3 validation faces")


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


def test_a_network_over_the_limit_of_protobuf_is_refused_before_the_export(tiny_model_folder, tmp_path, monkeypatch):
    model, image_processor = load_checkpoint(tiny_model_folder, device="cpu")
    monkeypatch.setattr(onnx.checker, "MAXIMUM_PROTOBUF", 4 * model.num_parameters())
    monkeypatch.setattr(export.torch.onnx, "export", None)
    with pytest.raises(TrainerError, match=r"GB in float32, and an ONNX file holds at most .* GB \(protobuf's limit\)"):
        export.export_onnx(model, image_processor, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_its_own_file_is_replaced(exported_int8):
    assert exported_int8.stat().st_mtime > 0
    assert list(exported_int8.parent.iterdir()) == [exported_int8]


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


@pytest.mark.slow
def test_a_file_in_the_way_is_a_sentence(tiny_model_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["export", "--model", str(tiny_model_folder), "--onnx", str(tmp_path / "file" / "model.onnx")]) == 1
    assert "cannot write" in capsys.readouterr().err
