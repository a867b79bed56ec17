"""timm's networks as starts: those without drop path, those that timm saved, and those that it does not know."""

import pytest
import torch
from transformers import AutoConfig, AutoModel

from trainer.errors import ConfigError
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection

SIDE = 64


def stock(folder, **values):
    AutoModel.from_config(AutoConfig.for_model("timm_wrapper", num_labels=2, **values)).save_pretrained(folder)
    return ModelSection(pretrained=str(folder))


def test_a_network_without_drop_path_is_a_start(tmp_path):
    section = stock(tmp_path, architecture="ghostnet_050")
    model = build_model(section, SIDE).eval()
    assert "drop_path_rate" not in (model.config.backbone_config.model_args or {})
    assert model(torch.zeros(1, 3, SIDE, SIDE)).age_logits.shape == (1, 101)
    dropping = ModelSection(pretrained=section.pretrained, config={"drop_path_rate": 0.1})
    with pytest.raises(ConfigError, match="this network of timm has no drop path: set drop_path_rate to 0"):
        build_model(dropping, SIDE)
