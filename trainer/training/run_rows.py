"""The rows of a run's datasets, checked before anything is cut or trained."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets

from ..errors import ConfigError, DataError, MissingSplitError
from ..faces.loading import load_rows, load_split, name_and_revision, needed, sources_of
from .config import DataSection
from .settings import HEADS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunRows:
    """The rows of a run.

    Attributes:
        training: of all datasets, concatenated.
        sources: what the training rows of each dataset name as their sources, in the order of `data.train`.
        validation: by dataset; those without any are missing.
        weights: `(n,)` float64, how often each training row is shown, relative to 1; None where all are alike.
        loss_weights: head -> `(n,)` float32, how much each training row counts in its loss; empty where all are alike.
    """

    training: Dataset
    sources: list[list[str]]
    validation: dict[str, Dataset]
    weights: torch.Tensor | None
    loss_weights: dict[str, torch.Tensor]


def load_run_rows(data: DataSection) -> RunRows:
    """Load and check the rows of all datasets.

    Raises:
        DataError: a dataset cannot be loaded, has no rows, or ages that cannot be; or none has rows for validation.
    """
    if not all(data.train):
        raise DataError("`data.train` has an empty name; write folders, or ids of the Hub")
    loaded = [load_rows(source, "train", data.mapping) for source in data.train]
    parts = [needed(rows, data.limit) for rows in loaded]
    training = concatenate_datasets(parts)
    check_rows(training, f"the split train of {', '.join(data.train)}")
    names = dataset_names(data.train)
    validation = load_validation(
        data.train, lambda source: load_split([source], "validation", data.limit, data.mapping)
    )
    weights, counts = _weights_of(data, names), torch.tensor([len(part) for part in parts])
    return RunRows(
        training, list(map(sources_of, loaded)), validation, _shown(weights, counts), _loss_weights(weights, counts)
    )


def load_validation(sources: list[str], load: Callable[[str], Dataset]) -> dict[str, Dataset]:
    """The checked validation rows by dataset; those without any are missing.

    Args:
        sources: folders or ids of the datasets.
        load: the validation rows of one of them.

    Raises:
        DataError: a dataset cannot be loaded, or its rows cannot be; or none has any.
    """
    validation: dict[str, Dataset] = {}
    without: dict[str, MissingSplitError] = {}
    for name, source in zip(dataset_names(sources), sources, strict=True):
        try:
            rows = load(source)
        except MissingSplitError as error:
            without[name] = error
            continue
        check_rows(rows, f"the split validation of {source}")
        validation[name] = rows
    if not validation:
        raise DataError(
            f"{next(iter(without.values()))}. Validation chooses the best step and calibrates: prepare more photos, of "
            "more people, or add a dataset that has some to `data.train`"
        )
    for name in without:
        logger.warning("%s has no images for validation, which are those of %s", name, ", ".join(validation))
    return validation


def dataset_names(sources: list[str]) -> list[str]:
    """The names of datasets in metrics: of the folder, or of the repository without its owner.

    The second of a name, such as a folder's copy on the Hub, is `NAME-2`.
    """
    names = [Path(name_and_revision(source)[0]).name for source in sources]
    earlier = (names[:place].count(name) for place, name in enumerate(names))
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, earlier, strict=True)]


def _weights_of(data: DataSection, names: list[str]) -> list[float | dict[str, float]]:
    """What `data.weights` has for each dataset."""
    unknown = set(data.weights) - {*names, *data.train}
    if unknown:
        raise ConfigError(f"`data.weights` names {min(unknown)!r}, which is none of {', '.join(names)}")
    return [
        data.weights.get(name, data.weights.get(source, 1.0)) for name, source in zip(names, data.train, strict=True)
    ]


def _shown(weights: list[float | dict[str, float]], counts: torch.Tensor) -> torch.Tensor | None:
    each = torch.tensor([1.0 if isinstance(weight, dict) else weight for weight in weights], dtype=torch.float64)
    return None if (each == 1).all() else each.repeat_interleave(counts)


def _loss_weights(weights: list[float | dict[str, float]], counts: torch.Tensor) -> dict[str, torch.Tensor]:
    by_head = {
        head: torch.tensor([weight.get(head, 1.0) if isinstance(weight, dict) else 1.0 for weight in weights])
        for head in HEADS
    }
    return {head: each.repeat_interleave(counts) for head, each in by_head.items() if (each != 1).any()}


def check_rows(rows: Dataset, where: str) -> None:
    """Refuse rows that cannot be.

    Raises:
        DataError: there are none, without any label, or with ages or genders that do not exist.
    """
    if not len(rows):
        raise DataError(f"{where} has no rows")
    # A missing label is null, and trains nothing.
    low, high, gender = (
        np.array([math.nan if value is None else value for value in rows[name][:]], dtype=float)
        for name in ("age_min", "age_max", "gender")
    )
    if np.isnan(low + high).all() and np.isnan(gender).all():
        raise DataError(f"{where} has no ages and no genders")
    wrong = np.flatnonzero((low < 0) | (low > high) | (np.isnan(low) != np.isnan(high)))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{where} has {len(wrong)} of {len(rows)} rows whose age_min is below 0, above age_max, or alone, the "
            f"first with {low[row]:g} and {high[row]:g}: {rows[row]['file']}"
        )
    if set(rows["gender"][:]) - {0, 1, None}:
        raise DataError(f"{where} has a gender that is neither 0 (female) nor 1 (male)")
