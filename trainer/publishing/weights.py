"""The weights as a repository holds them, and the digest that tells whether a report is of them."""

from __future__ import annotations

import hashlib
import json

import torch
from transformers import PreTrainedModel

ANSWERING = (
    *("image_size", "average_mirrored", "gender_temperature", "gender_uncertain_below"),
    *("age_interval_level", "age_interval_mass"),
)
"""Fields of the config that the same weights answer differently with."""


def half_precision(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The weights in fp16; integers, and tensors that overflow in fp16, are unchanged."""
    weights = {}
    for name, tensor in model.state_dict().items():
        half = tensor.half() if tensor.is_floating_point() else tensor
        weights[name] = (half if half.isfinite().all() else tensor).contiguous()
    return weights


def model_digest(model: PreTrainedModel) -> str:
    """Hexadecimal digest of what a model answers with.

    It is the same for the folder of a run, for what `push` makes of it, and for the copy on the Hub, whatever a version
    of transformers calls the weights.
    """
    found = hashlib.sha256(json.dumps([getattr(model.config, name) for name in ANSWERING]).encode())
    for digest in sorted(map(_tensor_digest, half_precision(model).values())):
        found.update(digest)
    return found.hexdigest()


def _tensor_digest(tensor: torch.Tensor) -> bytes:
    found = hashlib.sha256(json.dumps([str(tensor.dtype), list(tensor.shape)]).encode())
    found.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy())
    return found.digest()
