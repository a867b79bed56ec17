"""What the processes of a run on several machines must agree on before they train."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from accelerate.utils import gather_object
from transformers import TrainingArguments

from gender_age.records import TRAINING_FILE

from ..errors import RunError
from .checkpoints import whole_checkpoints

logger = logging.getLogger(__name__)


def is_finished(finished: Path, args: TrainingArguments) -> bool:
    """Whether the folder holds the run's model, for every process.

    Raises:
        RunError: some processes see it and others do not.
    """
    return bool(_common([TRAINING_FILE] if (finished / TRAINING_FILE).exists() else [], finished, args))


def newest_common_checkpoint(run: Path, args: TrainingArguments) -> Path | None:
    """The complete checkpoint with the most steps that every process has, or None.

    Machines with folders of their own (`save_on_each_node`) may have been killed inside a save that only some of them
    completed. What they have beyond the common checkpoint is removed.

    Raises:
        RunError: some processes see a checkpoint that others do not, though they save to one folder.
    """
    own = whole_checkpoints(run)
    common = _common([folder.name for folder in own], run, args)
    for folder in own:
        if folder.name not in common and args.should_save:
            logger.warning("%s is not on all machines; it is removed", folder.name)
            shutil.rmtree(folder)
    return next((folder for folder in reversed(own) if folder.name in common), None)


def _common(names: list[str], folder: Path, args: TrainingArguments) -> set[str]:
    """Those of a process's names that all processes have."""
    seen = [set(each) for each in gather_object([names])]
    common, partly = set.intersection(*seen), set.union(*seen)
    if common != partly and not args.save_on_each_node:
        raise RunError(
            f"only some machines see {min(partly - common)} in {folder}: `training.output_dir` must be one folder for "
            "all of them, or set `training.save_on_each_node: true`"
        )
    return common
