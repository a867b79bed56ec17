"""Sizes and repetitions of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes and repetitions of one run.

    Attributes:
        phone_wh: size of a 12 Mpx photo in pixels.
        screen_wh: size of a 1080p photo in pixels.
        phone_repetitions: of 12 Mpx photos, on which the baseline takes seconds.
        repetitions: of smaller photos and of the model alone.
        model_batches: batch sizes of the model alone.
        batch_photos: number of 640 × 480 photos, predicted in one batch and one by one.
        batch_repetitions: of that comparison.
        portraits: number of portraits of 200 × 250 pixels, predicted in one batch.
        server_starts: number of starts of the page; 0 skips the page.
        round_trips: number of 12 Mpx photos sent to the page.
        agreement_photos: number of composed photos for detection recall.
    """

    phone_wh: tuple[int, int] = (4032, 3024)
    screen_wh: tuple[int, int] = (1920, 1080)
    phone_repetitions: int = 5
    repetitions: int = 9
    model_batches: tuple[int, ...] = (1, 8, 32)
    batch_photos: int = 32
    batch_repetitions: int = 3
    portraits: int = 100
    server_starts: int = 3
    round_trips: int = 5
    agreement_photos: int = 300


FULL = Settings()
QUICK = Settings(
    phone_repetitions=1,
    repetitions=3,
    batch_photos=8,
    batch_repetitions=1,
    portraits=8,
    server_starts=1,
    round_trips=3,
    agreement_photos=6,
)
