"""The best step of a run by a validation metric, and early stopping.

Trainer notes the best step, in its state, and keeps its checkpoint. Here: the names and directions of the metrics, a
checkpoint of every best step, and a patience that a continued run goes on counting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from transformers import EarlyStoppingCallback, EvalPrediction, TrainerCallback, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import IntervalStrategy

from gender_age.labels import GENDERS, NUM_AGES

from ..errors import ConfigError
from ..faces.aligned_faces import AlignedFaces
from .compute_metrics import compute_metrics

PREFIX = "eval_"
LOWER_IS_BETTER = ("loss", "mae")
WITHOUT_A_BEST = "bias"


def full_name(metric: str) -> str:
    """The metric's name in the logs; `training.metric_for_best_model` may leave `eval_` out."""
    return metric if metric.startswith(PREFIX) else PREFIX + metric


def greater_is_better(metric: str) -> bool:
    """The direction of a metric. Trainer takes every metric but a loss for one that should be high.

    Raises:
        ConfigError: the metric has none, as the age's bias.
    """
    if metric.endswith(WITHOUT_A_BEST):
        raise ConfigError(f"`training.metric_for_best_model` is {metric!r}, which is best neither high nor low")
    return not metric.endswith(LOWER_IS_BETTER)


def metric_names(validation: Mapping[str, AlignedFaces]) -> list[str]:
    """The metrics of each data set and of all together, without `eval_`: `loss`, `age_mae`, `utkface_age_mae`, ..."""
    labels = {
        name: tuple(getattr(faces, label).numpy() for label in ("gender", "age_min", "age_max"))
        for name, faces in validation.items()
    }
    pooled = tuple(np.concatenate(each) for each in zip(*labels.values(), strict=True))
    return [
        prefix + metric
        for prefix, each in {"": pooled, **{f"{name}_": each for name, each in labels.items()}}.items()
        for metric in ("loss", *_names_for(each))
    ]


def _names_for(labels: tuple[np.ndarray, ...]) -> Iterable[str]:
    count = len(labels[0])
    logits = np.zeros((count, len(GENDERS)), np.float32), np.zeros((count, NUM_AGES), np.float32)
    return compute_metrics(EvalPrediction(predictions=logits, label_ids=labels))


def check_metric(metric: str | None, validation: Mapping[str, AlignedFaces]) -> None:
    """Refuse a metric that the run's evaluations do not have.

    Raises:
        ConfigError: its name is unknown.
    """
    names = metric_names(validation) if metric is not None else []
    if metric is not None and metric.removeprefix(PREFIX) not in names:
        raise ConfigError(f"`training.metric_for_best_model` is {metric!r}; this run has {', '.join(names)}")


class BestStep(TrainerCallback):
    """Puts a save off to the evaluation of the same step, and finds the best checkpoint in a folder that was moved.

    With `eval_strategy: epoch` and `save_strategy: steps`, Trainer saves before it evaluates. A run killed in between
    would never know how good that step is, and end with another best step. Register it after Trainer's own callbacks.
    """

    def __init__(self) -> None:
        self._put_off = False

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.best_global_step}"
        state.best_model_checkpoint = str(folder) if folder.is_dir() else None

    def on_step_end(self, args, state, control, **kwargs) -> None:
        ends_epoch = state.epoch == int(state.epoch) or state.global_step >= state.max_steps
        self._put_off = control.should_save and ends_epoch and args.eval_strategy == IntervalStrategy.EPOCH
        if self._put_off:
            control.should_save = False

    def on_epoch_end(self, args, state, control, **kwargs) -> None:
        if self._put_off:
            control.should_save, self._put_off = True, False


class StopEarly(EarlyStoppingCallback):
    """`EarlyStoppingCallback` for several data sets, whose count follows from the run's history, also in a continued
    run."""

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self.early_stopping_patience_counter = evaluations_since_best(
            state.log_history, args.metric_for_best_model, args.greater_is_better
        )

    def on_evaluate(self, args, state, control, metrics, **kwargs) -> None:
        # Called for each data set and for all together; the metric is one of these.
        if full_name(args.metric_for_best_model) in metrics:
            super().on_evaluate(args, state, control, metrics, **kwargs)


def evaluations_since_best(history: list[dict], metric: str, greater: bool) -> int:
    """The number of evaluations after the best one in `log_history`."""
    name = full_name(metric)
    values = [entry[name] for entry in history if name in entry]
    since, best = 0, None
    for value in values:
        better = best is None or (value > best if greater else value < best)
        since, best = (0, value) if better else (since + 1, best)
    return since


def has_stopped_early(checkpoint: Path, patience: int | None, args: TrainingArguments) -> bool:
    """Whether the run ended with the evaluation of this checkpoint, and only its model was not saved yet."""
    if patience is None:
        return False
    state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    since = evaluations_since_best(state["log_history"], args.metric_for_best_model, args.greater_is_better)
    return since >= patience
