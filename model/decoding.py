"""From logits to answers: calibrated gender probability, age and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .configuration_gender_age import GenderAgeConfig
from .labels import GENDERS, MAX_AGE


@dataclass(frozen=True, slots=True)
class FaceEstimate:
    """What the model says of one face.

    Attributes:
        gender: "female" or "male", as perceived.
        gender_probability: calibrated probability of `gender`, in [0.5, 1].
        uncertain: whether `gender_probability` is too low to rely on.
        age: apparent age in years, in [0, 100]; the expectation of the age distribution.
        age_interval: ends, inclusive, in years, of the interval that holds the true age with the stated frequency.
        age_interval_level: that frequency, as a share.
    """

    gender: str
    gender_probability: float
    uncertain: bool
    age: float
    age_interval: tuple[float, float]
    age_interval_level: float


def decode(gender_logits: torch.Tensor, age_logits: torch.Tensor, config: GenderAgeConfig) -> list[FaceEstimate]:
    """The answers for a batch of faces.

    Args:
        gender_logits: `(batch, 2)`, before softmax.
        age_logits: `(batch, 101)`, before softmax.
        config: holds the calibration.
    """
    probabilities, genders = gender_probabilities(gender_logits, config.gender_temperature).max(dim=-1)
    ages = expected_age(age_logits)
    intervals = age_intervals(age_logits, config.age_interval_level, config.age_interval_margin)
    return [
        FaceEstimate(
            gender=GENDERS[gender],
            gender_probability=probability,
            uncertain=probability < config.gender_uncertain_below,
            age=age,
            age_interval=(min(low, age), max(high, age)),
            age_interval_level=config.age_interval_level,
        )
        for gender, probability, age, (low, high) in zip(
            genders.tolist(), probabilities.tolist(), ages.tolist(), intervals.tolist(), strict=True
        )
    ]


def gender_probabilities(gender_logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """`(batch, 2)` probabilities after temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""
    return (gender_logits.float() / temperature).softmax(dim=-1)


def expected_age(age_logits: torch.Tensor) -> torch.Tensor:
    """`(batch,)` expectation of the age distribution, in years (DEX, Rothe et al. 2015)."""
    years = torch.arange(age_logits.shape[-1], dtype=torch.float32, device=age_logits.device)
    return age_logits.float().softmax(dim=-1) @ years


def age_intervals(age_logits: torch.Tensor, level: float, margin: float = 0.0) -> torch.Tensor:
    """`(batch, 2)` ends in years of the central quantile range with mass `level`, widened by `margin` years.

    The class of year `a` is spread evenly over `[a - 0.5, a + 0.5]`, so that quantiles fall between years.
    """
    cumulative = age_logits.double().softmax(dim=-1).cumsum(dim=-1)
    ends = [
        _quantile(cumulative, (1 - level) / 2) - margin,
        _quantile(cumulative, (1 + level) / 2) + margin,
    ]
    return torch.stack(ends, dim=-1).clamp(0, MAX_AGE).float()


def _quantile(cumulative: torch.Tensor, share: float) -> torch.Tensor:
    """`(batch,)` ages below which `share` of the mass lies, from `(batch, 101)` cumulative sums."""
    shares = torch.full_like(cumulative[:, :1], share)
    year = torch.searchsorted(cumulative.contiguous(), shares).clamp(max=cumulative.shape[-1] - 1)
    above = cumulative.gather(-1, year)
    below = torch.where(year > 0, cumulative.gather(-1, (year - 1).clamp(min=0)), torch.zeros_like(above))
    inside = (share - below) / (above - below).clamp(min=1e-12)
    return (year - 0.5 + inside.clamp(0, 1)).squeeze(-1)
