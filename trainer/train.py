"""`python -m trainer train CONFIG.yaml`: trains a calibrated checkpoint on prepared datasets."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import torch
import transformers
import yaml

from gender_age.records import TRAINING_FILE

from .errors import RunError, TrainerError
from .faces.aligned_faces import AlignedFaces
from .faces.loading import load_split
from .files import write_whole_text
from .training.arguments import training_arguments
from .training.averaging import WeightAverage
from .training.build_model import build_model
from .training.calibration import calibrate
from .training.checkpoints import (
    CompletionMarker,
    full_disk_as_sentence,
    newest_whole_checkpoint,
    remove_broken_checkpoints,
)
from .training.compute_metrics import compute_metrics
from .training.config import RunConfig
from .training.config_file import load_config
from .training.config_help import settings_help
from .training.fast_depthwise import speed_up_depthwise
from .training.gender_age_trainer import GenderAgeTrainer, GrowImages
from .training.label_cleaning import likely_rows
from .training.saving import save_run_model

logger = logging.getLogger(__name__)

RUN_FILE = "run.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`; its help lists every setting of a config."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = settings_help()
    parser.add_argument("config", type=Path, help="a YAML file; six ship in trainer/configs")
    parser.add_argument(
        "overrides", nargs="*", metavar="name.of.setting=value", help="such as training.output_dir=runs/first"
    )


def main(args: argparse.Namespace) -> int:
    """Train, or resume the run in its output folder."""
    train(load_config(args.config, args.overrides))
    return 0


def train(config: RunConfig) -> Path:
    """Run a config, or resume it from its newest complete checkpoint. A preceding run in the config is run first.

    Returns:
        The folder of the finished model: averaged weights in float32, calibrated config, image processor and
        `training.json`.

    Raises:
        ConfigError: the config cannot be used.
        DataError: a dataset cannot be loaded.
        RunError: the output folder holds a run with another config, or its disk is full.
        TrainerError: the run's Hub repository cannot be created, or the push of the model fails.
    """
    arguments = training_arguments(config)
    if config.earlier is not None:
        train(config.earlier)
    transformers.set_seed(arguments.seed)
    run, finished = config.folder, config.finished
    with arguments.main_process_first(), full_disk_as_sentence(run):
        _claim(run, config)
    if (finished / TRAINING_FILE).exists():
        logger.warning("%s is finished; its model is in %s", run, finished)
        return finished

    # Load
    model = build_model(config.model, config.image_size)
    with arguments.main_process_first(), full_disk_as_sentence(run):
        train_faces, validation_faces = _load_faces(config)
    model.config.average_mirrored = False  # regardless of the initial checkpoint
    if arguments.device.type == "cpu" and arguments.bf16:
        speed_up_depthwise(model)
    average = WeightAverage(model, config.ema_decay) if config.ema_decay else None
    checkpoint = newest_whole_checkpoint(run)
    marker = CompletionMarker(checkpoint)
    if checkpoint is not None and average:
        average.load(checkpoint)
    if arguments.should_save:
        remove_broken_checkpoints(run)

    # Trainer
    grow = GrowImages([train_faces, *validation_faces.values()], config)
    trainer = GenderAgeTrainer(
        model=model,
        args=arguments,
        run=config,
        average=average,
        marker=marker,
        train_dataset=train_faces,
        eval_dataset=validation_faces,
        data_collator=_as_is,
        compute_metrics=compute_metrics,
        callbacks=[grow, *([average] if average else []), marker],
    )
    logger.warning(
        "%s: %d faces, %.2f M parameters, world size %d, device %s",
        f"continuing from {checkpoint.name}" if checkpoint else "a new run",
        len(train_faces),
        model.num_parameters() / 1e6,
        arguments.world_size,
        arguments.device,
    )

    # Train, calibrate, save
    with full_disk_as_sentence(run):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if average:
            model.load_state_dict(average.state_dict())
        model.config.average_mirrored = config.average_mirrored
        for faces in validation_faces.values():
            # A run resumed after its last step has no epoch, in which `GrowImages` would set the size.
            faces.image_size = config.image_size
        calibrate(trainer, validation_faces)
        if arguments.should_save:
            save_run_model(model, config.image_size, trainer.record(), finished)

    # Push
    if arguments.push_to_hub:
        try:
            trainer.push_to_hub()
        except TrainerError as error:
            again = f"`python -m trainer push --model {finished} --to {trainer.hub_model_id}`"
            raise TrainerError(f"{error} The model is finished; {again} publishes it.") from error
    return finished


def _load_faces(config: RunConfig) -> tuple[AlignedFaces, dict[str, AlignedFaces]]:
    """The training faces of all datasets, concatenated, and the validation faces by dataset."""
    data = config.data
    cache_dir = Path(data.cache_dir or config.folder / "faces")
    sizes = list(dict.fromkeys(stage.image_size for stage in config.stages))
    rows = load_split(data.train, "train", data.limit, data.mapping)
    training = AlignedFaces(rows, sizes, cache_dir, data.margin, data.fallback_share)
    if data.drop_unlikely:
        training.keep(likely_rows(rows, config, cache_dir, config.folder))
    names = [Path(source.partition("@")[0]).name for source in data.train]
    validation = {
        # Names may repeat, such as those of a folder and its copy on the Hub.
        name if names.count(name) == 1 else source: AlignedFaces(
            load_split([source], "validation", data.limit, data.mapping), sizes, cache_dir
        )
        for name, source in zip(names, data.train, strict=True)
    }
    return training, validation


def _as_is(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`AlignedFaces.__getitems__` returns collated batches."""
    return batch


def _claim(run: Path, config: RunConfig) -> None:
    """Record the config in the run's folder, or compare it with the recorded one.

    Compares values, not text: older runs recorded integers for some settings that are floats now.
    """
    recorded, values = run / RUN_FILE, json.loads(json.dumps(config.to_dict()))
    if not recorded.exists():
        run.mkdir(parents=True, exist_ok=True)
        write_whole_text(recorded, yaml.safe_dump(values))
    elif yaml.safe_load(recorded.read_text(encoding="utf-8")) != values:
        raise RunError(
            f"{run} holds a run with another config ({recorded.name} in it); continue that one with its own config, or "
            "name another training.output_dir"
        )
