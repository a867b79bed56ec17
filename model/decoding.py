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
    intervals = with_age(age_intervals(age_logits, config.age_interval_mass), ages)
    return [
        FaceEstimate(
            gender=GENDERS[gender],
            gender_probability=probability,
            uncertain=probability < config.gender_uncertain_below,
            age=age,
            age_interval=(low, high),
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


def age_intervals(age_logits: torch.Tensor, mass: float) -> torch.Tensor:
    """`(batch, 2)` ends in years of the narrowest range that holds `mass` of the age distribution.

    The class of year `a` is spread evenly over `[a - 0.5, a + 0.5]`, so that ends fall between years. The narrowest
    range of such a histogram begins or ends at the edge of a class: those are the candidates.
    """
    cumulative = age_logits.double().softmax(dim=-1).cumsum(dim=-1)
    at_edges = torch.nn.functional.pad(cumulative, (1, 0))
    edges = torch.arange(at_edges.shape[-1], dtype=torch.float64, device=age_logits.device) - 0.5
    edges = edges.expand_as(at_edges)
    low = torch.cat([edges, _quantiles(cumulative, at_edges - mass)], dim=-1)
    high = torch.cat([_quantiles(cumulative, at_edges + mass), edges], dim=-1)
    possible = torch.cat([at_edges + mass <= 1, at_edges - mass >= 0], dim=-1)
    narrowest = (high - low).masked_fill(~possible, torch.inf).argmin(dim=-1, keepdim=True)
    return torch.cat([low.gather(-1, narrowest), high.gather(-1, narrowest)], dim=-1).clamp(0, MAX_AGE).float()


def with_age(intervals: torch.Tensor, ages: torch.Tensor) -> torch.Tensor:
    """`(batch, 2)` intervals that hold the `(batch,)` ages given as the answer: in a skewed distribution the narrowest
    range may not."""
    return torch.stack([intervals[:, 0].minimum(ages), intervals[:, 1].maximum(ages)], dim=-1)


def _quantiles(cumulative: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """`(batch, n)` ages below which `shares` of the mass lie, from `(batch, 101)` cumulative sums."""
    shares = shares.clamp(0, 1).contiguous()
    year = torch.searchsorted(cumulative.contiguous(), shares).clamp(max=cumulative.shape[-1] - 1)
    above = cumulative.gather(-1, year)
    below = torch.where(year > 0, cumulative.gather(-1, (year - 1).clamp(min=0)), torch.zeros_like(above))
    inside = (shares - below) / (above - below).clamp(min=1e-12)
    return year - 0.5 + inside.clamp(0, 1)
