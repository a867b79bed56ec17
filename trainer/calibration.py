"""Calibration on the validation split: the numbers that make probability and interval honest."""

from __future__ import annotations

import math

import numpy as np
import torch

from gender_age.decoding import age_intervals


def fit_temperature(gender_logits: torch.Tensor, gender: torch.Tensor) -> float:
    """The temperature with the least cross-entropy (https://arxiv.org/abs/1706.04599), to a hundredth, in [0.3, 5].

    Args:
        gender_logits: `(n, 2)`.
        gender: `(n,)`, 0 female, 1 male.
    """
    temperatures = torch.arange(0.3, 5.0, 0.01, dtype=torch.float64)
    losses = [torch.nn.functional.cross_entropy(gender_logits.double() / t, gender) for t in temperatures]
    return round(float(temperatures[int(torch.stack(losses).argmin())]), 2)


def conformal_margin(age_logits: torch.Tensor, age: torch.Tensor, level: float) -> float:
    """Years to add to both ends of the quantile range so that it holds `level` of new ages.

    Split-conformal calibration of the quantile range (https://arxiv.org/abs/1905.03222): the
    `ceil((n + 1) * level) / n` quantile of the distance by which the true age lies outside, negative inside.

    Args:
        age_logits: `(n, 101)`.
        age: `(n,)` exact ages in years; over 100 counts as 100.
        level: share, in (0, 1).
    """
    low, high = age_intervals(age_logits, level).double().unbind(dim=-1)
    age = age.double().clamp(max=age_logits.shape[-1] - 1)
    outside = torch.maximum(low - age, age - high).numpy()
    share = min(1.0, math.ceil((len(outside) + 1) * level) / len(outside))
    return round(float(np.quantile(outside, share, method="higher")), 3)
