"""What the processes of a run on several machines must see alike before they train."""

from __future__ import annotations

from pathlib import Path

from accelerate.utils import gather_object

from gender_age.records import TRAINING_FILE

from ..errors import RunError
from .checkpoints import newest_whole_checkpoint


def is_finished(finished: Path) -> bool:
    """Whether the folder holds the run's model, for every process.

    Raises:
        RunError: some processes see it and others do not.
    """
    record = finished / TRAINING_FILE
    return _seen_by_all(record if record.exists() else None) is not None


def common_checkpoint(run: Path) -> Path | None:
    """The complete checkpoint with the most steps, or None; the same one for every process.

    Raises:
        RunError: processes see different ones.
    """
    return _seen_by_all(newest_whole_checkpoint(run))


def _seen_by_all(path: Path | None) -> Path | None:
    """The path, if every process has it, or None, if none has one; the processes would train different models."""
    seen = set(gather_object([None if path is None else path.name]))
    if len(seen) > 1:
        names = ", ".join(sorted(name for name in seen if name))
        raise RunError(
            f"only some processes see {names}: `training.output_dir` must be one folder for all machines of a run"
        )
    return path
