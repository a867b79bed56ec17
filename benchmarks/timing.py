"""Seconds by way and by stage: repetitions of all ways take turns, so that a machine that drifts hits them alike."""

from __future__ import annotations

import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from gender_age import prediction
from gender_age.detection import FaceDetector
from gender_age.prediction import GenderAgePredictor

STAGES = ("decode", "detect", "align", "model")
# Where the predictor's stages are: each function that is called on the way, and the stage it belongs to.
PREDICTORS_STAGES = (
    ("decode", prediction, "open_photo"),
    ("detect", FaceDetector, "detect_any_rotation"),
    ("detect", FaceDetector, "detect"),
    ("align", prediction, "align_face"),
    ("model", GenderAgePredictor, "estimate"),
)


class Stopwatch:
    """Sums up seconds by stage over one repetition."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Whatever runs inside belongs to the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    @contextmanager
    def inside_predictor(self) -> Iterator[None]:
        """A `GenderAgePredictor` that runs inside is split into its stages."""
        with ExitStack() as stack:
            for name, owner, attribute in PREDICTORS_STAGES:
                function = getattr(owner, attribute)
                stack.enter_context(patch.object(owner, attribute, self._timed(name, function)))
            yield

    def _timed(self, name: str, function: Callable) -> Callable:
        @functools.wraps(function)
        def timed(*args, **kwargs):
            with self.stage(name):
                return function(*args, **kwargs)

        return timed


@dataclass(frozen=True, slots=True)
class Times:
    """One way's repetitions.

    Attributes:
        seconds: of every repetition.
        stages: seconds of every repetition by stage.
        answers: what every repetition returned.
    """

    seconds: tuple[float, ...]
    stages: tuple[Mapping[str, float], ...]
    answers: tuple[object, ...]

    @property
    def median(self) -> float:
        """Seconds of the middle repetition."""
        return statistics.median(self.seconds)

    def stage_median(self, name: str) -> float:
        """Seconds of a stage in the middle repetition; 0 where the way has no such stage."""
        return statistics.median(stages.get(name, 0.0) for stages in self.stages)


Way = Callable[[int, Stopwatch], object]
"""Does the work once, given the number of the repetition (0 first) and a watch for its stages."""


def interleaved(ways: Mapping[str, Way], repetitions: int, warm_ups: int = 1) -> dict[str, Times]:
    """Times all ways, taking turns: A B A B ….

    Args:
        ways: by name.
        repetitions: of each way, that count.
        warm_ups: of each way, before them; they do not count.
    """
    laps: dict[str, list[tuple[float, Mapping[str, float], object]]] = {name: [] for name in ways}
    for repetition in range(-warm_ups, repetitions):
        for name, way in ways.items():
            watch = Stopwatch()
            start = time.perf_counter()
            answer = way(repetition % max(1, repetitions), watch)
            seconds = time.perf_counter() - start
            if repetition >= 0:
                laps[name].append((seconds, dict(watch.seconds), answer))
    return {name: Times(*map(tuple, zip(*each, strict=True))) for name, each in laps.items()}
