"""A run over a stream of faces (`data.streaming`): what it reads, what it cannot have, and how it is continued."""

from __future__ import annotations

import math

from datasets import Dataset
from transformers import TrainerCallback, TrainingArguments

from ..errors import ConfigError
from ..faces.parquet_splits import parquet_split
from ..faces.streamed_faces import StreamedFaces
from .config import RunConfig
from .run_rows import load_validation

SHUFFLE_BUFFER = 10_000

NEEDS_ALL_FACES = "it chooses among all faces before the training"
WITHOUT_STREAMING = {
    "age_balance": NEEDS_ALL_FACES,
    "gender_balance": NEEDS_ALL_FACES,
    "weights": NEEDS_ALL_FACES,
    "drop_unlikely": NEEDS_ALL_FACES,
    "limit": "`training.max_steps` shortens a run",
    "columns": "a stream has the columns that `python -m trainer prepare` writes",
    "genders": "a stream has the genders that `python -m trainer prepare` writes",
}
"""Settings of `data` that must be unset, and why."""


def stream_faces(config: RunConfig, args: TrainingArguments) -> tuple[StreamedFaces, dict[str, Dataset]]:
    """The training faces of this process, and the validation rows by dataset.

    Raises:
        ConfigError: a setting cannot be had with a stream.
        DataError: a dataset cannot be read, or has no rows.
    """
    data = config.data
    for name, reason in WITHOUT_STREAMING.items():
        if value := getattr(data, name):
            raise ConfigError(f"`data.{name}` is {value} and cannot be had with `data.streaming`: {reason}")
    if args.dataloader_num_workers:
        raise ConfigError("`training.dataloader_num_workers` has no use with `data.streaming`, which cuts in threads")
    faces = StreamedFaces(
        [parquet_split(source, "train") for source in data.train],
        rank=args.process_index,
        world_size=args.world_size,
        batch_size=args.train_batch_size,
        drop_last=args.dataloader_drop_last,
        seed=args.seed,
        image_size=config.stages[0].image_size,
        margin=data.margin,
        fallback_share=data.fallback_share,
        buffer_size=data.shuffle_buffer or SHUFFLE_BUFFER,
    )
    return faces, load_validation(data.train, lambda source: parquet_split(source, "validation").load())


class PassOverSeen(TrainerCallback):
    """In a continued run, leaves the faces uncut that Trainer passes over."""

    def __init__(self, faces: StreamedFaces) -> None:
        self.faces = faces

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        steps_an_epoch = math.ceil(len(self.faces) / args.gradient_accumulation_steps)
        self.faces.uncut_batches = state.global_step % steps_an_epoch * args.gradient_accumulation_steps
