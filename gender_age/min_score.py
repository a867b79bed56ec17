"""The lowest detection score that a caller may ask for."""

from __future__ import annotations

import argparse
from numbers import Real
from typing import cast


def checked_min_score(min_score: object) -> float | None:
    """`min_score` as a float; None stays None.

    Raises:
        ValueError: it is no number in [0, 1].
    """
    if min_score is None:
        return None
    # A truth value is a number to Python, but hardly meant as one.
    is_number = isinstance(min_score, Real) and not isinstance(min_score, bool)
    if not is_number or not 0 <= cast(float, min_score) <= 1:
        raise ValueError(f"min_score is {min_score!r}; it must be a number from 0 to 1, or None")
    return float(cast(float, min_score))


def min_score_argument(text: str) -> float | None:
    """The value of `--min-score`, in [0, 1].

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return checked_min_score(float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1") from None


__all__ = ["checked_min_score", "min_score_argument"]
