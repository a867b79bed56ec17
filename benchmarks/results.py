"""The results of one run."""

from __future__ import annotations

from dataclasses import dataclass

from .accuracy import Accuracy
from .agreement import Agreement
from .server import PageTimes
from .settings import Settings
from .timing import Times


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one run; None if not measured.

    Attributes:
        settings: sizes and repetitions.
        photos: times by photo and implementation.
        models: times of the model alone by batch size and implementation.
        batch: times of `predict_batch`, and of `predict` on each photo.
        page: times and memory of the page.
        agreement: detection recall.
        accuracy: accuracy loss of the predictor.
    """

    settings: Settings
    photos: dict[str, dict[str, Times]]
    models: dict[int, dict[str, Times]]
    batch: dict[str, Times]
    page: PageTimes | None
    agreement: Agreement
    accuracy: Accuracy | None
