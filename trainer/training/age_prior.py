"""The prior of the ages: how frequent each year is among the training faces, and a model that leaves it out."""

from __future__ import annotations

import torch

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.labels import MAX_AGE, MISSING, NUM_AGES
from gender_age.modeling_gender_age import GenderAgeModel

OPEN_RANGE_YEARS = 20
"""Years that a range without an upper end, such as "from 70", is taken to have."""


def age_log_prior(
    age_min: torch.Tensor, age_max: torch.Tensor, weights: torch.Tensor, sigma: float = 4.0
) -> torch.Tensor:
    """`(101,)` logarithm of the frequency of each year of age.

    A range counts evenly for each of its years. Frequencies are smoothed, and a thousandth of the faces is spread over
    all years, so that a year without a face has a frequency, too.

    Args:
        age_min, age_max: `(n,)` years, `MISSING` where unknown.
        weights: `(n,)`, how often each face is drawn.
        sigma: of the smoothing, in years.
    """
    known = age_min != MISSING
    low = age_min[known].clamp(0, MAX_AGE)
    # An open range ends with the scale or beyond it.
    is_open = (age_max[known] >= MAX_AGE) & (age_min[known] != age_max[known])
    high = torch.where(is_open, low + OPEN_RANGE_YEARS, age_max[known]).clamp(0, MAX_AGE)
    share = weights[known].double() / (high - low + 1)
    steps = torch.zeros(NUM_AGES + 1, dtype=torch.float64)
    steps.index_add_(0, low, share).index_add_(0, high + 1, -share)
    years = torch.arange(NUM_AGES, dtype=torch.float64)
    # The columns sum to 1: the ends of the scale lose nothing.
    kernel = (-0.5 * ((years[:, None] - years) / sigma) ** 2).softmax(dim=0)
    frequency = kernel @ steps.cumsum(0)[:-1]
    frequency = 0.999 * frequency / frequency.sum() + 0.001 / NUM_AGES
    return frequency.log().float()


def adopt_prior_power(model: GenderAgeModel, start: GenderAgeConfig | None, log_prior: torch.Tensor) -> None:
    """Shift the bias of the age head to the model's `age_prior_power` from that of the checkpoint it started from.

    Without it, a run would spend its first steps on that shift.

    Args:
        start: the config of the checkpoint of this project that the run starts from; None for any other start.
        log_prior: `(101,)`, of the training faces.
    """
    if start is not None:
        with torch.no_grad():
            model.age_head.bias -= (model.config.age_prior_power - start.age_prior_power) * log_prior
