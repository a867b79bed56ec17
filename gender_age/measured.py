"""A measured value of an evaluation record, with its 95 % interval, and the ranges of such values."""

from __future__ import annotations

from dataclasses import dataclass

from .json_values import elements, number, part, whole_number
from .records import MAX_COUNTED

LIMITS = {"share": (0.0, 1.0), "years": (0.0, 150.0), "signed": (-150.0, 150.0)}
"""Kind of a measured value -> its valid range."""
KINDS = {
    "missed": "share",
    "age_mae": "years",
    "age_band_mae": "years",
    "age_bias": "signed",
    "age_cs5": "share",
    "range_accuracy": "share",
    "range_within_one": "share",
    "range_touched": "share",
    "gender_accuracy": "share",
    "gender_accuracy_from_10": "share",
    "recall_female": "share",
    "recall_male": "share",
}
"""Metric of a group -> its kind."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value.

    Attributes:
        value: in years, or a share in [0, 1].
        n: number of faces.
        interval: 95 % confidence interval.
    """

    value: float
    n: int
    interval: tuple[float, float] | None = None

    @classmethod
    def read(cls, values: object, kind: str = "share") -> Measured | None:
        """None if the value is missing or out of range; `kind` is a key of `LIMITS`."""
        value, n = number(part(values, "value"), *LIMITS[kind]), whole_number(part(values, "n"), 1, MAX_COUNTED)
        if value is None or n is None:
            return None
        given = elements(part(values, "interval"))
        ends = [end for each in given if (end := number(each, *LIMITS[kind])) is not None]
        fits = len(given) == len(ends) == 2 and ends[0] <= ends[1]
        return cls(value, n, (ends[0], ends[1]) if fits else None)
