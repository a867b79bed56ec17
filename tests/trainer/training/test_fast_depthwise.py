import copy

import pytest
import torch
from torch import nn

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.modeling_gender_age import GenderAgeModel
from tests.conftest import TINY
from trainer.training.fast_depthwise import speed_up_depthwise


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("side", [15, 16])
def test_gradients_are_pytorchs(side, bias):
    torch.manual_seed(0)
    usual = nn.Conv2d(6, 6, 3, 2, groups=6, bias=bias).double()
    faster = copy.deepcopy(usual)
    assert speed_up_depthwise(faster) == 1
    pixels = torch.randn(2, 6, side, side, dtype=torch.float64)
    answers = []
    for layer in (usual, faster):
        given = pixels.clone().requires_grad_(True)
        output = layer(given)
        # Not the sum, whose gradient is 1 everywhere and would hide a wrong order.
        (output**3).sum().backward()
        answers.append((output, given.grad, *(weights.grad for weights in layer.parameters())))
    for expected, found in zip(*answers, strict=True):
        assert torch.allclose(found, expected, rtol=1e-10)


def test_a_step_of_the_model_in_bf16_is_the_usual_one():
    torch.manual_seed(0)
    settings = TINY | {"stem": "mobilenet", "patch_size": 32, "image_size": 64}
    usual = GenderAgeModel(GenderAgeConfig(**settings)).train()
    for name, parameter in usual.named_parameters():
        if name.endswith("conv.bias"):
            nn.init.uniform_(parameter, -0.5, 0.5)
    faster = copy.deepcopy(usual)
    assert speed_up_depthwise(faster) == 4
    assert list(faster.state_dict()) == list(usual.state_dict())
    pixels = torch.randn(8, 3, 64, 64)
    losses = []
    for model in (usual, faster):
        with torch.autocast("cpu", torch.bfloat16):
            output = model(pixels)
            loss = output.age_logits.square().mean() + output.gender_logits.square().mean()
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == losses[1]
    for (name, expected), found in zip(usual.named_parameters(), faster.parameters(), strict=True):
        difference = (found.grad - expected.grad).norm() / expected.grad.norm()
        assert difference < 0.05, name


def test_float32_pixels_under_autocast():
    layer = nn.Conv2d(4, 4, 3, stride=2, groups=4, bias=False)
    assert speed_up_depthwise(layer) == 1
    pixels = torch.randn(2, 4, 8, 8, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        output = layer(pixels)
    assert output.dtype == torch.bfloat16
    output.float().sum().backward()
    assert pixels.grad.dtype == layer.weight.grad.dtype == torch.float32


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3, groups=4),
        nn.Conv2d(4, 8, 3, stride=2, groups=4),
        nn.Conv2d(4, 4, 3, stride=2),
        nn.Conv2d(4, 4, 5, stride=2, groups=4),
        nn.Conv2d(4, 4, 3, stride=2, groups=4, dilation=2),
        nn.Conv2d(4, 4, 3, stride=(1, 2), groups=4),
        nn.Conv2d(4, 4, 3, stride=2, groups=4, padding=1),
    ],
)
def test_others_are_left_alone(layer):
    assert speed_up_depthwise(nn.Sequential(layer)) == 0
    assert type(layer) is nn.Conv2d
