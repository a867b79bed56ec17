"""`python -m trainer train` from a stock ViT and a stock DeiT checkpoint of a Hub on loopback."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
import yaml
from transformers import DeiTConfig, DeiTModel, ViTConfig, ViTForImageClassification

from gender_age.checkpoint import load_checkpoint
from gender_age.records import TRAINING_FILE
from tests.conftest import TINY
from tests.fake_hub.commands import Commands
from tests.fake_hub.server import HubServer


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> dict:
    """Model type -> a stock checkpoint of 32 px, with drawn positions where it would have zeros."""
    torch.manual_seed(0)
    deit = DeiTModel(DeiTConfig(**TINY), add_pooling_layer=False)
    torch.nn.init.normal_(deit.embeddings.position_embeddings)
    return {"vit": ViTForImageClassification(ViTConfig(**TINY, num_labels=7)), "deit": deit}


def write_config(path, data, **model):
    values = {
        "model": model,
        "data": {"train": [str(data)], "limit": 16},
        "stages": [{"image_size": 24, "epochs": 1}],
        "training": {"per_device_train_batch_size": 8, "use_cpu": True, "disable_tqdm": True, "save_strategy": "no"},
    }
    path.write_text(yaml.safe_dump(values))


@pytest.fixture(scope="module")
def hub():
    with HubServer() as hub:
        yield hub


@pytest.fixture(scope="module")
def trainer(hub):
    with Commands("trainer.__main__", hub.environment()) as trainer:
        yield trainer


@pytest.fixture(scope="module")
def trained(hub, trainer, stock, tiny_data, tmp_path_factory) -> dict:
    """Run -> the finished model, and what the command said; "unmoved" ones have a learning rate of 0."""
    folder = tmp_path_factory.mktemp("runs")
    write_config(folder / "config.yaml", tiny_data, revision="v1")
    results = {}
    for kind, model in stock.items():
        model.save_pretrained(folder / kind)
        repository = hub.add_repo(f"someone/{kind}", files=folder / kind)
        repository.tags["v1"] = repository.commits[-1].oid
        repository.commit("broken, which a pinned revision does not see", {"config.json": b"{"})
    for name, kind, rate in (("vit unmoved", "vit", 0.0), ("vit", "vit", 1e-2), ("deit unmoved", "deit", 0.0)):
        run = folder / name.replace(" ", "-")
        done = trainer.run(
            "train",
            str(folder / "config.yaml"),
            f"model.pretrained=someone/{kind}",
            f"training.output_dir={run}",
            f"training.learning_rate={rate}",
        )
        assert done.status == 0, done.stderr
        results[name] = load_checkpoint(run / "model", device="cpu")[0], done.stderr
    return results


@pytest.mark.parametrize("kind", ["vit", "deit"])
def test_the_backbone_is_the_stock_one(stock, trained, kind):
    ours = trained[f"{kind} unmoved"][0].backbone.state_dict()
    theirs = (stock["vit"].vit if kind == "vit" else stock["deit"]).state_dict()
    assert ours.keys() == theirs.keys()
    for name, weight in theirs.items():
        assert torch.equal(ours[name], weight), name


@pytest.mark.parametrize("kind", ["vit", "deit"])
def test_the_log_says_what_is_new(trained, kind):
    said = trained[f"{kind} unmoved"][1]
    assert f"of someone/{kind} is loaded, both heads are new" in said
    assert "it was trained at 32 px, and sees 24 px here" in said


def test_training_moves_every_parameter(trained):
    before, after = trained["vit unmoved"][0].state_dict(), trained["vit"][0].state_dict()
    assert not [name for name in before if torch.equal(before[name], after[name])]


def test_a_model_of_this_project_brings_the_record_of_its_training(
    hub, trainer, tiny_model_folder, tiny_data, tmp_path
):
    shutil.copytree(tiny_model_folder, tmp_path / "start")
    start = {"config": {"model": {"pretrained": None}, "data": {"train": ["data/utkface"]}}, "history": [{"step": 1}]}
    (tmp_path / "start" / TRAINING_FILE).write_text(json.dumps(start))
    write_config(tmp_path / "config.yaml", tiny_data, pretrained="someone/faces")
    hub.add_repo("someone/faces", files=tmp_path / "start")
    run = tmp_path / "run"
    done = trainer.run("train", str(tmp_path / "config.yaml"), f"training.output_dir={run}")
    assert done.status == 0, done.stderr
    done = trainer.run("push", "--model", str(run / "model"), "--to-folder", str(tmp_path / "pushed"))
    assert done.status == 0, done.stderr
    record = json.loads((run / "model" / TRAINING_FILE).read_text())
    assert record["started_from"] == {"config": start["config"]}
    card = (tmp_path / "pushed" / "README.md").read_text("utf-8")
    front = yaml.safe_load(card.split("---")[1])
    assert (front["base_model"], front["license_name"]) == ("someone/faces", "non-commercial-research")
    assert "| starting point | `someone/faces`, the model of an earlier run, itself from random weights" in card
