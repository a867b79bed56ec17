"""Backbones of other families: a rehearsal of their whole way with small random ones."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from transformers import AutoConfig, BertConfig

from gender_age import backbones
from gender_age.backbones import UnsupportedBackboneError, build_backbone, family_of, parameter_depths
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.families import FAMILIES
from gender_age.modeling_gender_age import GenderAgeModel
from tests import fakes
from tests.conftest import REPOSITORY
from tests.rehearsal import SIDE, Rehearsal, strangers_answers
from tests.small_backbones import CONFIGS, small_config, stock_backbone
from trainer.errors import ConfigError
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection
from trainer.training.normalisation import normalisation_of

COLUMNS = (
    "features bit for bit",
    "trained, best step kept",
    "evaluated",
    "pushed",
    "`AutoModel` and `pipeline`",
    "explained",
    "exported",
    "served",
)
ALL = pytest.mark.parametrize("kind", FAMILIES)


def test_every_family_has_a_small_one():
    assert CONFIGS.keys() == FAMILIES.keys()


@ALL
def test_the_features_of_a_stock_checkpoint_come_out_bit_for_bit(kind, tiny_data, tmp_path):
    Rehearsal(kind, tiny_data, tmp_path).features_bit_for_bit()


@ALL
def test_other_sizes_than_the_stock_ones_are_taken(kind, tmp_path):
    stock_backbone(kind).save_pretrained(tmp_path)
    model = build_model(ModelSection(pretrained=str(tmp_path)), 96).eval()
    with torch.inference_mode():
        for side in (SIDE, 96):
            assert model(torch.randn(1, 3, side, side)).age_logits.isfinite().all()


@ALL
def test_the_layers_are_told_apart_by_their_depth(kind):
    depths, last = parameter_depths(stock_backbone(kind), FAMILIES[kind])
    assert last >= 3
    assert {*range(1, last)} <= {*depths.values()} <= {*range(last + 1)}


@pytest.mark.parametrize("kind", ["dinov2", "convnext"])
def test_a_rehearsal(kind, tiny_data, tmp_path):
    rehearsal = Rehearsal(kind, tiny_data, tmp_path)
    rehearsal.trained_and_best_step_kept()
    rehearsal.was_pushed()
    rehearsal.explained()
    rehearsal.served()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_family_goes_the_whole_way(tiny_data, tmp_path):
    """The table of docs/training.md is what this test finds."""
    done: dict[str, list[str]] = {}
    for kind in FAMILIES:
        (tmp_path / kind).mkdir()
        rehearsal = Rehearsal(kind, tiny_data, tmp_path / kind)
        done[kind] = []
        for column, step in zip(
            COLUMNS,
            (
                rehearsal.features_bit_for_bit,
                rehearsal.trained_and_best_step_kept,
                rehearsal.evaluated,
                rehearsal.was_pushed,
                None,
                rehearsal.explained,
                rehearsal.exported,
                rehearsal.served,
            ),
            strict=True,
        ):
            if step is not None:
                step()
            done[kind].append(column)
            print(kind, column)
    photo = tmp_path / "photo.png"
    fakes.noise((80, 80)).save(photo)
    answers = strangers_answers([tmp_path / kind / "pushed" for kind in FAMILIES], photo, tmp_path)
    assert len(answers) == len(FAMILIES)
    for kind, (network, faces, imported) in zip(FAMILIES, answers, strict=True):
        assert network == type(stock_backbone(kind)).__name__
        assert faces[0]["gender"] in ("female", "male")
        assert imported == []
    assert table(done) in (REPOSITORY / "docs" / "training.md").read_text(), table(done)


def table(done: dict[str, list[str]]) -> str:
    lines = [f"| family | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for kind, columns in done.items():
        cells = ("yes" if column in columns else "–" for column in COLUMNS)
        lines.append(f"| {FAMILIES[kind].title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_drop_path_reaches_the_network(tmp_path):
    for kind, rate in (("vit", 0.2), ("dinov2", 0.2), ("efficientnet", 0.3), ("timm_wrapper", 0.1)):
        stock_backbone(kind).save_pretrained(tmp_path / kind)
        section = ModelSection(pretrained=str(tmp_path / kind), config={"drop_path_rate": rate})
        model = build_model(section, SIDE).train()
        pixels = torch.randn(8, 3, SIDE, SIDE)
        assert not torch.equal(model(pixels).age_logits, model(pixels).age_logits)
        model.eval()
        assert torch.equal(model(pixels).age_logits, model(pixels).age_logits)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("siglip_vision_model", {"drop_path_rate": 0.1}, "SigLIP and SigLIP2 has no drop path"),
        ("convnext", {"pooling": "cls"}, "of a backbone of ConvNeXt it is one of pooler, mean"),
        ("dinov2", {"stem": "mobilenet"}, "unknown setting `model.config.stem`"),
        ("mobilevitv2", {"backbone_config": {"nonsense": 1}}, "unknown setting `model.config.nonsense`"),
    ],
)
def test_what_a_backbone_lacks_is_a_sentence(kind, settings, said, tmp_path):
    stock_backbone(kind).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=said):
        build_model(ModelSection(pretrained=str(tmp_path), config=settings), SIDE)


def test_a_size_that_the_network_cannot_take_is_a_sentence(tmp_path):
    stock_backbone("mobilevitv2").save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="spatial size"):
        build_model(ModelSection(pretrained=str(tmp_path)), 32)


def test_an_unsupported_model_is_told_what_works():
    with pytest.raises(UnsupportedBackboneError, match=r"these are: ViT, DeiT, DINOv2, .*ConvNeXt.*, timm$"):
        family_of(BertConfig())


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(backbones.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedBackboneError, match="`pip install timm`"):
        family_of(small_config("timm_wrapper"))
    assert importlib.util.find_spec("torch") is None  # the same module


def test_fields_of_the_backbones_own_config_are_set(tmp_path):
    stock_backbone("dinov2").save_pretrained(tmp_path)
    settings = {"hidden_dropout_prob": 0.25, "backbone_config": {"attention_probs_dropout_prob": 0.5}}
    config = build_model(ModelSection(pretrained=str(tmp_path), config=settings), SIDE).config
    assert config.backbone_config.hidden_dropout_prob == 0.25
    assert config.backbone_config.attention_probs_dropout_prob == 0.5


def test_random_weights_of_another_family():
    values = {"backbone_config": {"model_type": "convnext", **CONFIGS["convnext"]}, "drop_path_rate": 0.1}
    model = build_model(ModelSection(config=values), SIDE)
    assert model.config.pooling == "pooler"
    assert model.config.backbone_config.drop_path_rate == 0.1
    assert model.config.feature_size == 16
    assert model.gender_head.in_features == 16


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"backbone_config": "convnext"}, r"is 'convnext'; a mapping such as \{model_type: convnext\} is wanted"),
        ({"backbone_config": {"depths": [1]}}, "model_type` is None; one of vit, deit, .*timm_wrapper is wanted"),
        ({"backbone_config": {"model_type": "bert"}}, "model_type` is 'bert'; one of vit, deit"),
        ({"backbone_config": {"model_type": "convnext", "nonsense": 1}}, "unknown setting `model.config.nonsense`"),
        ({"backbone_config": {"model_type": "convnext"}, "stem": "mobilenet"}, "unknown setting `model.config.stem`"),
        ({"id2label": {0: "male", 1: "female"}}, "`model.config.id2label` is set by the run itself"),
        ({"feature_size": 7}, "`model.config.feature_size` is set by the run itself; leave it out"),
    ],
)
def test_random_weights_that_cannot_be_made(settings, said):
    with pytest.raises(ConfigError, match=said):
        build_model(ModelSection(config=settings), SIDE)


def test_the_config_of_another_family_holds_nothing_of_the_own_network(tmp_path):
    config = GenderAgeConfig(backbone_config={"model_type": "convnext"}, feature_size=768, pooling="pooler")
    assert "num_hidden_layers" not in config.to_dict()
    assert "backbone_config" not in GenderAgeConfig().to_dict()
    config.save_pretrained(tmp_path)
    assert GenderAgeConfig.from_pretrained(tmp_path).to_dict() == config.to_dict()


def test_images_and_text_give_their_image_encoder(tmp_path):
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = AutoConfig.for_model("siglip", vision_config=CONFIGS["siglip_vision_model"], text_config=text)
    from transformers import AutoModel

    stock = AutoModel.from_config(config).eval()
    stock.save_pretrained(tmp_path)
    model = build_model(ModelSection(pretrained=str(tmp_path)), SIDE).eval()
    pixels = torch.randn(2, 3, SIDE, SIDE)
    with torch.inference_mode():
        assert torch.equal(stock.vision_model(pixels).pooler_output, model.backbone(pixels).pooler_output)


def test_the_default_network_is_built_as_before():
    assert type(build_backbone(GenderAgeConfig())).__name__ == "ViTModel"
    assert GenderAgeModel(GenderAgeConfig(num_hidden_layers=1)).gender_head.in_features == 768


def test_mean_and_deviation_are_the_checkpoints(tmp_path, tiny_data):
    (tmp_path / "timm").mkdir()
    Rehearsal("timm_wrapper", tiny_data, tmp_path / "timm")
    assert normalisation_of(ModelSection(pretrained=str(tmp_path / "timm" / "stock"))).mean == (0.4, 0.5, 0.6)
