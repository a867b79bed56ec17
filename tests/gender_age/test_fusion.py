"""The quick copy of the model answers as the model does."""

import pytest
import torch
from torch import nn

from gender_age import fusion
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.fusion import fused
from gender_age.modeling_gender_age import ViTForGenderAge
from tests.conftest import TINY


@pytest.fixture(params=["patch", "convolutional"])
def model(request) -> ViTForGenderAge:
    """Batch norms have seen data: fresh ones change nothing, and folding them would neither."""
    torch.manual_seed(0)
    stem = {"stem": "convolutional", "stem_channels": [4, 6, 8], "stem_depths": [1, 1, 1]}
    model = ViTForGenderAge(GenderAgeConfig(**TINY, **(stem if request.param == "convolutional" else {})))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return model.eval()


def answers(model: ViTForGenderAge, faces: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        outputs = model(pixel_values=faces.to(model.dtype))
    return torch.cat([outputs.gender_logits, outputs.age_logits], dim=1)


@pytest.mark.parametrize(
    ("in_hardware", "dtype", "largest"), [(False, torch.float32, 1e-4), (True, torch.bfloat16, 0.1)]
)
def test_answers_differ_by_rounding(model, monkeypatch, in_hardware, dtype, largest):
    monkeypatch.setattr(fusion, "multiplies_bf16", lambda: in_hardware)
    quick = fused(model)
    assert quick.dtype == dtype
    assert quick.gender_head.weight.dtype == quick.age_head.weight.dtype == torch.float32
    faces = torch.rand(3, 3, 32, 32) * 2 - 1
    expected = answers(model, faces)
    assert expected.std() > 0
    assert torch.allclose(answers(quick, faces), expected, atol=largest)


def test_the_model_stays_as_it_is_and_no_batch_norm_is_left(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    quick = fused(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
