"""A temperature of the ages that becomes a part of the finished model's weights."""

import torch

from gender_age.checkpoint import load_checkpoint
from tests.trainer.test_train import run_values
from trainer.train import train
from trainer.training.config_file import parse_config


def test_the_finished_models_age_logits_are_divided(tiny_data, tmp_path):
    def answers(temperature):
        values = run_values(tiny_data, tmp_path / f"{temperature}") | {"age_temperature": temperature}
        model, _ = load_checkpoint(train(parse_config(values)), device="cpu")
        side = model.config.image_size
        pixels = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            outputs = model.eval()(pixels)
        return outputs.gender_logits, outputs.age_logits

    (genders, ages), (same_genders, divided) = answers(1.0), answers(0.8)
    torch.testing.assert_close(divided.softmax(dim=-1), (ages / 0.8).softmax(dim=-1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(same_genders, genders)
