"""Builds the evaluation report: JSON values, overall and by group, each metric with n and 95 % interval."""

from __future__ import annotations

from functools import partial

import numpy as np

from gender_age.labels import GENDERS

from . import metrics
from .samples import Samples


def source_report(samples: Samples) -> dict:
    """The report of one source under one protocol.

    Returns:
        `overall`, `by_age_band`, `by_gender`, `by_age_band_and_gender`, `by_race`: `group_report`s; `intervals`,
        `calibration`: `interval_report` (None without exact ages) and `calibration_report` (None without genders).
        Empty groups are left out.
    """
    bands = age_bands(samples)
    ranged = samples.select(samples.ranged)
    report = partial(group_report, has_neighbours=metrics.are_fairface_ranges(ranged.age_min, ranged.age_max))

    def reports(groups: dict[str, Samples]) -> dict[str, dict]:
        return {name: report(group) for name, group in groups.items()}

    gendered = samples.select(samples.with_gender)
    return {
        "overall": report(samples),
        "by_age_band": reports(bands),
        "by_gender": reports(gender_groups(samples)),
        "by_age_band_and_gender": {band: reports(gender_groups(group)) for band, group in bands.items()},
        "by_race": reports(race_groups(samples)),
        "intervals": interval_report(samples) if samples.exact.any() else None,
        "calibration": calibration_report(gendered) if len(gendered) else None,
    }


def age_bands(samples: Samples) -> dict[str, Samples]:
    """The samples by band of the true age."""
    index = metrics.band_index(samples.age_min, samples.age_max)
    return _non_empty(samples, {name: index == position for position, name in enumerate(metrics.AGE_BAND_NAMES)})


def gender_groups(samples: Samples) -> dict[str, Samples]:
    """The samples by labelled gender."""
    return _non_empty(samples, {name: samples.gender == index for index, name in enumerate(GENDERS)})


def race_groups(samples: Samples) -> dict[str, Samples]:
    """The samples by race label, in alphabetical order."""
    return _non_empty(samples, {str(name): samples.race == name for name in np.unique(samples.race) if name})


def group_report(samples: Samples, has_neighbours: bool = True) -> dict:
    """The metrics of a group; those without samples are left out.

    Args:
        has_neighbours: whether the ranges of the whole source are FairFace's, which divide the years.

    Returns:
        `n`, and metrics, each `{"value", "n", "interval": [low, high]}`, the interval None for one age: `missed`, the
        share of faces without landmarks, stored or detected; `age_mae`, `age_bias` (years) and `age_cs5` of exact ages,
        and `age_band_mae`, the mean of the five bands' MAE, where there are faces in all; `range_accuracy` and
        `range_touched`, the share whose interval touches the range, of ranges, and `range_within_one` of FairFace's;
        `gender_accuracy`, `gender_accuracy_from_10`, and `gender_recall`, by labelled gender.
    """
    report: dict = {"n": len(samples), "missed": _share(float(samples.missed.mean()), len(samples))}
    exact = samples.select(samples.exact)
    if len(exact):
        errors = exact.age - exact.age_min
        report["age_mae"] = _mean(metrics.mean_absolute_error(exact.age, exact.age_min), np.abs(errors))
        report["age_bias"] = _mean(metrics.bias(exact.age, exact.age_min), errors)
        by_band = [np.abs(band.age - band.age_min) for band in age_bands(exact).values()]
        if len(by_band) == len(metrics.AGE_BAND_NAMES) and min(map(len, by_band)) > 1:
            report["age_band_mae"] = _mean(float(np.mean([errors.mean() for errors in by_band])), *by_band)
        report["age_cs5"] = _share(metrics.cumulative_score(exact.age, exact.age_min), len(exact))
    ranged = samples.select(samples.ranged)
    if len(ranged):
        inside = metrics.range_accuracy(ranged.age, ranged.age_min, ranged.age_max)
        report["range_accuracy"] = _share(inside, len(ranged))
        if has_neighbours:
            report["range_within_one"] = _share(metrics.range_within_one(ranged.age, ranged.age_min), len(ranged))
        touched = metrics.touched(ranged.low, ranged.high, ranged.age_min, ranged.age_max)
        report["range_touched"] = _share(touched, len(ranged))
    samples = samples.select(samples.with_gender)
    if len(samples):
        report["gender_accuracy"] = _gender_accuracy(samples)
    older = samples.select(samples.age_min >= metrics.ADULT_ENOUGH)
    if len(older):
        report["gender_accuracy_from_10"] = _gender_accuracy(older)
    report["gender_recall"] = {name: _gender_accuracy(group) for name, group in gender_groups(samples).items()}
    return report


def interval_report(samples: Samples) -> dict:
    """Coverage and width of the age intervals, over exact ages.

    Returns:
        `level`, the nominal coverage; `overall` and `by_age_band`: `coverage` (a metric) and `mean_width` in years;
        `constant_width`: mean width in years of a constant interval `age ± w` with the same overall coverage.
    """
    exact = samples.select(samples.exact)
    overall = _interval_group(exact)
    return {
        "level": samples.level,
        "overall": overall,
        "by_age_band": {name: _interval_group(group) for name, group in age_bands(exact).items()},
        "constant_width": metrics.constant_interval_width(exact.age, exact.age_min, overall["coverage"]["value"]),
    }


def calibration_report(samples: Samples) -> dict:
    """Calibration of the gender probability.

    Returns:
        `ece`; `bins` (`n`, `probability`, `accuracy`); `uncertain`: `{"n", "share"}`; `accuracy_certain` and
        `accuracy_uncertain`, metrics, left out without samples.
    """
    report = {
        "ece": metrics.expected_calibration_error(samples.probability, samples.correct),
        "bins": metrics.calibration_bins(samples.probability, samples.correct),
        "uncertain": {"n": int(samples.uncertain.sum()), "share": float(samples.uncertain.mean())},
    }
    for key, chosen in (("accuracy_certain", ~samples.uncertain), ("accuracy_uncertain", samples.uncertain)):
        if chosen.any():
            report[key] = _gender_accuracy(samples.select(chosen))
    return report


def _interval_group(exact: Samples) -> dict:
    return {
        "coverage": _share(metrics.coverage(exact.low, exact.high, exact.age_min), len(exact)),
        "mean_width": float(np.mean(exact.high - exact.low)),
    }


def _gender_accuracy(samples: Samples) -> dict:
    return _share(metrics.accuracy(samples.predicted_gender, samples.gender), len(samples))


def _share(value: float, n: int) -> dict:
    return {"value": value, "n": n, "interval": list(metrics.wilson_interval(value, n))}


def _mean(value: float, *groups: np.ndarray) -> dict:
    n = sum(map(len, groups))
    # One value has no spread to draw from.
    return {"value": value, "n": n, "interval": None if n == 1 else list(metrics.bootstrap_interval(*groups))}


def _non_empty(samples: Samples, masks: dict[str, np.ndarray]) -> dict[str, Samples]:
    return {name: samples.select(mask) for name, mask in masks.items() if mask.any()}
