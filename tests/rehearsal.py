"""A rehearsal of a backbone's whole way: from a stock checkpoint with drawn weights to the page that serves it."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel, ViTImageProcessor

from gender_age.backbones import inputs_of
from gender_age.explanation import explain_face
from gender_age.families import FAMILIES
from gender_age.prediction import GenderAgePredictor
from tests import fakes
from tests.small_backbones import stock_backbone
from tests.test_app import Served
from trainer.__main__ import main
from trainer.push import push_to_folder
from trainer.train import train
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection
from trainer.training.config_file import parse_config

SIDE, MEAN, STD = 64, [0.4, 0.5, 0.6], [0.2, 0.2, 0.2]
STRANGER = """
import json, sys
from transformers import AutoModel, pipeline

photo, *folders = sys.argv[1:]
for folder in folders:
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    pipe = pipeline(model=folder, trust_remote_code=True, device="cpu")
    ours = [name for name in sys.modules if name.split(".")[0] in ("gender_age", "trainer", "page")]
    print(json.dumps([type(model.backbone).__name__, pipe(photo, whole_image=True), ours]))
"""


class Rehearsal:
    """One family; every method is a step, and raises or asserts where it fails."""

    def __init__(self, kind: str, data: Path, folder: Path) -> None:
        self.kind, self.data, self.folder = kind, data, folder
        self.stock, self.run, self.pushed = folder / "stock", folder / "run", folder / "pushed"
        stock_backbone(kind).save_pretrained(self.stock)
        if FAMILIES[kind].normalisation is None:
            ViTImageProcessor(image_mean=MEAN, image_std=STD).save_pretrained(self.stock)

    def features_bit_for_bit(self) -> None:
        stock = AutoModel.from_pretrained(self.stock, **FAMILIES[self.kind].arguments).eval()
        # In memory of its own: mapped weights may lie unaligned, where some CPUs differ in a result's last bit.
        stock = copy.deepcopy(stock)
        model = build_model(ModelSection(pretrained=str(self.stock)), SIDE).eval()
        pixels = torch.randn(2, 3, SIDE, SIDE)
        inputs = inputs_of(model.family, stock, pixels)
        with torch.inference_mode():
            theirs, ours = stock(**inputs), model.backbone(**inputs, **model.backbone_arguments)
        assert torch.equal(theirs.last_hidden_state, ours.last_hidden_state)
        assert theirs.last_hidden_state.std() > 0
        if theirs.pooler_output is not None:
            assert torch.equal(theirs.pooler_output, ours.pooler_output)

    def trained_and_best_step_kept(self, **settings: object) -> None:
        values = {
            "model": {"pretrained": str(self.stock)},
            "data": {"train": [str(self.data)]},
            "stages": [{"image_size": SIDE, "epochs": 2}],
            "ema_decay": 0.5,
            "training": {
                "output_dir": str(self.run),
                "per_device_train_batch_size": 16,
                "learning_rate": 1e-3,
                "eval_strategy": "epoch",
                "load_best_model_at_end": True,
                "metric_for_best_model": "age_mae",
                "use_cpu": True,
                "disable_tqdm": True,
            },
        } | settings
        folder = train(parse_config(values))
        record = json.loads((folder / "training.json").read_text())
        assert record["best_step"] in (3, 6)
        predictor = self.predictor(folder)
        moved, still = predictor.model.backbone.state_dict(), AutoModel.from_pretrained(self.stock).state_dict()
        assert any(not torch.equal(weight, still[name]) for name, weight in moved.items())
        assert [round(each, 3) for each in predictor.image_processor.image_mean] == MEAN

    def evaluated(self) -> None:
        model, report = str(self.run / "model"), self.folder / "report"
        command = ["evaluate", "--model", model, "--data", str(self.data), "--output", str(report)]
        assert main([*command, "--skip-end-to-end", "--device", "cpu"]) == 0
        assert json.loads((report / "report.json").read_text())["protocols"]["landmarks"]

    def was_pushed(self) -> None:
        push_to_folder(self.run / "model", self.pushed)
        assert AutoConfig.from_pretrained(self.pushed).backbone_config.model_type == self.kind
        (genders, ages), (trained_genders, trained_ages) = self._answers(self.pushed), self._answers(self.run / "model")
        assert genders == trained_genders
        # Weights are pushed in half precision.
        assert ages == pytest.approx(trained_ages, abs=0.1)

    def explained(self) -> None:
        predictor = self.predictor(self.pushed)
        explanation = explain_face(predictor, fakes.noise((SIDE, SIDE)))
        assert abs(explanation.age_distribution.sum() - 1) < 1e-5
        assert explanation.age_relevance.max() == explanation.gender_relevance.max() == 1
        assert explanation.age_relevance.min() < 1

    def exported(self) -> None:
        """`export` compares the answers itself."""
        path = self.folder / "model.onnx"
        assert main(["export", "--model", str(self.pushed), "--onnx", str(path)]) == 0

    def served(self) -> None:
        path = self.folder / "photo.png"
        fakes.noise((150, 100)).save(path)
        detector = fakes.FakeDetector(fakes.if_wide(fakes.detected_face(box=(20, 10, 70, 75))))
        page = Served(self.predictor(self.pushed, detector))
        try:
            answer = page.predict(path)
        finally:
            page.demo.close()
        assert answer["error"] is None
        assert [face["box"] for face in answer["faces"]] == [[20, 10, 70, 75]]

    def predictor(self, folder: Path, detector: object | None = None) -> GenderAgePredictor:
        loaded = GenderAgePredictor.from_pretrained(folder, device="cpu")
        return GenderAgePredictor(loaded.model, loaded.image_processor, detector) if detector else loaded

    def _answers(self, folder: Path) -> tuple[list[str], list[float]]:
        found = self.predictor(folder).estimate([fakes.noise((SIDE, SIDE), seed) for seed in range(3)])
        return [each.gender for each in found], [each.age for each in found]


def strangers_answers(folders: list[Path], photo: Path, cache: Path) -> list[list]:
    """What a process that has these folders and no repository says: network, faces, and what it imported of ours."""
    script = cache / "stranger.py"
    script.write_text(STRANGER)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"HF_MODULES_CACHE": str(cache / "modules"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-I", str(script), str(photo), *map(str, folders)]
    result = subprocess.run(
        command, cwd=cache, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("[")]
