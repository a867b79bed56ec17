"""A temperature of the age distribution that is a part of the weights, so that every reader of them has it."""

from __future__ import annotations

import torch

from gender_age.modeling_gender_age import GenderAgeModel


def divide_age_logits(model: GenderAgeModel, temperature: float) -> None:
    """Divides the age head's weights and bias, and so the age logits, by `temperature`.

    Ages are expectations, which a long tail draws away from the middle of the distribution; below 1, tails are shorter.
    """
    with torch.no_grad():
        for parameter in model.age_head.parameters():
            parameter /= temperature
