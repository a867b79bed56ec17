"""`python -m trainer train CONFIG.yaml`: from prepared datasets to a calibrated checkpoint."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
from pathlib import Path

import torch
import transformers
import yaml
from transformers import TrainingArguments

from gender_age.decoding import gender_probabilities

from .errors import ConfigError, RunError, TrainerError
from .faces.aligned_faces import AlignedFaces
from .faces.loading import load_split
from .files import write_whole_text
from .training.averaging import WeightAverage
from .training.build_model import build_model
from .training.calibration import conformal_mass, fit_temperature, least_certain
from .training.checkpoints import (
    CompletionMarker,
    full_disk_as_sentence,
    newest_whole_checkpoint,
    remove_broken_checkpoints,
)
from .training.compute_metrics import compute_metrics
from .training.config import RunConfig
from .training.config_file import load_config
from .training.fast_depthwise import speed_up_depthwise
from .training.gender_age_trainer import LABEL_NAMES, GenderAgeTrainer, GrowImages
from .training.label_cleaning import likely_rows
from .training.saving import RECORD_FILE, save_run_model

logger = logging.getLogger(__name__)

RUN_FILE = "run.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `train`."""
    parser.add_argument("config", type=Path, help="a YAML file; six ship in trainer/configs")
    parser.add_argument(
        "overrides", nargs="*", metavar="name.of.setting=value", help="such as training.output_dir=runs/first"
    )


def main(args: argparse.Namespace) -> int:
    """Train, or continue the run that its output folder holds."""
    train(load_config(args.config, args.overrides))
    return 0


def train(config: RunConfig) -> Path:
    """Run a config to its end, from its newest whole checkpoint where there is one; the one it goes on from first.

    Returns:
        The folder of the finished model: averaged weights in float32, calibrated config, image processor and
        `training.json`.

    Raises:
        ConfigError: the config names something unknown.
        DataError: a dataset cannot be loaded.
        RunError: the output folder holds a run with another config, or its disk is full.
        TrainerError: the run's repository on the Hub cannot be made, or the finished model not be pushed to it.
    """
    arguments = _training_arguments(config)
    if config.earlier is not None:
        train(config.earlier)
    transformers.set_seed(arguments.seed)
    run, finished = config.folder, config.finished
    with arguments.main_process_first(), full_disk_as_sentence(run):
        _claim(run, config)
    if (finished / RECORD_FILE).exists():
        logger.warning("%s is finished; its model is in %s", run, finished)
        return finished

    cache_dir = Path(config.data.cache_dir or run / "faces")
    model = build_model(config.model, config.image_size)
    with arguments.main_process_first(), full_disk_as_sentence(run):
        train_faces, validation_faces = _load_faces(config, cache_dir, run)
    model.config.average_mirrored = False  # whatever the checkpoint says that the run goes on from
    if arguments.device.type == "cpu" and arguments.bf16:
        speed_up_depthwise(model)
    average = WeightAverage(model, config.ema_decay) if config.ema_decay else None
    checkpoint = newest_whole_checkpoint(run)
    marker = CompletionMarker(checkpoint)
    if checkpoint is not None and average:
        average.load(checkpoint)
    if arguments.should_save:
        remove_broken_checkpoints(run)
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
        callbacks=[
            GrowImages([train_faces, *validation_faces.values()], config),
            *([average] if average else []),
            marker,
        ],
    )
    logger.warning(
        "%s: %d faces, %.2f M parameters, world size %d, device %s",
        f"continuing from {checkpoint.name}" if checkpoint else "a new run",
        len(train_faces),
        model.num_parameters() / 1e6,
        arguments.world_size,
        arguments.device,
    )
    with full_disk_as_sentence(run):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if average:
            model.load_state_dict(average.state_dict())
        model.config.average_mirrored = config.average_mirrored
        for faces in validation_faces.values():
            # `GrowImages` has done so, unless the run was cut off after its last step: no epoch begins then.
            faces.image_size = config.image_size
        calibrate(trainer, validation_faces)
        if arguments.should_save:
            save_run_model(model, config.image_size, trainer.record(), finished)
    if arguments.push_to_hub:
        try:
            trainer.push_to_hub()
        except TrainerError as error:
            again = f"`python -m trainer push --model {finished} --to {trainer.hub_model_id}`"
            raise TrainerError(f"{error} The model is finished; {again} publishes it.") from error
    return finished


def calibrate(trainer: GenderAgeTrainer, validation: dict[str, AlignedFaces]) -> None:
    """Fit temperature, threshold of "uncertain" and interval mass of `trainer.model` on the validation faces and store
    them in its config."""
    gender_logits, age_logits, gender, age_min, age_max = [], [], [], [], []
    for faces in validation.values():
        outputs = trainer.predict(faces)
        gender_logits.append(torch.from_numpy(outputs.predictions[0]))
        age_logits.append(torch.from_numpy(outputs.predictions[1]))
        for collected, labels in zip((gender, age_min, age_max), outputs.label_ids, strict=True):
            collected.append(torch.from_numpy(labels))
    settings = trainer.model.config
    logits, labels = torch.cat(gender_logits), torch.cat(gender)
    settings.gender_temperature = fit_temperature(logits, labels)
    probabilities = gender_probabilities(logits, settings.gender_temperature)
    settings.gender_uncertain_below = least_certain(probabilities, labels, settings.gender_certain_level)
    exact = torch.cat(age_min) == torch.cat(age_max)
    if exact.any():
        settings.age_interval_mass = conformal_mass(
            torch.cat(age_logits)[exact], torch.cat(age_min)[exact], settings.age_interval_level
        )


def _training_arguments(config: RunConfig) -> TrainingArguments:
    values = {
        "label_names": LABEL_NAMES,
        "remove_unused_columns": False,
        "num_train_epochs": config.epochs,
        "disable_tqdm": None,
        **config.training,
        "output_dir": str(config.folder),
    }
    if values.get("save_total_limit") == 1:
        raise ConfigError("`training.save_total_limit` must be at least 2: a kill inside a save leaves the one before")
    if values.get("hub_token"):
        raise ConfigError(
            "`training.hub_token` would be kept in the run's records: set HF_TOKEN or run `hf auth login`"
        )
    if values.get("hub_revision"):
        raise ConfigError("`training.hub_revision` has no use here: a run is pushed to its repository's main branch")
    if values.get("hub_strategy", "every_save") not in ("every_save", "end"):
        raise ConfigError("`training.hub_strategy` is every_save or end: checkpoints are not pushed, they hold pickles")
    for field in dataclasses.fields(TrainingArguments):
        # TrainingArguments takes text for a number, and the optimizer stumbles over it after the data is loaded.
        if type(field.default) in (int, float) and isinstance(values.get(field.name), str):
            raise ConfigError(f"`training.{field.name}` is {values[field.name]!r}; a number is wanted")
    try:
        return TrainingArguments(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"`training` cannot be used: {error}") from error


def _load_faces(config: RunConfig, cache_dir: Path, run: Path) -> tuple[AlignedFaces, dict[str, AlignedFaces]]:
    data = config.data
    sizes = list(dict.fromkeys(stage.image_size for stage in config.stages))
    rows = load_split(data.train, "train", data.limit, data.mapping)
    training = AlignedFaces(rows, sizes, cache_dir, data.margin, data.fallback_share)
    if data.drop_unlikely:
        training.keep(likely_rows(rows, config, cache_dir, run))
    names = [Path(source.partition("@")[0]).name for source in data.train]
    validation = {
        # Two datasets may end in the same name, such as a folder and its copy on the Hub.
        name if names.count(name) == 1 else source: AlignedFaces(
            load_split([source], "validation", data.limit, data.mapping), sizes, cache_dir
        )
        for name, source in zip(names, data.train, strict=True)
    }
    return training, validation


def _as_is(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`AlignedFaces` gives whole batches already."""
    return batch


def _claim(run: Path, config: RunConfig) -> None:
    """Note the config in the run's folder, or compare it with the one that is there."""
    noted = run / RUN_FILE
    text = yaml.safe_dump(json.loads(json.dumps(config.to_dict())))
    if not noted.exists():
        run.mkdir(parents=True, exist_ok=True)
        write_whole_text(noted, text)
    elif noted.read_text(encoding="utf-8") != text:
        raise RunError(
            f"{run} holds a run with another config ({noted.name} in it); continue that one with its own config, or "
            "name another training.output_dir"
        )
