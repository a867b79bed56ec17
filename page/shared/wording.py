"""Answers in words, the same on every tab."""

from __future__ import annotations

from fractions import Fraction

from gender_age.face_drawing import shown_age
from gender_age.results import FacePrediction


def shown_probability(probability: float) -> str:
    """A probability in [0, 1] as a whole percentage; never 100%, as some doubt remains."""
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def shown_interval(face: FacePrediction) -> str:
    """Both ends of an age's interval in whole years."""
    low, high = face.age_interval
    return f"{shown_age(low)}–{shown_age(high)}"


def times_out_of(share: float) -> str:
    """A share in [0, 1] in words: 0.8 is "4 times out of 5"."""
    nearest = Fraction(share).limit_denominator(10)
    if abs(float(nearest) - share) > 0.004:
        nearest, whole = round(100 * share), 100
    else:
        nearest, whole = nearest.numerator, nearest.denominator
    return f"{nearest} time{'s' * (nearest != 1)} out of {whole}"


def in_short(face: FacePrediction) -> str:
    """Age and gender in a few words."""
    return f"{shown_age(face.age)} years, {face.gender}{', uncertain' if face.uncertain else ''}"


def rounded(value: object) -> object:
    """A JSON value with at most three decimals in its numbers."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value


__all__ = ["in_short", "rounded", "shown_age", "shown_interval", "shown_probability", "times_out_of"]
