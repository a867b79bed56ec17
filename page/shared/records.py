"""What a checkpoint says of itself: the records that lie beside its weights."""

from __future__ import annotations

import json
from pathlib import Path

from gender_age.prediction import GenderAgePredictor


def record_of(predictor: GenderAgePredictor, name: str) -> dict | None:
    """The JSON object in the file `name` of the predictor's checkpoint; None where there is none that can be read."""
    model = getattr(predictor, "model", None)
    folder = getattr(model, "name_or_path", "")
    try:
        record = json.loads((Path(folder) / name).read_text(encoding="utf-8")) if folder else None
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None
