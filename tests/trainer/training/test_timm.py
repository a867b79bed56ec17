"""timm's networks as starts: those without drop path, those that timm saved, and those that it does not know."""

import json
import shutil

import pytest
import timm
import torch
from timm.models import save_for_hf
from transformers import AutoConfig, AutoModel

from gender_age.checkpoint import load_checkpoint
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.errors import ModelError
from gender_age.modeling_gender_age import GenderAgeModel
from trainer.errors import ConfigError
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection

SIDE = 64


def stock(folder, **values):
    AutoModel.from_config(AutoConfig.for_model("timm_wrapper", num_labels=2, **values)).save_pretrained(folder)
    return ModelSection(pretrained=str(folder))


def test_a_network_without_drop_path_is_a_start(tmp_path, caplog):
    section = stock(tmp_path, architecture="ghostnet_050")
    model = build_model(section, SIDE).eval()
    assert "trained at" not in caplog.text  # the config of the saved network does not say
    assert "drop_path_rate" not in (model.config.backbone_config.model_args or {})
    assert model(torch.zeros(1, 3, SIDE, SIDE)).age_logits.shape == (1, 101)
    dropping = ModelSection(pretrained=section.pretrained, config={"drop_path_rate": 0.1})
    with pytest.raises(ConfigError, match="this network of timm has no drop path: set drop_path_rate to 0"):
        build_model(dropping, SIDE)


@pytest.mark.parametrize("architecture", ["resnet18", "vit_tiny_patch16_224"])  # without positions and with them
def test_what_timm_saves_for_the_hub_is_a_start(architecture, tmp_path, caplog):
    network = timm.create_model(architecture, num_classes=3).eval()
    save_for_hf(network, tmp_path, safe_serialization=True)
    assert json.loads((tmp_path / "config.json").read_text())["model_args"]["num_classes"] == 3
    model = build_model(ModelSection(pretrained=str(tmp_path)), 224).eval()
    assert "both heads are new; it was trained at 224 px" in caplog.text
    pixels = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        features = network.forward_head(network.forward_features(pixels), pre_logits=True)
        assert torch.equal(model.backbone(pixels).pooler_output, features)


def test_arguments_that_timm_does_not_take_are_a_sentence(tmp_path):
    section = stock(tmp_path, architecture="ghostnet_050")
    wrong = ModelSection(pretrained=section.pretrained, config={"backbone_config": {"model_args": {"num_classes": 3}}})
    with pytest.raises(ConfigError, match="cannot load the weights of .*num_classes"):
        build_model(wrong, SIDE)


def unknown(folder, config):
    """Writes into a checkpoint that its network is one of a later timm."""
    values = json.loads((folder / "config.json").read_text())
    (values if config is None else values[config])["architecture"] = "vit_small_patch16_dinov9"
    (folder / "config.json").write_text(json.dumps(values))


def test_a_start_that_the_installed_timm_does_not_know_says_so(tmp_path):
    section = stock(tmp_path, architecture="ghostnet_050")
    unknown(tmp_path, None)
    with pytest.raises(ConfigError, match=r"vit_small_patch16_dinov9.* your version of timm .*`pip install -U timm`"):
        build_model(section, SIDE)


def test_a_checkpoint_that_the_installed_timm_does_not_know_says_so(tmp_path, tiny_model_folder):
    network = {"model_type": "timm_wrapper", "architecture": "ghostnet_050", "num_labels": 2}
    config = GenderAgeConfig(backbone_config=network, pooling="pooler", feature_size=1280, image_size=SIDE)
    GenderAgeModel(config).save_pretrained(tmp_path)
    shutil.copy(tiny_model_folder / "preprocessor_config.json", tmp_path)
    assert load_checkpoint(tmp_path, device="cpu")
    unknown(tmp_path, "backbone_config")
    with pytest.raises(ModelError, match=r"vit_small_patch16_dinov9.* your version of timm .*`pip install -U timm`\.$"):
        load_checkpoint(tmp_path, device="cpu")
