"""Saves the model of a run: weights, config, image processor, and the record of the training."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import transformers
from huggingface_hub import try_to_load_from_cache
from transformers import CONFIG_NAME, PreTrainedModel, Trainer, ViTImageProcessor

from gender_age.alignment import DEFAULT_ALIGNMENT
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.counted import counted
from gender_age.records import TRAINING_FILE, read_record

from ..faces.loading import name_and_revision
from ..files import flush_folder, write_whole_text
from .config import ModelSection, RunConfig
from .label_cleaning import count_dropped
from .normalisation import HALF, Normalisation


def save_run_model(
    model: PreTrainedModel,
    image_size: int,
    record: dict,
    folder: Path,
    normalisation: Normalisation = HALF,
) -> None:
    """Write the model, and its record last: a folder with a record is complete.

    Args:
        image_size: side of the model's input in pixels.
        record: what `run_record` gives.
        normalisation: of the model's input.
    """
    model.save_pretrained(folder)
    ViTImageProcessor(
        size={"height": image_size, "width": image_size},
        image_mean=list(normalisation.mean),
        image_std=list(normalisation.std),
        alignment=DEFAULT_ALIGNMENT.to_dict(),
    ).save_pretrained(folder)
    flush_folder(folder)
    write_whole_text(folder / TRAINING_FILE, json.dumps(record, indent=1) + "\n")


def hardware(device: torch.device) -> str:
    """The device's name, for the record: `"cpu, 2 threads"`, `"mps"` on a Mac, `"NVIDIA H100"`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return f"cpu, {counted(torch.get_num_threads(), 'thread')}"
    return device.type


def run_record(config: RunConfig, trainer: Trainer, seconds: float) -> dict:
    """The record of a run that has taken `seconds` so far, for the model card and for readers of the checkpoint.

    `started_from` is the record of the run whose model this one continues from, where it came with one.
    """
    return {
        "config": config.to_dict(),
        "hub_ids": [name for name in (config.model.pretrained, *config.data.train) if name and is_on_hub(name)],
        "hours": round(seconds / 3600, 2),
        "hardware": hardware(trainer.args.device),
        "world_size": trainer.args.world_size,
        "seed": trainer.args.seed,
        "train_images": trainer.train_dataset.num_faces,
        "without_landmarks": trainer.train_dataset.num_without_landmarks,
        "sources": trainer.train_dataset.sources,
        "data_revision": trainer.train_dataset.revision,
        "dropped": count_dropped(Path(trainer.args.output_dir)),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "finished": time.strftime("%Y-%m-%d"),
        "started_from": _earlier_record(config.model),
        "history": evaluations(trainer.state.log_history),
    }


def evaluations(log_history: Sequence[dict]) -> list[dict]:
    """One entry an evaluation, with the metrics of each data set and of all together."""
    found: dict[int, dict] = {}
    for entry in log_history:
        if any(name.startswith("eval_") for name in entry):
            found[entry["step"]] = found.get(entry["step"], {}) | entry
    return list(found.values())


def is_on_hub(name: str) -> bool:
    """Whether the name of a dataset or checkpoint that was loaded is an id of the Hub, and no folder."""
    return not Path(name_and_revision(name)[0]).is_dir()


def _earlier_record(section: ModelSection) -> dict | None:
    """The record of the checkpoint that a run starts from: empty where one of this project has none, else None."""
    if section.pretrained is None:
        return None
    folder: str | Path = section.pretrained
    if is_on_hub(section.pretrained):
        # The download of a checkpoint of this project, whose weights the run began with, brought its record along.
        cached = try_to_load_from_cache(section.pretrained, CONFIG_NAME, revision=section.revision)
        if not isinstance(cached, str):
            return None
        folder = Path(cached).parent
    record = read_record(folder, TRAINING_FILE)
    if record is None:
        config = read_record(folder, CONFIG_NAME) or {}
        return {} if config.get("model_type") == GenderAgeConfig.model_type else None
    return {name: value for name, value in record.items() if name != "history"}
