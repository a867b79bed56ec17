"""What a run feeds its network: augmentation of every batch, the size of a stage, a checkpoint's mean and deviation."""

import json
import shutil

import numpy as np
import pytest
import torch
from transformers import EfficientNetImageProcessor, ViTConfig, ViTImageProcessor, ViTModel

from gender_age.checkpoint import load_checkpoint
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.decoding import expected_age
from gender_age.modeling_gender_age import GenderAgeModel
from tests.conftest import TINY
from tests.trainer.test_train import run_values
from trainer.errors import ConfigError
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.loading import load_split
from trainer.train import train
from trainer.training import gender_age_trainer
from trainer.training.augmentation import normalise_faces
from trainer.training.config_file import parse_config
from trainer.training.normalisation import Normalisation

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture
def batches(monkeypatch):
    """Seed, side of the fetched faces and image size of every training batch from now on."""
    noted, augment = [], gender_age_trainer.augment_faces

    def note(pixels, image_size, settings, generator):
        noted.append((generator.initial_seed(), pixels.shape[-1], image_size))
        return augment(pixels, image_size, settings, generator)

    monkeypatch.setattr(gender_age_trainer, "augment_faces", note)
    return noted


def test_the_seeds_of_a_run_without_accumulation(batches, tiny_data, tmp_path):
    """As they always were: a run of an older version goes on with the same faces."""
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 1}]}
    train(parse_config(values))
    assert [seed for seed, *_ in batches] == [(3 * 1_000_003 + step) * 4_099 for step in range(6)]


def test_every_batch_of_a_step_is_augmented_differently(batches, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run", gradient_accumulation_steps=4, save_steps=1)
    values["stages"] = [{"image_size": 16, "epochs": 2}]
    model = train(parse_config(values))
    unbroken = list(batches)
    assert len({seed for seed, *_ in unbroken}) == len(unbroken) == 12
    # From the third of four steps, which has two batches less than the first.
    shutil.rmtree(model)
    shutil.rmtree(tmp_path / "run" / "checkpoint-4")
    train(parse_config(values))
    assert batches[12:] == unbroken[10:]


@pytest.mark.parametrize("max_steps", [9, pytest.param(15, marks=pytest.mark.slow)])
def test_max_steps_cuts_no_face_at_another_size(max_steps, batches, tiny_data, tmp_path, caplog):
    values = run_values(tiny_data, tmp_path / "run", max_steps=max_steps)
    train(parse_config(values))
    sizes = [size for *_, size in batches]
    assert sizes == [16] * min(12, max_steps) + [24] * max(0, max_steps - 12)
    assert all(side == size + 2 * round(size * 0.125) for _, side, size in batches)
    said = "begins after 12 steps: no face is seen at 24 px, the size of the finished model"
    assert (said in caplog.text) is (max_steps == 9)


def processor(size):
    return ViTImageProcessor(size={"height": size, "width": size}, image_mean=MEAN, image_std=STD)


def test_normalisation_is_the_image_processors():
    pixels = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = processor(16)(list(pixels), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(Normalisation.of(processor(16))(normalise_faces(pixels)), expected)
    assert Normalisation()(normalise_faces(pixels)).equal(pixels / 127.5 - 1)


@pytest.mark.parametrize(
    "settings",
    [
        {"do_rescale": False, "image_mean": [120.0] * 3, "image_std": [60.0] * 3},
        {"do_rescale": False, "do_normalize": False},
        {"rescale_factor": 1 / 127.5, "rescale_offset": True, "do_normalize": False},
        {"rescale_factor": 1 / 127.5, "image_mean": [1.0] * 3, "image_std": [1.0] * 3},
    ],
)
def test_pixels_are_scaled_as_the_image_processor_does(settings):
    pixels = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    theirs = EfficientNetImageProcessor(size={"height": 16, "width": 16}, include_top=False, **settings)
    expected = theirs(list(pixels), return_tensors="pt")["pixel_values"].float()
    torch.testing.assert_close(Normalisation.of(theirs)(normalise_faces(pixels)), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("kind", ["stock ViT", pytest.param("of this project", marks=pytest.mark.slow)])
def test_a_checkpoint_keeps_its_mean_and_deviation(kind, tiny_data, tmp_path, monkeypatch):
    pretrained = tmp_path / "pretrained"
    network = ViTModel(ViTConfig(**TINY)) if kind == "stock ViT" else GenderAgeModel(GenderAgeConfig(**TINY))
    network.save_pretrained(pretrained)
    processor(32).save_pretrained(pretrained)
    if kind == "of this project":
        settings = json.loads((pretrained / "preprocessor_config.json").read_text())
        alignment = ViTImageProcessor.from_pretrained("model").alignment
        (pretrained / "preprocessor_config.json").write_text(json.dumps(settings | {"alignment": alignment}))
    seen, forward = [], GenderAgeModel.forward

    def note(model, pixel_values, **kwargs):
        seen.extend([pixel_values] if model.training else [])
        return forward(model, pixel_values, **kwargs)

    monkeypatch.setattr(GenderAgeModel, "forward", note)
    values = run_values(tiny_data, tmp_path / "run", learning_rate=0.0)
    values |= {"model": {"pretrained": str(pretrained)}, "stages": [{"image_size": 32, "epochs": 1}], "ema_decay": 0.0}
    values["average_mirrored"] = False
    folder = train(parse_config(values))
    model, image_processor = load_checkpoint(folder)
    assert [list(image_processor.image_mean), list(image_processor.image_std)] == [MEAN, STD]
    # Erased rectangles are grey: half of 1, less the mean, by the deviation.
    lowest, grey, highest = ((value - np.array(MEAN)) / STD for value in (0, 0.5, 1))
    for channel, values in enumerate(torch.cat(seen).transpose(0, 1)):
        assert lowest[channel] - 1e-3 <= values.min() < -1.1
        assert values.max() <= highest[channel] + 1e-3
        assert torch.isclose(values, torch.tensor(float(grey[channel]), dtype=torch.float32), atol=1e-5).any()
    faces = AlignedFaces(load_split([str(tiny_data)], "validation"), [32], tmp_path / "cache")
    batch = faces.__getitems__(range(len(faces)))
    with torch.no_grad():
        ages = expected_age(
            model(image_processor(list(batch["pixels"]), return_tensors="pt")["pixel_values"]).age_logits
        )
    exact = batch["age_min"] == batch["age_max"]
    error = (ages - batch["age_min"])[exact].abs().mean()
    history = json.loads((folder / "training.json").read_text())["history"]
    assert history[-1]["eval_drawn_age_mae"] == pytest.approx(float(error), abs=1e-3)


def test_a_data_set_is_shown_as_often_as_its_weight_says(tiny_data, tmp_path, monkeypatch):
    shutil.copytree(tiny_data, tmp_path / "again")
    rows, fetch = [], AlignedFaces.__getitems__

    def note(faces, indices):
        rows.extend(indices if len(faces) == 96 else [])
        return fetch(faces, indices)

    monkeypatch.setattr(AlignedFaces, "__getitems__", note)
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 2}]}
    values["data"] |= {"train": [str(tiny_data), str(tmp_path / "again")], "age_balance": 0, "weights": {"again": 3}}
    train(parse_config(values))
    assert len(rows) == 192
    assert sum(row >= 48 for row in rows) == pytest.approx(0.75 * 192, abs=4)
    values["data"]["weights"] = {"none": 2}
    values["training"]["output_dir"] = str(tmp_path / "other")
    with pytest.raises(ConfigError, match="`data.weights` names 'none', which is none of drawn, again"):
        train(parse_config(values))
