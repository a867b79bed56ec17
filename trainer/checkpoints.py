"""Which checkpoint of a run is whole: Trainer writes them in place, so a kill can leave half of one."""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from pathlib import Path

from transformers import TrainerCallback

logger = logging.getLogger(__name__)

COMPLETE_FILE = "COMPLETE"


class CompletionMarker(TrainerCallback):
    """Writes `COMPLETE` into a checkpoint after all else. Register it last: callbacks run in their order.

    The file holds the steps and the seconds that the run has taken so far, which Trainer forgets when it is continued.

    Args:
        checkpoint: the whole checkpoint that the run goes on from, or None.
    """

    def __init__(self, checkpoint: Path | None = None) -> None:
        self._before = json.loads((checkpoint / COMPLETE_FILE).read_text())["seconds"] if checkpoint else 0.0
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time the run has taken, all its parts together."""
        return self._before + time.monotonic() - self._started

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self._started = time.monotonic()

    def on_save(self, args, state, control, **kwargs) -> None:
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            record = json.dumps({"step": state.global_step, "seconds": round(self.seconds, 1)})
            (folder / COMPLETE_FILE).write_text(record, encoding="utf-8")


def newest_whole_checkpoint(run: Path) -> Path | None:
    """The checkpoint with the most steps that was written to its end, or None."""
    whole = [folder for folder in _checkpoints(run) if (folder / COMPLETE_FILE).is_file()]
    return max(whole, key=_step, default=None)


def remove_broken_checkpoints(run: Path) -> None:
    """Delete the checkpoints that a kill left half-written, so that they do not count against the number kept."""
    for folder in _checkpoints(run):
        if not (folder / COMPLETE_FILE).is_file():
            logger.warning("%s was not written to its end; it is removed", folder.name)
            shutil.rmtree(folder)


def _checkpoints(run: Path) -> list[Path]:
    return [folder for folder in run.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", folder.name)]


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
