"""The line of a card that says that a face could be a minor's."""

from __future__ import annotations

from gender_age.labels import OF_AGE
from gender_age.results import FacePrediction

from ..shared.wording import shown_probability

# Probability of an age below 18 years, from which the line is shown. On UTKFace's validation split it is shown for 96 %
# of those who are younger, and for 19 % of those of 18 to 24 years: docs/experiments.md, "Faces under 18".
MINOR_FROM = 0.15
LIKELY_FROM = 0.5


def may_be_minor(face: FacePrediction) -> bool:
    """Whether the face is probable enough to be under 18; False where that is not known."""
    return face.under_18 is not None and face.under_18 >= MINOR_FROM


def minor_html(face: FacePrediction) -> str:
    """The line, with the probability; nothing for a face that is hardly a minor's."""
    if not may_be_minor(face):
        return ""
    words = "Probably" if face.under_18 >= LIKELY_FROM else "Could be"
    return f'<p class="ga-minor">{words} under {OF_AGE} ({shown_probability(face.under_18)})</p>'
