"""Speed end to end, in batches, and of the model alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gender_age.inference import inference
from gender_age.prediction import GenderAgePredictor

from .baseline import Baseline
from .photos import compose, save_variants
from .settings import Settings
from .timing import Stopwatch, Times, interleaved

OURS, THEIRS = "ours", "baseline"
PHONE = "12 Mpx, {} faces"
SCREEN, LIVE, LIVE_WH = "1080p, 5 faces", "640 × 480, 1 face", (640, 480)
# Number of faces -> face size, as a share of the longer side.
PHONE_FACES = {1: 0.25, 5: 0.12, 20: 0.06}


def phone_name(faces: int) -> str:
    """The photo's name in tables."""
    return PHONE.format(faces) if faces > 1 else "12 Mpx, 1 face"


def both_ways(predictor: GenderAgePredictor, baseline: Baseline, paths: list[Path]) -> dict:
    """The predictor and the baseline on `paths`; each returns the number of faces."""

    def ours(repetition: int, watch: Stopwatch) -> int:
        with watch.inside_predictor():
            return len(predictor.predict(paths[repetition]).faces)

    def theirs(repetition: int, watch: Stopwatch) -> int:
        return len(baseline.predict(paths[repetition], watch))

    return {OURS: ours, THEIRS: theirs}


def _live(predictor: GenderAgePredictor, paths: list[Path]) -> Callable[[int, Stopwatch], int]:
    """The predictor on camera frames."""

    def ours(repetition: int, watch: Stopwatch) -> int:
        with watch.inside_predictor():
            return len(predictor.predict_frame(paths[repetition]).faces)

    return ours


def phone_photos(settings: Settings, folder: Path, number: int) -> dict[int, list[Path]]:
    """Files of 12 Mpx photos with 1, 5 and 20 faces, `number` variants each."""
    generator = np.random.default_rng(0)
    return {
        faces: save_variants(
            compose(settings.phone_wh, [share] * faces, generator), folder, f"phone-{faces}-faces", number
        )
        for faces, share in PHONE_FACES.items()
    }


def measure_photos(
    predictor: GenderAgePredictor,
    baseline: Baseline,
    settings: Settings,
    phone_paths: dict[int, list[Path]],
    say: Callable[[str], None],
) -> dict[str, dict[str, Times]]:
    """End-to-end times by photo and implementation."""
    generator = np.random.default_rng(1)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        # Small photos first: they warm up the networks for the large ones.
        for name, size_wh, shares in ((LIVE, LIVE_WH, [0.3]), (SCREEN, settings.screen_wh, [0.12] * 5)):
            say(name)
            photo = compose(size_wh, shares, generator)
            paths = save_variants(photo, Path(folder), f"{size_wh[0]}", settings.repetitions)
            ways = both_ways(predictor, baseline, paths)
            if name == LIVE:
                ways[OURS] = _live(predictor, paths)
            results[name] = interleaved(ways, settings.repetitions)
    for faces, paths in phone_paths.items():
        say(phone_name(faces))
        ways = both_ways(predictor, baseline, paths)
        results[phone_name(faces)] = interleaved(ways, settings.phone_repetitions, warm_ups=0)
    return dict(reversed(results.items()))


def measure_model(predictor: GenderAgePredictor, settings: Settings) -> dict[int, dict[str, Times]]:
    """Times of the model alone by batch size: the predictor's mode and eager fp32."""
    generator = torch.Generator().manual_seed(0)

    def runs(pixel_values: torch.Tensor, mode: Callable) -> Callable:
        def run(repetition: int, watch: Stopwatch) -> None:
            with mode():
                predictor.model(pixel_values=pixel_values)

        return run

    results = {}
    for batch in settings.model_batches:
        shape = (batch, 3, predictor.face_size, predictor.face_size)
        pixel_values = torch.rand(shape, generator=generator) * 2 - 1
        ways = {
            OURS: runs(pixel_values, partial(inference, predictor.model.device)),
            THEIRS: runs(pixel_values, torch.no_grad),
        }
        results[batch] = interleaved(ways, settings.repetitions, warm_ups=2)
    return results


def measure_batch(predictor: GenderAgePredictor, settings: Settings) -> dict[str, Times]:
    """Times of `predict_batch`, and of `predict` on each photo."""
    generator = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [
            path
            for index in range(settings.batch_photos)
            for path in save_variants(compose(LIVE_WH, [0.3], generator), folder, f"{index:03}", 1)
        ]
        ways = {
            OURS: lambda repetition, watch: sum(len(each.faces) for each in predictor.predict_batch(paths)),
            THEIRS: lambda repetition, watch: sum(len(predictor.predict(path).faces) for path in paths),
        }
        return interleaved(ways, settings.batch_repetitions)
