"""What a checkpoint says of itself: the records that lie beside its weights."""

from __future__ import annotations

from gender_age.measurements import EvaluationRecord
from gender_age.prediction import GenderAgePredictor
from gender_age.records import EVALUATION_FILE, TRAINING_FILE, TrainingRecord, read_record


def evaluation_of(predictor: GenderAgePredictor) -> EvaluationRecord | None:
    """What was measured of the predictor's checkpoint; None where there is no record that can be read."""
    return EvaluationRecord.read(_record_of(predictor, EVALUATION_FILE))


def training_of(predictor: GenderAgePredictor) -> TrainingRecord | None:
    """How the predictor's checkpoint was trained; None where there is no record that can be read."""
    return TrainingRecord.read(_record_of(predictor, TRAINING_FILE))


def _record_of(predictor: GenderAgePredictor, name: str) -> dict | None:
    folder = getattr(getattr(predictor, "model", None), "name_or_path", "")
    return read_record(folder, name) if folder else None
