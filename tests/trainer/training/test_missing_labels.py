"""Faces of unknown age or gender: null in the rows, ignored wherever that label is used."""

import json

import numpy as np
import pytest
import torch
from datasets import concatenate_datasets
from transformers import EvalPrediction

from gender_age.labels import MISSING
from tests.trainer.test_train import run_values
from trainer import evaluate
from trainer.evaluation.plots import draw_plots
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.loading import load_split
from trainer.train import train
from trainer.training.compute_metrics import compute_metrics
from trainer.training.config_file import parse_config
from trainer.training.sampling import age_weights


@pytest.fixture(scope="module")
def half_labelled(tiny_data, tmp_path_factory):
    """`tiny_data` with a null age in every third row and a null gender in every fourth."""
    folder = tmp_path_factory.mktemp("half-labelled") / "half"
    (folder / "data").mkdir(parents=True)
    for split in ("train", "validation", "test"):
        rows = concatenate_datasets([load_split([str(tiny_data)], split)])

        def blanked(row, number):
            age = {"age_min": None, "age_max": None} if number % 3 == 0 else {}
            return age | ({"gender": None} if number % 4 == 1 else {})

        rows = (
            rows.map(blanked, with_indices=True)
            .add_column("source", ["half"] * len(rows))
            .class_encode_column("source")
        )
        rows.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


def test_nulls_are_marked(half_labelled, tmp_path):
    faces = AlignedFaces(load_split([str(half_labelled)], "train"), [16], tmp_path)
    assert (faces.age_min == MISSING).nonzero().flatten().tolist() == list(range(0, 48, 3))
    assert (faces.gender == MISSING).nonzero().flatten().tolist() == list(range(1, 48, 4))


def test_a_run_trains_calibrates_and_is_evaluated(half_labelled, tmp_path):
    values = run_values(half_labelled, tmp_path / "run")
    model = train(parse_config(values | {"data": values["data"] | {"age_balance": 0.5}}))
    history = json.loads((model / "training.json").read_text())["history"]
    values = [value for entry in history for name, value in entry.items() if "loss" in name or "age_mae" in name]
    assert values
    assert np.isfinite(values).all()
    predictor = evaluate.GenderAgePredictor.from_pretrained(model, device="cpu")
    samples = evaluate.evaluate(predictor, evaluate.load_sources([str(half_labelled)], "test"), ["landmarks"], 8)
    overall = evaluate.build_report(samples)["protocols"]["landmarks"]["half"]["overall"]
    assert overall["n"] == 24
    assert overall["gender_accuracy"]["n"] == 18
    assert overall["age_mae"]["n"] + overall["range_accuracy"]["n"] == 16
    assert draw_plots(samples, tmp_path)


@pytest.mark.parametrize("name", ["gender", "age"])
def test_a_source_without_one_label_has_a_report_without_it(half_labelled, tmp_path, tiny_model_folder, name):
    (rows,) = evaluate.load_sources([str(half_labelled)], "test").values()
    blank = {"gender": None} if name == "gender" else {"age_min": None, "age_max": None}
    rows = rows.map(lambda row: blank)
    predictor = evaluate.GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    samples = evaluate.evaluate(predictor, {"user/half": rows}, ["landmarks"], 8)
    report = evaluate.build_report(samples)
    found = report["protocols"]["landmarks"]["user/half"]
    assert ("gender_accuracy" in found["overall"]) == (name == "age")
    assert bool(found["by_age_band"]) == (name == "gender")
    assert (found["calibration"] is None) == (name == "gender")
    assert draw_plots(samples, tmp_path)
    assert "24 images" in evaluate.summary(report)


def test_validation_metrics_leave_them_out():
    logits = torch.full((3, 101), -20.0)
    logits[:, 30] = 20.0
    labels = [np.array([0, MISSING, 1]), np.array([30, 40, MISSING]), np.array([30, 40, MISSING])]
    found = compute_metrics(EvalPrediction((np.array([[1.0, 0.0]] * 3), logits.numpy()), tuple(labels)))
    assert found["age_mae"] == pytest.approx(5)
    assert found["gender_accuracy"] == 0.5
    assert "range_accuracy" not in found


def test_unknown_ages_are_drawn_as_one_age():
    ages = torch.tensor([MISSING, MISSING, 3, 50])
    assert age_weights(ages, ages, 0.0).tolist() == [1, 1, 1, 1]
    weights = age_weights(ages, ages, 1.0)
    assert weights[:2].sum().item() == pytest.approx(weights[2].item())
