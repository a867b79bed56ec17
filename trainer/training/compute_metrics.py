"""The project's `evaluate.Metric` classes, and `compute_metrics` for the Hugging Face Trainer.

Unlike `evaluate.load("accuracy")`, which downloads code from the Hub, they need no network and write no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import datasets
import evaluate
import numpy as np
import torch
from transformers import EvalPrediction

from gender_age.decoding import expected_age
from gender_age.labels import MISSING

from ..evaluation import metrics

CITATION = "Geng, Zhou, Smith-Miles: Automatic Age Estimation Based on Facial Aging Patterns, TPAMI 2007"


class InMemoryMetric(evaluate.Metric):
    """An `evaluate.Metric` that keeps its samples in memory.

    By default `evaluate` writes them to an Arrow file in the user's cache, where concurrent processes collide:
    https://github.com/huggingface/evaluate/issues/382. Trainer gathers the samples of all processes itself. No test
    shows when this can go; the closest is tests/trainer/evaluation/test_metrics.py.
    """

    _INPUTS: str
    _DTYPE: str

    def __init__(self, config_name: str | None = None, **kwargs) -> None:
        super().__init__(config_name, **(kwargs | {"keep_in_memory": True}))

    def _build_data_dir(self) -> str:
        return ""  # the parent creates a cache folder even with keep_in_memory; no issue found

    def _info(self) -> evaluate.MetricInfo:
        value = datasets.Value(self._DTYPE)
        return evaluate.MetricInfo(
            description=type(self).__doc__,
            citation=CITATION,
            inputs_description=self._INPUTS,
            features=datasets.Features({"predictions": value, "references": value}),
        )


class AgeMAE(InMemoryMetric):
    """Mean absolute error of the age, and its bias (mean of predicted minus true), in years."""

    _INPUTS = "predictions: ages in years. references: true ages in years."
    _DTYPE = "float64"

    def _compute(self, predictions: list[float], references: list[float]) -> dict[str, float]:
        return {
            "age_mae": metrics.mean_absolute_error(predictions, references),
            "age_bias": metrics.bias(predictions, references),
        }


class AgeCS(InMemoryMetric):
    """CS@5: the share of ages with an error of at most five years."""

    _INPUTS = "predictions: ages in years. references: true ages in years. within: years, 5 by default."
    _DTYPE = "float64"

    def _compute(self, predictions: list[float], references: list[float], within: int = 5) -> dict[str, float]:
        return {f"age_cs{within}": metrics.cumulative_score(predictions, references, within)}


class GenderAccuracy(InMemoryMetric):
    """Share of faces whose predicted gender equals the label."""

    _INPUTS = "predictions: 0 for female, 1 for male. references: likewise."
    _DTYPE = "int64"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {"gender_accuracy": metrics.accuracy(predictions, references)}


def compute_metrics(eval_prediction: EvalPrediction) -> dict[str, float]:
    """The validation metrics during training; metrics without samples are left out.

    Args:
        eval_prediction: `predictions` begin with gender logits `(n, 2)` and age logits `(n, 101)`; `label_ids` are
            gender `(n,)`, age_min `(n,)` and age_max `(n,)`, `MISSING` where unknown.

    Returns:
        `age_mae`, `age_band_mae` (the mean of the MAE of the age bands), `age_bias` (years) and `age_cs5` over
        exact ages; `range_accuracy` over ranges, and `range_within_one` where all are FairFace's; `gender_accuracy`
        over all, `gender_accuracy_from_10` over true ages from 10 years. Shares are in [0, 1].
    """
    gender_logits, age_logits = (np.asarray(logits) for logits in eval_prediction.predictions[:2])
    gender, age_min, age_max = (np.asarray(labels) for labels in eval_prediction.label_ids)
    predicted_gender = gender_logits.argmax(axis=-1)
    predicted_age = expected_age(torch.from_numpy(age_logits)).double().numpy()

    found: dict[str, float] = {}
    known = age_min != MISSING
    exact = known & (age_min == age_max)
    if exact.any():
        ages = {"predictions": predicted_age[exact], "references": age_min[exact]}
        found |= AgeMAE().compute(**ages) | AgeCS().compute(**ages)
        bands = metrics.band_index(age_min[exact], age_max[exact])
        errors = np.abs(predicted_age[exact] - age_min[exact])
        found["age_band_mae"] = float(np.mean([errors[bands == band].mean() for band in np.unique(bands)]))
    ranges = known & ~exact
    if ranges.any():
        ranged = predicted_age[ranges], age_min[ranges]
        found["range_accuracy"] = metrics.range_accuracy(*ranged, age_max[ranges])
        if metrics.are_fairface_ranges(age_min[ranges], age_max[ranges]):
            found["range_within_one"] = metrics.range_within_one(*ranged)
    for key, counted in (
        ("gender_accuracy", gender != MISSING),
        ("gender_accuracy_from_10", (gender != MISSING) & (age_min >= metrics.ADULT_ENOUGH)),
    ):
        if counted.any():
            genders = {"predictions": predicted_gender[counted], "references": gender[counted]}
            found[key] = GenderAccuracy().compute(**genders)["gender_accuracy"]
    return found


def pooled_metrics(predictions: Sequence[EvalPrediction]) -> dict[str, float]:
    """`compute_metrics` over several data sets together."""
    logits, labels = (
        [np.concatenate(parts) for parts in zip(*each, strict=True)]
        for each in ([each.predictions[:2] for each in predictions], [each.label_ids for each in predictions])
    )
    return compute_metrics(EvalPrediction(predictions=tuple(logits), label_ids=tuple(labels)))
