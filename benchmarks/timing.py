"""Times implementations by stage, with interleaved repetitions so that drift of the machine affects all alike."""

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
# (stage, owner, name) of the functions that are timed in the predictor.
PREDICTORS_STAGES = (
    ("decode", prediction, "opened"),
    ("detect", FaceDetector, "detect_any_rotation"),
    ("detect", FaceDetector, "detect"),
    ("align", prediction, "align_face"),
    ("model", GenderAgePredictor, "estimate"),
)


class Stopwatch:
    """Accumulates seconds by stage over one repetition."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of the block to the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    @contextmanager
    def inside_predictor(self) -> Iterator[None]:
        """Times the stages of a `GenderAgePredictor` that runs in the block."""
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
    """The repetitions of one implementation.

    Attributes:
        seconds: of every repetition.
        stages: seconds of every repetition by stage.
        answers: return value of every repetition.
    """

    seconds: tuple[float, ...]
    stages: tuple[Mapping[str, float], ...]
    answers: tuple[object, ...]

    @property
    def median(self) -> float:
        """Median seconds of a repetition."""
        return statistics.median(self.seconds)

    def stage_median(self, name: str) -> float:
        """Median seconds of a stage; 0 if the implementation lacks it."""
        return statistics.median(stages.get(name, 0.0) for stages in self.stages)


Way = Callable[[int, Stopwatch], object]
"""An implementation: runs once, given the repetition (from 0) and a stopwatch for its stages."""


def interleaved(ways: Mapping[str, Way], repetitions: int, warm_ups: int = 1) -> dict[str, Times]:
    """Times all implementations, interleaved: A B A B ….

    Args:
        ways: implementations by name.
        repetitions: of each implementation.
        warm_ups: of each implementation before that, not counted.
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
