"""Decodes logits: calibrated gender probability, expected age and age interval."""

from __future__ import annotations

import torch

from .configuration_gender_age import GenderAgeConfig
from .labels import GENDERS, MAX_AGE, OF_AGE
from .results import FaceEstimate


def decode(gender_logits: torch.Tensor, age_logits: torch.Tensor, config: GenderAgeConfig) -> list[FaceEstimate]:
    """Decodes the logits of a batch of faces.

    Args:
        gender_logits: `(batch, 2)`, before softmax.
        age_logits: `(batch, 101)`, before softmax.
        config: holds the calibration.
    """
    # Macs' GPUs have no float64.
    gender_logits, age_logits = gender_logits.cpu(), age_logits.cpu()
    probabilities, genders = gender_probabilities(gender_logits, config.gender_temperature).max(dim=-1)
    ages = expected_age(age_logits)
    intervals = with_age(age_intervals(age_logits, config.age_interval_mass), ages)
    return [
        FaceEstimate(
            gender=GENDERS[gender],
            gender_probability=probability,
            uncertain=probability < config.gender_uncertain_below,
            age=age,
            age_interval=(low, high),
            age_interval_level=config.age_interval_level,
            under_18=under_18,
            age_distribution=tuple(distribution),
        )
        for gender, probability, age, (low, high), under_18, distribution in zip(
            genders.tolist(),
            probabilities.tolist(),
            ages.tolist(),
            intervals.tolist(),
            mass_below(age_logits, OF_AGE).tolist(),
            age_logits.float().softmax(dim=-1).tolist(),
            strict=True,
        )
    ]


def gender_probabilities(gender_logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """`(batch, 2)` probabilities after temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""
    return (gender_logits.float() / temperature).softmax(dim=-1)


def expected_age(age_logits: torch.Tensor) -> torch.Tensor:
    """`(batch,)` expectation of the age distribution, in years (DEX, Rothe et al. 2015)."""
    years = torch.arange(age_logits.shape[-1], dtype=torch.float32, device=age_logits.device)
    return age_logits.float().softmax(dim=-1) @ years


def mass_below(age_logits: torch.Tensor, age: int) -> torch.Tensor:
    """`(batch,)` probability, in [0, 1], of an age below `age` years."""
    return age_logits.float().softmax(dim=-1)[:, :age].sum(dim=-1).clamp(max=1.0)


def age_intervals(age_logits: torch.Tensor, mass: float) -> torch.Tensor:
    """`(batch, 2)` first and last year of the shortest range that holds `mass` of the age distribution.

    Of equally short ranges, the one with the most mass. The ends are whole years, like the labels.
    """
    held = age_logits.double().softmax(dim=-1).cumsum(dim=-1)
    held[:, -1] = 1.0  # exact, despite rounding
    held_before = torch.nn.functional.pad(held[:, :-1], (1, 0))
    first = torch.arange(held.shape[-1], device=held.device).expand_as(held)
    # For each first year, the earliest last year; `MAX_AGE + 1` where the remaining mass is too small.
    last = torch.searchsorted(held, held_before + mass)
    surplus = held.gather(-1, last.clamp(max=MAX_AGE)) - held_before - mass
    narrowest = (last - first - surplus).masked_fill(last > MAX_AGE, torch.inf).argmin(dim=-1, keepdim=True)
    return torch.cat([narrowest, last.gather(-1, narrowest)], dim=-1).float()


def with_age(intervals: torch.Tensor, ages: torch.Tensor) -> torch.Tensor:
    """`(batch, 2)` intervals, widened by whole years to include the expected ages `(batch,)`.

    The shortest range of a skewed distribution may not include its mean.
    """
    low, high = intervals.unbind(dim=-1)
    return torch.stack([low.minimum(ages.floor()), high.maximum(ages.ceil())], dim=-1).clamp(0, MAX_AGE)
