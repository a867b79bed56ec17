"""`python -m tests.trainer.logged_training LOG [--die-at STEP MOMENT] train CONFIG`: `python -m trainer` for tests.

It notes what each step is shown, one JSON line a step: how many steps the run had taken before it, the `rows` of its
batch in their order, and a checksum of the augmented `pixels`. With `--die-at` it kills itself right after `MOMENT` of
step `STEP`, counted from 1.
"""

import argparse
import functools
import json
import os
import signal
import sys
import zlib
from pathlib import Path

import torch
from transformers import TrainerState

from trainer.__main__ import main
from trainer.faces.aligned_faces import AlignedFaces
from trainer.training.averaging import WeightAverage
from trainer.training.gender_age_trainer import GenderAgeTrainer

STEP_DONE = "step"
SAVE_MOMENTS = {
    "weights": (GenderAgeTrainer, "save_model"),
    "half the optimizer": (GenderAgeTrainer, "_save_optimizer_and_scheduler"),
    "optimizer": (GenderAgeTrainer, "_save_optimizer_and_scheduler"),
    "random state": (GenderAgeTrainer, "_save_rng_state"),
    "trainer state": (TrainerState, "save_to_json"),
    "all but the marker": (WeightAverage, "on_save"),
}
"""What a save has just written, in the order of the writes."""

MOMENTS = {STEP_DONE: (WeightAverage, "on_step_end"), **SAVE_MOMENTS}


def note_batches(log, patch=setattr):
    """From now on append every training batch of this process to the file `log`."""
    fetch, prepare = AlignedFaces.__getitems__, GenderAgeTrainer._prepare_inputs

    # The loader fetches ahead of the step, so the rows travel with their batch.
    def fetch_with_rows(faces, indices):
        return fetch(faces, indices) | {"rows": torch.as_tensor(indices)}

    def prepare_and_note(trainer, inputs):
        rows = inputs.pop("rows").tolist()
        prepared = prepare(trainer, inputs)
        if trainer.model.training:
            pixels = zlib.crc32(prepared["pixel_values"].contiguous().numpy().tobytes())
            with log.open("a") as file:
                print(json.dumps({"step": trainer.state.global_step, "rows": rows, "pixels": pixels}), file=file)
        return prepared

    patch(AlignedFaces, "__getitems__", fetch_with_rows)
    patch(GenderAgeTrainer, "_prepare_inputs", prepare_and_note)


def die_at(step, moment):
    """From now on this process kills itself right after `moment`, of `MOMENTS`, of step `step`, counted from 1."""
    owner, name = MOMENTS[moment]
    original = getattr(owner, name)

    @functools.wraps(original)
    def then_die(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        states = (each for each in (self, getattr(self, "state", None), *args) if isinstance(each, TrainerState))
        if next(states).global_step == step:
            if moment == "half the optimizer":
                path = Path(args[0]) / "optimizer.pt"
                os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, then_die)


def read_log(log):
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("--die-at", nargs=2, metavar=("STEP", "MOMENT"))
    given, command = parser.parse_known_args()
    note_batches(given.log)
    if given.die_at:
        die_at(int(given.die_at[0]), given.die_at[1])
    sys.exit(main(command))
