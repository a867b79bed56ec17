"""What a run trains of a backbone, and with which faces."""

import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel

from gender_age.checkpoint import load_checkpoint
from tests.small_backbones import stock_backbone
from trainer.errors import ConfigError
from trainer.train import train
from trainer.training.augmentation_section import AugmentationSection
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection
from trainer.training.config_file import parse_config
from trainer.training.fine_tuning import choose_trained_weights, keep_frozen, merged, with_layer_decay
from trainer.training.mixing import mix_faces, mixed_loss, rand_augment

SIDE = 64


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stock")
    for kind in ("dinov2", "convnext", "efficientnet"):
        stock_backbone(kind).save_pretrained(folder / kind)
    return folder


def built(stock, kind, **settings):
    section = ModelSection(pretrained=str(stock / kind), **settings)
    model = build_model(section, SIDE)
    choose_trained_weights(model, section)
    return model


def run(stock, data, folder, kind="dinov2", model=None, training=None, **settings):
    values = {
        "model": {"pretrained": str(stock / kind), **(model or {})},
        "data": {"train": [str(data)], "limit": 16},
        "stages": [{"image_size": SIDE, "epochs": 1}],
        "training": {
            "output_dir": str(folder),
            "per_device_train_batch_size": 8,
            "learning_rate": 1e-2,
            "use_cpu": True,
            "disable_tqdm": True,
            "save_strategy": "epoch",
            **(training or {}),
        },
    }
    return train(parse_config(values | settings))


def moved(stock, folder, kind="dinov2"):
    """The names of the backbone's weights that are not the stock ones."""
    theirs, model = AutoModel.from_pretrained(stock / kind).state_dict(), load_checkpoint(folder, device="cpu")[0]
    return [name for name, weight in model.backbone.state_dict().items() if not torch.equal(weight, theirs[name])]


@pytest.mark.slow
def test_a_frozen_backbone_keeps_its_weights(stock, tiny_data, tmp_path):
    for kind in ("dinov2", "efficientnet"):  # the second has batch norm
        folder = run(stock, tiny_data, tmp_path / kind, kind, {"freeze": "all"}, ema_decay=0.5)
        assert moved(stock, folder, kind) == []


def test_the_first_layers_are_frozen(stock):
    trained = {name for name, each in built(stock, "dinov2", freeze=1).named_parameters() if each.requires_grad}
    assert {name.split(".layer.")[0] + name.split(".layer.")[-1][:1] for name in trained if ".layer." in name} == {
        "backbone.encoder1"
    }
    assert not any("embeddings" in name for name in trained)
    assert {"gender_head.weight", "age_head.bias", "backbone.layernorm.weight"} <= trained


@pytest.mark.parametrize("freeze", [0, 3, "some"])
def test_layers_that_there_are_not_are_a_sentence(stock, freeze):
    with pytest.raises(ConfigError, match="all, or a number of the backbone's layers from 1 to 2, is wanted"):
        built(stock, "dinov2", freeze=freeze)


def test_frozen_batch_norm_keeps_its_statistics(stock):
    model = built(stock, "efficientnet", freeze="all").train()
    before = {name: each.clone() for name, each in model.named_buffers()}
    keep_frozen(model)
    model(torch.randn(4, 3, SIDE, SIDE))
    assert all(torch.equal(each, before[name]) for name, each in model.named_buffers())
    assert model.training
    assert model.gender_head.training


def test_the_rate_falls_with_each_layer_below(stock):
    model = built(stock, "dinov2")
    groups = with_layer_decay([{"params": [*model.parameters()], "lr": 1.0, "weight_decay": 0.1}], model, 0.5)
    rates = {id(each): group["lr"] for group in groups for each in group["params"]}
    at = {name: rates[id(each)] for name, each in model.named_parameters()}
    assert at["backbone.embeddings.cls_token"] == 0.125
    assert at["backbone.encoder.layer.0.norm1.weight"] == 0.25
    assert at["backbone.encoder.layer.1.norm1.weight"] == 0.5
    assert at["backbone.layernorm.weight"] == at["gender_head.weight"] == 1
    assert len(rates) == len([*model.parameters()])
    assert all(group["weight_decay"] == 0.1 for group in groups)


def test_a_run_with_layer_decay_moves_low_layers_less(stock, tiny_data, tmp_path):
    optimizer = {"optim": "sgd", "max_grad_norm": 1.0}
    still = run(stock, tiny_data, tmp_path / "run", training=optimizer, layer_decay=1e-4)
    # A ten-thousandth of the rate is lost in the rounding of most weights, twice of all.
    assert not any("embeddings.cls" in name for name in moved(stock, still))
    assert any("layernorm" in name for name in moved(stock, still))


def test_lora_is_merged_in_the_finished_model(stock, tiny_data, tmp_path):
    pytest.importorskip("peft")
    folder = run(stock, tiny_data, tmp_path / "run", model={"lora": {"r": 2, "lora_alpha": 4}}, ema_decay=0.5)
    assert not any("lora" in name for name in load_file(folder / "model.safetensors"))
    changed = moved(stock, folder)
    assert changed
    assert all(name.endswith(".weight") and "norm" not in name for name in changed)


def test_a_merged_model_answers_as_the_adapted_one(stock):
    pytest.importorskip("peft")
    model = built(stock, "convnext", lora={"r": 2, "init_lora_weights": False}).eval()
    plain, pixels = merged(model), torch.randn(2, 3, SIDE, SIDE)
    torch.testing.assert_close(plain(pixels).age_logits, model(pixels).age_logits)
    assert (
        plain.state_dict().keys()
        == build_model(ModelSection(pretrained=str(stock / "convnext")), SIDE).state_dict().keys()
    )


def test_a_run_with_lora_goes_on_from_its_checkpoint(stock, tiny_data, tmp_path):
    pytest.importorskip("peft")
    settings = {"model": {"lora": {"r": 2}}, "training": {"save_strategy": "steps", "save_steps": 1}}
    folder = run(stock, tiny_data, tmp_path / "run", **settings)
    unbroken = load_file(folder / "model.safetensors")
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "run" / "checkpoint-2")
    resumed = load_file(run(stock, tiny_data, tmp_path / "run", **settings) / "model.safetensors")
    assert all(torch.allclose(weight, resumed[name], atol=1e-6) for name, weight in unbroken.items())


def test_lora_and_freezing_are_two_choices(stock):
    with pytest.raises(ConfigError, match="leave `model.freeze` out"):
        built(stock, "dinov2", freeze="all", lora={"r": 2})


def test_a_wrong_setting_of_lora_is_a_sentence(stock):
    pytest.importorskip("peft")
    with pytest.raises(ConfigError, match="`model.lora` cannot be used: .*rank"):
        built(stock, "dinov2", lora={"rank": 2})


def test_lora_of_modules_that_it_would_save_is_a_sentence(stock):
    pytest.importorskip("peft")
    with pytest.raises(ConfigError, match="`modules_to_save` is of no use"):
        built(stock, "dinov2", lora={"r": 2, "modules_to_save": ["layernorm"]})


def test_lora_without_a_linear_layer_is_a_sentence(stock):
    pytest.importorskip("peft")
    with pytest.raises(ConfigError, match="`model.lora`: EfficientNet has no linear layers; name others in"):
        built(stock, "efficientnet", lora={"r": 2})


@pytest.mark.slow
def test_gradient_checkpointing_changes_no_weight(stock, tiny_data, tmp_path):
    plain, saving = (
        run(stock, tiny_data, tmp_path / str(on), training={"gradient_checkpointing": on}) for on in (False, True)
    )
    first, second = (load_file(folder / "model.safetensors") for folder in (plain, saving))
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_no_gradient_checkpointing_is_a_sentence(stock, tiny_data, tmp_path):
    with pytest.raises(ConfigError, match="`training.gradient_checkpointing`: EfficientNet has none"):
        run(stock, tiny_data, tmp_path, "efficientnet", training={"gradient_checkpointing": True})


@pytest.mark.parametrize("settings", [{"mixup": 1.0}, {"cutmix": 1.0}, {"mixup": 1.0, "cutmix": 1.0}])
def test_a_mixed_face_is_its_share_of_itself_and_of_the_one_before(settings):
    faces = torch.arange(4.0)[:, None, None, None].expand(4, 3, 8, 8).clone()
    mixed, share = mix_faces(faces, AugmentationSection(**settings), seed=3)
    assert 0 < share < 1
    expected = share * faces + (1 - share) * faces.roll(1, 0)
    torch.testing.assert_close(mixed.mean((1, 2, 3)), expected.mean((1, 2, 3)))
    again, same = mix_faces(faces, AugmentationSection(**settings), seed=3)
    assert torch.equal(again, mixed)
    assert same == share


def test_the_loss_of_mixed_faces_is_that_of_both_labels(tiny_model):
    pixels = torch.randn(3, 3, 32, 32)
    labels = {
        "gender": torch.tensor([0, 1, -100]),
        "age_min": torch.tensor([30, 40, 50]),
        "age_max": torch.tensor([30, 49, 50]),
    }
    own, other = (tiny_model(pixels, **{name: each.roll(by, 0) for name, each in labels.items()}) for by in (0, 1))
    mixed = mixed_loss(own, labels, 0.25, tiny_model.config)
    assert mixed.item() == pytest.approx(0.25 * own.loss.item() + 0.75 * other.loss.item())


def test_a_mixed_face_counts_as_its_data_set_does(tiny_model):
    pixels, weights = torch.randn(2, 3, 32, 32), torch.tensor([1.0, 0.0])
    labels = {"gender": torch.tensor([0, 1]), "age_min": torch.tensor([30, 90]), "age_max": torch.tensor([30, 90])}
    labels |= {"gender_weight": weights, "age_weight": weights}
    own = tiny_model(pixels, **labels)
    mixed = mixed_loss(own, labels, 0.25, tiny_model.config)
    labels["age_min"][1] = labels["age_max"][1] = 5
    labels["gender"][1] = 0
    assert torch.equal(mixed, mixed_loss(own, labels, 0.25, tiny_model.config))


def test_rand_augment_is_drawn_for_each_face_from_the_seed():
    pixels = torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8).expand(8, -1, -1, -1)
    drawn = rand_augment(pixels, 9, seed=1)
    assert drawn.dtype == torch.uint8
    assert not all(torch.equal(face, drawn[0]) for face in drawn)
    assert torch.equal(rand_augment(pixels, 9, seed=1), drawn)
    assert not torch.equal(rand_augment(pixels, 9, seed=2), drawn)


def test_a_run_with_all_three_trains(stock, tiny_data, tmp_path):
    augmentation = {"rand_augment": 5, "mixup": 0.2, "cutmix": 1.0}
    assert moved(stock, run(stock, tiny_data, tmp_path / "run", augmentation=augmentation))


def test_a_part_of_the_start_is_kept(stock, tiny_data, tmp_path):
    start = run(stock, tiny_data, tmp_path / "start", model={"freeze": "all"})
    plain, blended = (
        run(stock, tiny_data, tmp_path / f"{share}", model={"pretrained": str(start)}, start_share=share)
        for share in (0.0, 0.25)
    )
    first, last, found = (load_checkpoint(folder, device="cpu")[0].state_dict() for folder in (start, plain, blended))
    assert not torch.equal(first["age_head.weight"], last["age_head.weight"])
    for name, each in found.items():
        assert torch.allclose(each, 0.75 * last[name] + 0.25 * first[name], atol=1e-6), name


def test_heads_that_begin_at_random_are_not_kept(stock, tiny_data, tmp_path):
    with pytest.raises(ConfigError, match="`start_share` needs a checkpoint of this project"):
        run(stock, tiny_data, tmp_path / "run", start_share=0.25)
