"""The rows of a run's datasets, checked before anything is cut or trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets

from ..errors import ConfigError, DataError
from ..faces.loading import load_split
from .config import DataSection


@dataclass(frozen=True, slots=True)
class RunRows:
    """The rows of a run.

    Attributes:
        training: of all datasets, concatenated.
        validation: by dataset.
        weights: `(n,)` float64 weights of the training rows by dataset; None where `data.weights` has none.
    """

    training: Dataset
    validation: dict[str, Dataset]
    weights: torch.Tensor | None


def load_run_rows(data: DataSection) -> RunRows:
    """Load and check the rows of all datasets.

    Raises:
        DataError: a dataset cannot be loaded, has no rows, or ages that cannot be.
    """
    if not all(data.train):
        raise DataError("`data.train` has an empty name; write folders, or ids of the Hub")
    parts = [load_split([source], "train", data.limit, data.mapping) for source in data.train]
    training = concatenate_datasets(parts)
    check_rows(training, f"the split train of {', '.join(data.train)}")
    validation = {}
    names = dataset_names(data.train)
    for name, source in zip(names, data.train, strict=True):
        rows = load_split([source], "validation", data.limit, data.mapping)
        check_rows(rows, f"the split validation of {source}")
        validation[name] = rows
    return RunRows(training, validation, _weights(data, names, [len(part) for part in parts]))


def dataset_names(sources: list[str]) -> list[str]:
    """The names of datasets in metrics: of the folder, or of the repository without its owner."""
    names = [Path(source.partition("@")[0]).name for source in sources]
    # Names may repeat, such as those of a folder and its copy on the Hub.
    return [name if names.count(name) == 1 else source for name, source in zip(names, sources, strict=True)]


def _weights(data: DataSection, names: list[str], counts: list[int]) -> torch.Tensor | None:
    unknown = set(data.weights) - {*names, *data.train}
    if unknown:
        raise ConfigError(f"`data.weights` names {min(unknown)!r}, which is none of {', '.join(names)}")
    if not data.weights:
        return None
    each = [
        data.weights.get(name, data.weights.get(source, 1.0)) for name, source in zip(names, data.train, strict=True)
    ]
    return torch.tensor(each, dtype=torch.float64).repeat_interleave(torch.tensor(counts))


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
    wrong = np.flatnonzero((low < 0) | (low > high))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{where} has {len(wrong)} of {len(rows)} rows whose age_min is below 0 or above age_max, the first with "
            f"{low[row]:g} and {high[row]:g}: {rows[row]['file']}"
        )
    if set(rows["gender"][:]) - {0, 1, None}:
        raise DataError(f"{where} has a gender that is neither 0 (female) nor 1 (male)")
