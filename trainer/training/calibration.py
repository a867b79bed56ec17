"""Calibration on the validation split: the numbers that make probability and interval honest."""

from __future__ import annotations

import bisect
import math

import torch

from gender_age.decoding import age_intervals, expected_age, with_age


def fit_temperature(gender_logits: torch.Tensor, gender: torch.Tensor) -> float:
    """The temperature with the least cross-entropy (https://arxiv.org/abs/1706.04599), to a hundredth, in [0.3, 5].

    Args:
        gender_logits: `(n, 2)`.
        gender: `(n,)`, 0 female, 1 male.
    """
    temperatures = torch.arange(0.3, 5.0, 0.01, dtype=torch.float64)
    losses = [torch.nn.functional.cross_entropy(gender_logits.double() / t, gender) for t in temperatures]
    return round(float(temperatures[int(torch.stack(losses).argmin())]), 2)


def least_certain(gender_probabilities: torch.Tensor, gender: torch.Tensor, level: float) -> float:
    """The least probability, to a hundredth, from which on the likelier genders are right for `level` of these faces.

    Selective classification (https://arxiv.org/abs/1705.08500), without its margin for new faces. Within [0.5, 0.99]:
    where no probability suffices, it is 0.99.

    Args:
        gender_probabilities: `(n, 2)`, after the temperature.
        gender: `(n,)`, 0 female, 1 male.
        level: share, in (0, 1).
    """
    probability, likelier = gender_probabilities.max(dim=-1)
    right = (likelier == gender).double()
    for hundredths in range(50, 99):
        certain = probability >= hundredths / 100
        if certain.any() and right[certain].mean() >= level:
            return hundredths / 100
    return 0.99


def conformal_mass(age_logits: torch.Tensor, age: torch.Tensor, level: float) -> float:
    """The mass with which the narrowest ranges hold `level` of new ages, to a thousandth.

    Conformal histogram regression (https://arxiv.org/abs/2105.08747): the least mass whose intervals hold
    `ceil((n + 1) * level)` of these ages.

    Args:
        age_logits: `(n, 101)`.
        age: `(n,)` exact ages in years; over 100 counts as 100.
        level: share, in (0, 1).
    """
    age = age.clamp(max=age_logits.shape[-1] - 1)
    ages = expected_age(age_logits)
    wanted = min(len(age), math.ceil((len(age) + 1) * level))

    def held(thousandths: int) -> int:
        low, high = with_age(age_intervals(age_logits, thousandths / 1000), ages).unbind(dim=-1)
        return int(((low <= age) & (age <= high)).sum())

    return bisect.bisect_left(range(1000), wanted, lo=1, key=held) / 1000
