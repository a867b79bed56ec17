"""Metrics of age and gender estimates: pure functions over non-empty numpy arrays.

Ages are in years. True ages may exceed 100, the end of the model's scale.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ..preparation.splits import AGE_BANDS
from ..sources.record import OLDEST_AGE

AGE_BAND_NAMES = tuple(f"{first}–{last}" if math.isfinite(last) else f"{first}+" for first, last in AGE_BANDS)
"""Names of the bands that stratify the splits: 0–9, 10–19, 20–39, 40–59, 60+."""

FAIRFACE_RANGE_STARTS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
"""Lower ends of FairFace's nine ranges (Kärkkäinen and Joo 2021, https://arxiv.org/abs/1908.04913)."""

FAIRFACE_RANGE_ENDS = (*(start - 1 for start in FAIRFACE_RANGE_STARTS[1:]), OLDEST_AGE)
"""Their upper ends in years, inclusive."""

CALIBRATION_BINS = 15

DRAWS_AT_ONCE = 2**18
"""Bootstrap draws per batch, about 6 MB; all draws take resamples × n × 16 bytes."""

ADULT_ENOUGH = 10
"""Lowest age of `gender_accuracy_from_10`; below it, annotators disagree on the perceived gender."""


def band_index(age_min: np.ndarray, age_max: np.ndarray) -> np.ndarray:
    """`(n,)` indices into `AGE_BAND_NAMES` of true ages; -1 where the age is unknown or a range is in several bands.

    A range of 18 to 120 is not called "60+" for its midpoint, by which the splits go.
    """
    starts = [first for first, _ in AGE_BANDS]
    first, last = (np.searchsorted(starts, ends, side="right") - 1 for ends in (age_min, age_max))
    return np.where(first == last, first, -1)


def mean_absolute_error(predicted: np.ndarray, true: np.ndarray) -> float:
    """MAE in years: mean of `|predicted - true|`."""
    return float(np.mean(np.abs(_errors(predicted, true))))


def bias(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean of `predicted - true` in years; positive if ages are overestimated."""
    return float(np.mean(_errors(predicted, true)))


def cumulative_score(predicted: np.ndarray, true: np.ndarray, within: float = 5) -> float:
    """CS@k, the share of `|predicted - true| <= k` (Geng et al. 2007, https://doi.org/10.1109/TPAMI.2007.70733)."""
    return float(np.mean(np.abs(_errors(predicted, true)) <= within))


def accuracy(predicted: np.ndarray, true: np.ndarray) -> float:
    """Share of equal labels. Over the samples of one true class, its recall."""
    return float(np.mean(_aligned(predicted) == _aligned(true, predicted)))


def range_accuracy(predicted: np.ndarray, age_min: np.ndarray, age_max: np.ndarray) -> float:
    """Share of predicted ages that, rounded to whole years (half to even), are in their true range, inclusive."""
    rounded = np.rint(_aligned(predicted))
    return float(np.mean((rounded >= _aligned(age_min, predicted)) & (rounded <= _aligned(age_max, predicted))))


def are_fairface_ranges(age_min: np.ndarray, age_max: np.ndarray) -> bool:
    """Whether all ranges are FairFace's, which divide the years: only those have neighbours.

    Args:
        age_min, age_max: `(n,)` ends in years, both inclusive; an empty array has FairFace's alone.
    """
    ranges = zip(np.asarray(age_min).tolist(), np.asarray(age_max).tolist(), strict=True)
    return set(ranges) <= set(zip(FAIRFACE_RANGE_STARTS, FAIRFACE_RANGE_ENDS, strict=True))


def range_within_one(predicted: np.ndarray, age_min: np.ndarray) -> float:
    """Share of predicted ages that, rounded, are in the true FairFace range or an adjacent one.

    Args:
        predicted: `(n,)` ages.
        age_min: `(n,)` lower ends of the true ranges.
    """
    ranges_off = _range_index(np.rint(_aligned(predicted))) - _range_index(_aligned(age_min, predicted))
    return float(np.mean(np.abs(ranges_off) <= 1))


def touched(low: np.ndarray, high: np.ndarray, age_min: np.ndarray, age_max: np.ndarray) -> float:
    """Share of true ranges that share a year with their interval."""
    low, high = _aligned(low), _aligned(high, low)
    return float(np.mean((low <= _aligned(age_max, low)) & (high >= _aligned(age_min, low))))


def coverage(low: np.ndarray, high: np.ndarray, true: np.ndarray) -> float:
    """Share of true ages within their interval, inclusive.

    True ages are clipped to 100, the end of the model's scale ("100 and more").
    """
    true = np.minimum(_aligned(true), 100)
    return float(np.mean((_aligned(low, true) <= true) & (true <= _aligned(high, true))))


def constant_interval_width(predicted: np.ndarray, true: np.ndarray, share: float) -> float:
    """Baseline for the intervals: mean width in years of `predicted ± w`, with constant `w` and coverage `share`.

    Its ends are rounded inwards to whole years, like the model's.
    """
    w = np.quantile(np.abs(_errors(predicted, true)), share, method="inverted_cdf")
    predicted = _aligned(predicted)
    return float(np.mean(np.floor(predicted + w) - np.ceil(predicted - w)))


def calibration_bins(
    probabilities: np.ndarray, correct: np.ndarray, lowest: float = 0.5, bins: int = CALIBRATION_BINS
) -> list[dict]:
    """Bins of the reliability diagram, of equal width over `[lowest, 1]`; empty bins are left out.

    Args:
        probabilities: `(n,)` probability of the predicted class, in `[lowest, 1]`.
        correct: `(n,)` whether the prediction was right.
        lowest: smallest possible probability of the predicted class.

    Returns:
        A dict per bin: `n`, mean `probability` and `accuracy`.
    """
    probabilities, correct = _aligned(probabilities), _aligned(correct, probabilities)
    position = np.clip(((probabilities - lowest) / (1 - lowest) * bins).astype(int), 0, bins - 1)
    members = [position == index for index in range(bins)]
    return [
        {
            "n": int(inside.sum()),
            "probability": float(probabilities[inside].mean()),
            "accuracy": float(correct[inside].mean()),
        }
        for inside in members
        if inside.any()
    ]


def expected_calibration_error(
    probabilities: np.ndarray, correct: np.ndarray, lowest: float = 0.5, bins: int = CALIBRATION_BINS
) -> float:
    """ECE, the mean over samples of `|accuracy - probability|` of their bin (https://arxiv.org/abs/1706.04599).

    Arguments as `calibration_bins`.
    """
    found = calibration_bins(probabilities, correct, lowest, bins)
    total = sum(each["n"] for each in found)
    return sum(each["n"] * abs(each["accuracy"] - each["probability"]) for each in found) / total


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of `n` samples (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953)."""
    low, high = stats.binomtest(round(share * n), n).proportion_ci(method="wilson")
    return float(low), float(high)


def bootstrap_interval(*groups: np.ndarray, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean of `(n,)` values (Efron 1979); the same for the same values and seed.

    Of several groups, the mean of their means, each drawn from by itself.
    """
    samples = [_aligned(values) for values in groups]
    if len(samples) == len(samples[0]) == 1:
        return float(samples[0][0]), float(samples[0][0])  # SciPy refuses a single observation
    low, high = stats.bootstrap(
        samples,
        _mean_of_means,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.default_rng(seed),
        batch=max(1, DRAWS_AT_ONCE // sum(map(len, samples))),
    ).confidence_interval
    return float(low), float(high)


def _mean_of_means(*groups: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean([values.mean(axis=axis) for values in groups], axis=0)


def _errors(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    return _aligned(predicted) - _aligned(true, predicted)


def _range_index(ages: np.ndarray) -> np.ndarray:
    return np.searchsorted(FAIRFACE_RANGE_STARTS, ages, side="right") - 1


def _aligned(values: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """As float64 `(n,)`; raises ValueError for an empty array or unequal shapes, which numpy would broadcast."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values) or (other is not None and values.shape != np.shape(other)):
        wanted = "a non-empty (n,)" if other is None else f"{np.shape(other)}"
        raise ValueError(f"an array of shape {values.shape} where {wanted} was wanted")
    return values
