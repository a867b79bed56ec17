"""Answers in words, the same on every tab."""

from __future__ import annotations

from gender_age.results import FacePrediction


def shown_age(age_years: float) -> str:
    """An age in whole years; the model's last class stands for 100 and more."""
    return "100+" if round(age_years) >= 100 else str(round(age_years))


def shown_probability(probability: float) -> str:
    """A probability in [0, 1] as a whole percentage; never 100%, as some doubt remains."""
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def in_short(face: FacePrediction) -> str:
    """Age and gender in a few words."""
    return f"{shown_age(face.age)} years, {face.gender}{', uncertain' if face.uncertain else ''}"
