"""Small upright portraits: how many a second, and how many of them are searched turned as well."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from unittest import mock

import numpy as np

from gender_age import detection
from gender_age.prediction import GenderAgePredictor

from .photos import compose
from .settings import Settings

SIZE_WH, FACE_SHARE = (200, 250), 0.5


@dataclass(frozen=True, slots=True)
class Portraits:
    """Figures of upright portraits.

    Attributes:
        number: of portraits.
        searched_turned: how many were searched in the other rotations, too.
        seconds: for all of them, through `predict_batch`.
    """

    number: int
    searched_turned: int
    seconds: float


def measure_portraits(predictor: GenderAgePredictor, settings: Settings) -> Portraits:
    """Portraits in memory, none of them tilted, dim or partly hidden: such faces may need other rotations."""
    generator = np.random.default_rng(8)
    portraits = [compose(SIZE_WH, [FACE_SHARE], generator, hard_share=0).image_rgb for _ in range(settings.portraits)]
    # A rotation is chosen only where all were searched.
    with mock.patch.object(detection, "chosen_rotation", wraps=detection.chosen_rotation) as chosen:
        for portrait in portraits:
            predictor.detector.detect_any_rotation(portrait)
    seconds = []
    for _ in range(settings.batch_repetitions):
        start = time.perf_counter()
        predictor.predict_batch(portraits)
        seconds.append(time.perf_counter() - start)
    return Portraits(len(portraits), chosen.call_count, median(seconds))
