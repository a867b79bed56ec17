"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes and repetitions of one run.

    Attributes:
        phone_wh: size of a phone's photo in pixels.
        screen_wh: size of a photo of 1080 lines.
        phone_repetitions: for that photo, which the baseline takes seconds for.
        repetitions: for smaller photos and the model alone.
        model_batches: faces at once, for the model alone.
        batch_photos: photos of 640 × 480 pixels that are predicted in one batch and one by one.
        batch_repetitions: of that.
        server_starts: how often the page is started; 0 leaves the page out.
        round_trips: 12 Mpx photos that the page answers.
        agreement_photos: composed photos in which both ways search faces.
    """

    phone_wh: tuple[int, int] = (4032, 3024)
    screen_wh: tuple[int, int] = (1920, 1080)
    phone_repetitions: int = 5
    repetitions: int = 9
    model_batches: tuple[int, ...] = (1, 8, 32)
    batch_photos: int = 32
    batch_repetitions: int = 3
    server_starts: int = 3
    round_trips: int = 5
    agreement_photos: int = 300


FULL = Settings()
QUICK = Settings(
    phone_repetitions=1,
    repetitions=3,
    batch_photos=8,
    batch_repetitions=1,
    server_starts=1,
    round_trips=3,
    agreement_photos=6,
)
