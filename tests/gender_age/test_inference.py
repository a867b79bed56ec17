import pytest
import torch

from gender_age import inference as module
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.inference import inference
from gender_age.modeling_gender_age import GenderAgeModel
from tests.conftest import TINY

CPU = torch.device("cpu")


@pytest.fixture
def model() -> GenderAgeModel:
    torch.manual_seed(0)
    stem = {"stem": "convolutional", "stem_channels": [4, 6, 8], "stem_depths": [1, 1, 1]}
    return GenderAgeModel(GenderAgeConfig(**TINY, **stem)).eval()


def hidden_and_answers(model) -> tuple[torch.dtype, torch.Tensor]:
    """The type that the transformer's layers compute in, and the logits."""
    seen = []
    handle = model.backbone.layers[0].mlp.register_forward_hook(
        lambda module, inputs, output: seen.append(output.dtype)
    )
    faces = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    outputs = model(pixel_values=faces)
    handle.remove()
    return seen[0], torch.cat([outputs.gender_logits, outputs.age_logits], dim=1)


@pytest.mark.parametrize(("in_hardware", "dtype", "largest"), [(False, torch.float32, 0), (True, torch.bfloat16, 0.02)])
def test_answers_differ_by_rounding(model, monkeypatch, in_hardware, dtype, largest):
    monkeypatch.setattr(module, "is_bf16_faster", lambda: in_hardware)
    _, expected = hidden_and_answers(model)
    with inference(CPU):
        hidden, answers = hidden_and_answers(model)
    assert hidden == dtype
    assert answers.dtype == torch.float32
    assert not answers.requires_grad
    assert expected.std() > largest
    assert torch.allclose(answers, expected, atol=largest, rtol=0)


@pytest.mark.parametrize(
    ("supported", "vendor", "faster"),
    [
        ((), "AuthenticAMD", False),
        (("_is_avx512_bf16_supported",), "AuthenticAMD", True),
        (("_is_avx512_bf16_supported",), "GenuineIntel", False),
        (("_is_avx512_bf16_supported", "_is_amx_tile_supported"), "GenuineIntel", True),
    ],
)
def test_bf16_is_used_where_it_is_faster(monkeypatch, tmp_path, supported, vendor, faster):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name in supported, raising=False)
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: {vendor}\n")
    monkeypatch.setattr(module, "CPU_INFO", tmp_path / "cpuinfo")
    assert module.is_bf16_faster.__wrapped__() == faster


def test_another_device_computes_as_it_does(model, monkeypatch):
    monkeypatch.setattr(module, "is_bf16_faster", lambda: True)
    with inference(torch.device("cuda")):
        assert hidden_and_answers(model)[0] == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_model_in_half_precision_computes_in_its_own(model, monkeypatch, dtype):
    monkeypatch.setattr(module, "is_bf16_faster", lambda: True)
    with inference(CPU, dtype):
        outputs = model.to(dtype)(pixel_values=torch.zeros(1, 3, 32, 32, dtype=dtype))
    assert outputs.age_logits.dtype == dtype


def test_afterwards_gradients_are_back(model):
    with inference(CPU):
        pass
    assert hidden_and_answers(model)[1].requires_grad
    assert not torch.is_autocast_enabled("cpu")
