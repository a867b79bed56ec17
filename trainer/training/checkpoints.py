"""Finds the newest complete checkpoint of a run.

Trainer writes checkpoints in place, so a kill or a full disk leaves an incomplete one, from which it fails to resume:
https://github.com/huggingface/transformers/issues/35782. Without the marker, tests/trainer/test_train_killed.py passes
once this is fixed.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from transformers import TrainerCallback

from ..errors import RunError
from ..files import NO_ROOM, flush_folder, write_whole_text

logger = logging.getLogger(__name__)

COMPLETE_FILE = "COMPLETE"


class CompletionMarker(TrainerCallback):
    """Writes `COMPLETE` into a checkpoint, last of all files; register it as the last callback.

    The file holds the steps and seconds of the run so far; Trainer loses the seconds on resume (no issue found).

    Args:
        checkpoint: the checkpoint that the run resumes from, or None.
        conditions: what a step is made of -> its value; kept in the file, and the same in a run that resumes. Trainer
            counts steps, whatever they were (no issue found).

    Raises:
        RunError: the checkpoint was written under other conditions.
    """

    def __init__(self, checkpoint: Path | None = None, conditions: Mapping[str, int | str] | None = None) -> None:
        before = json.loads((checkpoint / COMPLETE_FILE).read_text()) if checkpoint else {"seconds": 0.0}
        self._before, self._conditions = before["seconds"], dict(conditions or {})
        self._started = time.monotonic()
        for name, value in self._conditions.items():
            if (was := before.get(name, value)) != value:
                # A digest says nothing to a reader.
                differ = f"were {was} and are {value} now" if isinstance(value, int) else "are others now"
                raise RunError(
                    f"the {name} of {checkpoint} {differ}: continue the run as it began, or name another "
                    "training.output_dir"
                )

    @property
    def seconds(self) -> float:
        """Total time of the run, including the parts before a resume."""
        return self._before + time.monotonic() - self._started

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self._started = time.monotonic()

    def on_save(self, args, state, control, **kwargs) -> None:
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            record = json.dumps({"step": state.global_step, "seconds": round(self.seconds, 1), **self._conditions})
            flush_folder(folder)  # before the marker, in case of a power cut
            write_whole_text(folder / COMPLETE_FILE, record)


def newest_whole_checkpoint(run: Path) -> Path | None:
    """The complete checkpoint with the most steps, or None."""
    whole = [folder for folder in _checkpoints(run) if (folder / COMPLETE_FILE).is_file()]
    return max(whole, key=_step, default=None)


def remove_broken_checkpoints(run: Path) -> None:
    """Delete incomplete checkpoints, so that they do not count towards `save_total_limit`."""
    for folder in _checkpoints(run):
        if not (folder / COMPLETE_FILE).is_file():
            logger.warning("%s was not written to its end; it is removed", folder.name)
            shutil.rmtree(folder)


@contextmanager
def full_disk_as_sentence(run: Path) -> Iterator[None]:
    """Turns the errors of a full disk into a `RunError`; other errors pass unchanged.

    Raises:
        RunError: the disk is full.
    """
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if not _tells_of_a_full_disk(error):
            raise
        checkpoint = newest_whole_checkpoint(run)
        again = f"goes on from {checkpoint.name}" if checkpoint else "begins anew"
        disk = next(folder for folder in (run.absolute(), *run.absolute().parents) if folder.exists())
        # PyTorch does not name the cause; the free space shows the rare write that failed for another one.
        free = shutil.disk_usage(disk).free / 1e6
        raise RunError(
            f"{run} could not be written to, as its disk is full ({free:.1f} MB free): make room, and the same command "
            f"{again}"
        ) from error


def _tells_of_a_full_disk(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if isinstance(error, SafetensorError):
        return any(f"(os error {number})" in str(error) for number in NO_ROOM)
    # torch.save raises a RuntimeError of inline_container.cc, not an OSError; the same text, with torch.jit.load:
    # https://github.com/pytorch/pytorch/issues/156955. `test_each_writer_tells_of_a_full_disk` shows when it changes.
    return (
        "inline_container.cc" in str(error) and re.search("unexpected pos|PytorchStreamWriter", str(error)) is not None
    )


def _checkpoints(run: Path) -> list[Path]:
    return [folder for folder in run.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", folder.name)]


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
