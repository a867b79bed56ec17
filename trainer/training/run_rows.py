"""The rows of a run's datasets, checked before anything is cut or trained."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from datasets import Dataset

from ..errors import DataError
from ..faces.loading import load_split
from .config import DataSection


def load_run_rows(data: DataSection) -> tuple[Dataset, dict[str, Dataset]]:
    """The training rows of all datasets, concatenated, and the validation rows by dataset.

    Raises:
        DataError: a dataset cannot be loaded, has no rows, or ages that cannot be.
    """
    if not all(data.train):
        raise DataError("`data.train` has an empty name; write folders, or ids of the Hub")
    training = load_split(data.train, "train", data.limit, data.mapping)
    _check(training, f"the split train of {', '.join(data.train)}")
    names = [Path(source.partition("@")[0]).name for source in data.train]
    validation = {}
    for name, source in zip(names, data.train, strict=True):
        rows = load_split([source], "validation", data.limit, data.mapping)
        _check(rows, f"the split validation of {source}")
        # Names may repeat, such as those of a folder and its copy on the Hub.
        validation[name if names.count(name) == 1 else source] = rows
    return training, validation


def _check(rows: Dataset, where: str) -> None:
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
