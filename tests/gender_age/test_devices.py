"""A GPU that is there and does not work: the CPU is used, unless the GPU was asked for. Here torch has none."""

import logging

import pytest
import torch

from gender_age import checkpoint
from gender_age.checkpoint import load_checkpoint
from gender_age.devices import default_device
from gender_age.errors import ModelError


@pytest.fixture
def no_kernels(monkeypatch):
    """A GPU that is too old for this build of torch."""

    def ones(*size, device=None):
        if device in ("cuda", "cuda:0"):
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with …")
        return torch.zeros(*size, device=device)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", ones)


def test_the_cpu_is_used_with_a_warning(no_kernels, tiny_model_folder, caplog):
    with caplog.at_level(logging.WARNING):
        model, _ = load_checkpoint(tiny_model_folder)
    assert model.device.type == "cpu"
    (record,) = [each for each in caplog.records if each.name == "gender_age.devices"]
    no_kernel = "CUDA error: no kernel image is available for execution on the device"
    assert record.getMessage() == f"The GPU cannot be used ({no_kernel}): the CPU is used."


@pytest.mark.parametrize("device", ["cuda:0", "meta"])
def test_what_was_asked_for_and_cannot_compute_is_a_sentence(no_kernels, tiny_model_folder, device):
    with pytest.raises(ModelError, match=rf"The device {device} cannot be used here \(.+\): try cpu\."):
        load_checkpoint(tiny_model_folder, device=device)


def test_without_a_gpu_it_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert default_device() == "cpu"


def test_nothing_is_computed_on_a_device_that_nobody_named(monkeypatch, tiny_model_folder):
    """ZeroGPU's GPU is there for answers only; any other was tried when it was chosen."""

    def no_gpu_yet(device):
        raise RuntimeError("no GPU yet")

    monkeypatch.setattr(checkpoint, "check_device", no_gpu_yet)
    assert load_checkpoint(tiny_model_folder)[0].device.type == "cpu"
    with pytest.raises(ModelError, match="no GPU yet"):
        load_checkpoint(tiny_model_folder, device="cpu")
