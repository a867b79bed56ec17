import pytest
import torch
from transformers import BertConfig, ViTConfig, ViTForImageClassification, ViTModel

from gender_age.checkpoint import load_checkpoint
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.families import FAMILIES
from tests.conftest import TINY
from tests.small_backbones import CONFIGS, stock_backbone
from trainer.errors import ConfigError
from trainer.training.build_model import build_model, interpolate_positions
from trainer.training.config import ModelSection


def test_vit_encoder_is_taken_bit_for_bit(tmp_path, caplog):
    stock = ViTForImageClassification(ViTConfig(**TINY, num_labels=7))
    stock.save_pretrained(tmp_path)
    with caplog.at_level("INFO"):
        model = build_model(ModelSection(pretrained=str(tmp_path)), image_size=32)
    assert model.config.id2label == {0: "female", 1: "male"}
    for name, weight in stock.vit.state_dict().items():
        assert torch.equal(model.backbone.state_dict()[name], weight), name
    assert "both heads are new" in caplog.text


def test_another_image_size_changes_no_weight(tmp_path):
    stock = ViTModel(ViTConfig(**TINY), add_pooling_layer=False)
    stock.save_pretrained(tmp_path)
    model = build_model(ModelSection(pretrained=str(tmp_path)), image_size=64)
    assert all(torch.equal(model.backbone.state_dict()[name], each) for name, each in stock.state_dict().items())
    assert model(torch.zeros(1, 3, 64, 64)).age_logits.shape == (1, 101)


def test_another_image_size_interpolates_the_positions_of_our_own_network(tmp_path, tiny_model_folder):
    own = load_checkpoint(tiny_model_folder)[0].backbone.state_dict()
    ours = build_model(ModelSection(pretrained=str(tiny_model_folder)), image_size=64).backbone.state_dict()
    positions = "embeddings.position_embeddings"
    assert torch.equal(ours[positions], interpolate_positions(own[positions], 8))
    assert all(torch.equal(ours[name], own[name]) for name in own.keys() - {positions})


def test_interpolation_keeps_a_constant_grid():
    assert torch.allclose(interpolate_positions(torch.full((1, 17, 3), 2.0), 7), torch.full((1, 50, 3), 2.0))


def test_a_checkpoint_of_another_kind_is_named(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="a 'bert' model is no backbone here; these are: ViT, DeiT, DINOv2, .*timm"):
        build_model(ModelSection(pretrained=str(tmp_path)), image_size=32)


def test_weights_of_other_shapes_are_a_sentence(tmp_path):
    ViTModel(ViTConfig(**TINY), add_pooling_layer=False).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"have other shapes than in `model.config`: \['embeddings.cls_token', "):
        build_model(ModelSection(pretrained=str(tmp_path), config={"hidden_size": 8}), image_size=32)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot load"):
        build_model(ModelSection(pretrained=str(tmp_path / "none")), image_size=32)


@pytest.mark.parametrize("settings", [{"hidden": 3}, {"stem": "dense"}, {"hidden_size": "wide"}])
def test_a_wrong_setting_is_a_config_error(settings):
    with pytest.raises(ConfigError, match="model.config"):
        build_model(ModelSection(config=settings), image_size=32)


def test_an_unusable_checkpoint_of_our_own_is_named(tmp_path):
    GenderAgeConfig(**TINY).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"no preprocessor_config\.json"):
        build_model(ModelSection(pretrained=str(tmp_path)), image_size=32)


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_stock_checkpoint_in_half_precision_is_trained_in_float32(kind, tmp_path):
    stock_backbone(kind).to(torch.bfloat16).save_pretrained(tmp_path)
    model = build_model(ModelSection(pretrained=str(tmp_path)), image_size=64)
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}


def test_a_config_by_hand_in_half_precision_is_trained_in_float32():
    own = {"model_type": "convnext", "dtype": "bfloat16", **CONFIGS["convnext"]}
    model = build_model(ModelSection(config={"backbone_config": own}), image_size=64)
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}
