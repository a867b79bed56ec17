"""How the page opens what visitors send: in worker processes, which all of its tabs share."""

from __future__ import annotations

import copy
from functools import cache

from gender_age.guarded_opener import guarded_opener
from gender_age.images import Opener
from gender_age.prediction import GenderAgePredictor


@cache
def page_opener() -> Opener:
    """The one opener of this process. Its workers start with the first photos."""
    return guarded_opener()


def guarded(predictor: GenderAgePredictor) -> GenderAgePredictor:
    """The predictor with the page's opener, unless it has one of its own; what it holds is not copied."""
    if not isinstance(predictor, GenderAgePredictor) or predictor.opener is not None:
        return predictor
    with_opener = copy.copy(predictor)
    with_opener.opener = page_opener()
    return with_opener
