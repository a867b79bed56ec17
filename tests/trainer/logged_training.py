"""`python -m tests.trainer.logged_training LOG train CONFIG`: `python -m trainer` that notes what each step is shown.

One JSON line a step: how many steps the run had taken before it, the `rows` of its batch in their order, and a checksum
of the augmented `pixels`.
"""

import json
import sys
import zlib
from pathlib import Path

import torch

from trainer.__main__ import main
from trainer.faces.aligned_faces import AlignedFaces
from trainer.training.gender_age_trainer import GenderAgeTrainer


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


def read_log(log):
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


if __name__ == "__main__":
    note_batches(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
