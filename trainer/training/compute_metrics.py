"""The project's `evaluate.Metric` classes, and `compute_metrics` for the Hugging Face Trainer.

`evaluate.load("accuracy")` fetches its code from the Hub; these classes need no network and write no files.
"""

from __future__ import annotations

import datasets
import evaluate
import numpy as np
import torch
from transformers import EvalPrediction

from gender_age.decoding import expected_age

from ..evaluation import metrics

CITATION = "Geng, Zhou, Smith-Miles: Automatic Age Estimation Based on Facial Aging Patterns, TPAMI 2007"


class InMemoryMetric(evaluate.Metric):
    """An `evaluate.Metric` that keeps its samples in memory.

    By default `evaluate` writes them to one Arrow file a metric and experiment id in the user's cache and leaves the
    lock files there, so that processes beside each other wait for, or collide in, the same file. The Trainer gathers
    all processes' samples before it calls a metric, so none of that is needed.
    """

    _INPUTS: str
    _DTYPE: str

    def __init__(self, config_name: str | None = None, **kwargs) -> None:
        super().__init__(config_name, **(kwargs | {"keep_in_memory": True}))

    def _build_data_dir(self) -> str:
        return ""  # the parent's creates a folder in the cache even when everything stays in memory

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
    """Share of faces whose perceived gender is the label's."""

    _INPUTS = "predictions: 0 for female, 1 for male. references: likewise."
    _DTYPE = "int64"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {"gender_accuracy": metrics.accuracy(predictions, references)}


def compute_metrics(eval_prediction: EvalPrediction) -> dict[str, float]:
    """What is watched during training; a key is left out where no sample tells of it.

    Args:
        eval_prediction: `predictions` begin with gender logits `(n, 2)` and age logits `(n, 101)`; `label_ids` are
            gender `(n,)`, age_min `(n,)` and age_max `(n,)`.

    Returns:
        `age_mae`, `age_bias` (years) and `age_cs5` over exact ages; `range_accuracy` and `range_within_one` over
        ranges; `gender_accuracy` over all and `gender_accuracy_from_10` over true ages from ten years. Shares are in
        [0, 1].
    """
    gender_logits, age_logits = (np.asarray(logits) for logits in eval_prediction.predictions[:2])
    gender, age_min, age_max = (np.asarray(labels) for labels in eval_prediction.label_ids)
    predicted_gender = gender_logits.argmax(axis=-1)
    predicted_age = expected_age(torch.from_numpy(age_logits)).double().numpy()

    found: dict[str, float] = {}
    exact = age_min == age_max
    if exact.any():
        ages = {"predictions": predicted_age[exact], "references": age_min[exact]}
        found |= AgeMAE().compute(**ages) | AgeCS().compute(**ages)
    if not exact.all():
        ranged = predicted_age[~exact], age_min[~exact]
        found["range_accuracy"] = metrics.range_accuracy(*ranged, age_max[~exact])
        found["range_within_one"] = metrics.range_within_one(*ranged)
    for key, counted in (
        ("gender_accuracy", age_min >= 0),
        ("gender_accuracy_from_10", age_min >= metrics.ADULT_ENOUGH),
    ):
        if counted.any():
            genders = {"predictions": predicted_gender[counted], "references": gender[counted]}
            found[key] = GenderAccuracy().compute(**genders)["gender_accuracy"]
    return found
