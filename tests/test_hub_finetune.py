"""`python -m trainer train` from a stock ViT and a stock DeiT checkpoint of a Hub on loopback."""

from __future__ import annotations

import pytest
import torch
import yaml
from transformers import DeiTConfig, DeiTModel, ViTConfig, ViTForImageClassification

from gender_age.checkpoint import load_checkpoint
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


@pytest.fixture(scope="module")
def trained(stock, tiny_data, tmp_path_factory) -> dict:
    """Run -> the finished model, and what the command said; "unmoved" ones have a learning rate of 0."""
    folder = tmp_path_factory.mktemp("runs")
    values = {
        "model": {"revision": "v1"},
        "data": {"train": [str(tiny_data)], "limit": 16},
        "stages": [{"image_size": 24, "epochs": 1}],
        "training": {"per_device_train_batch_size": 8, "use_cpu": True, "disable_tqdm": True, "save_strategy": "no"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    results = {}
    with HubServer() as hub:
        for kind, model in stock.items():
            model.save_pretrained(folder / kind)
            repository = hub.add_repo(f"someone/{kind}", files=folder / kind)
            repository.tags["v1"] = repository.commits[-1].oid
            repository.commit("broken, which a pinned revision does not see", {"config.json": b"{"})
        with Commands("trainer.__main__", hub.environment()) as trainer:
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
