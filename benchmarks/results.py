"""The results of one run."""

from __future__ import annotations

from dataclasses import dataclass

from .accuracy import Accuracy
from .agreement import Agreement
from .portraits import Portraits
from .server import PageTimes
from .settings import Settings
from .timing import Times


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one run; None if not measured.

    Attributes:
        settings: how much was measured.
        photos: times by photo and way.
        detectors: times of the detector alone by picture and way.
        models: times of the model alone by batch size and way.
        batch: times of `predict_batch` and of calling `predict` for one photo after the other.
        portraits: small upright portraits.
        page: the page's times and memory.
        agreement: which faces were found.
        accuracy: what the predictor's model costs in accuracy.
    """

    settings: Settings
    photos: dict[str, dict[str, Times]]
    detectors: dict[str, dict[str, Times]]
    models: dict[int, dict[str, Times]]
    batch: dict[str, Times]
    portraits: Portraits
    page: PageTimes | None
    agreement: Agreement
    accuracy: Accuracy | None
