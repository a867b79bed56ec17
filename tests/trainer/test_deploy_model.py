"""What a Space gets of a model beside its weights: a record without local paths, and the package of its backbone."""

import json
import shutil
from dataclasses import replace

from gender_age.backbones import family_of
from gender_age.checkpoint import load_checkpoint
from tests.trainer.test_deploy import files_of
from trainer import deploy


def test_the_record_of_the_training_has_no_path_of_this_machine(tiny_model_folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(tiny_model_folder, model)
    mine = str(tmp_path / "mine")
    config = {"data": {"train": [mine], "weights": {mine: 2.0, f"{tmp_path}/b/mine": 3.0}}}
    (model / "training.json").write_text(json.dumps({"config": config, "started_from": {"config": config}}))
    files = files_of(deploy.deploy_to_folder(tmp_path / "space", str(model)))
    assert not [name for name, content in files.items() if str(tmp_path).encode() in content]
    record = json.loads(files["model/training.json"])
    assert record["config"]["data"] == {"train": ["mine"], "weights": {"mine": 2.0, "mine-2": 3.0}}


def test_the_space_installs_what_the_backbone_needs(tiny_model_folder, tmp_path, monkeypatch):
    needy = replace(family_of(load_checkpoint(tiny_model_folder, device="cpu")[0].config), package="timm")
    monkeypatch.setattr("gender_age.modeling_gender_age.family_of", lambda config: needy)
    files = files_of(deploy.deploy_to_folder(tmp_path / "space", str(tiny_model_folder)))
    assert files["requirements.txt"].decode().splitlines()[-1] == "timm"
