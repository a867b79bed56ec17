"""What a run trains with: network, faces and the Trainer over them, checked before the training begins."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from transformers import TrainerCallback, TrainingArguments

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.labels import MISSING
from gender_age.modeling_gender_age import GenderAgeModel

from ..errors import ConfigError
from ..faces.aligned_faces import AlignedFaces
from ..faces.streamed_faces import StreamedFaces
from .age_prior import adopt_prior_power, age_log_prior
from .averaging import WeightAverage
from .best_step import BestStep, StopEarly, check_metric
from .build_model import build_model, start_config
from .calibration import hold_levels
from .checkpoints import (
    CompletionMarker,
    full_disk_as_sentence,
    remove_broken_checkpoints,
)
from .compute_metrics import compute_metrics
from .config import RunConfig
from .fine_tuning import choose_trained_weights
from .gender_age_trainer import GenderAgeTrainer
from .label_cleaning import likely_rows
from .machines import common_checkpoint
from .model_checks import as_sentence, check_batch_norm, check_trainer
from .normalisation import normalisation_of
from .run_folder import make_folder
from .run_rows import load_run_rows
from .sampling import draws_of
from .stages import GrowImages, check_image_sizes, check_schedule
from .streaming import PassOverSeen, stream_faces

logger = logging.getLogger(__name__)


def prepare_trainer(config: RunConfig, arguments: TrainingArguments) -> tuple[GenderAgeTrainer, Path | None]:
    """The Trainer of a run, and the checkpoint that it continues from; None where the run is new.

    Raises:
        ConfigError: the config cannot be used.
        DataError: a dataset cannot be loaded.
        RunError: a folder cannot be made, or the disk is full.
        TrainerError: the run's Hub repository cannot be created.
    """
    # Load
    run = config.folder
    if config.data.drop_unlikely and config.model.pretrained is None:
        raise ConfigError("`data.drop_unlikely` needs a trained model in `model.pretrained`")
    model, normalisation = build_model(config.model, config.image_size), normalisation_of(config.model)
    start = start_config(config.model)
    if config.start_share and (start is None or config.model.lora):
        raise ConfigError("`start_share` needs a checkpoint of this project in `model.pretrained`, and no `model.lora`")
    check_image_sizes(config.stages, model)
    choose_trained_weights(model, config.model)
    with arguments.main_process_first(), full_disk_as_sentence(run):
        train_faces, validation_faces, face_weights = _faces(config, arguments)
    last_batch = check_schedule(config, arguments, train_faces.num_faces)
    check_batch_norm(model, min(stage.image_size for stage in config.stages), last_batch)
    check_metric(arguments.metric_for_best_model, validation_faces)
    model.config.average_mirrored = False  # regardless of the initial checkpoint
    draws = None if isinstance(train_faces, StreamedFaces) else draws_of(train_faces, config.data, face_weights)
    age_offset = _leave_out_prior(model, start, train_faces, draws)
    average = WeightAverage(model, config.ema_decay) if config.ema_decay else None
    checkpoint = common_checkpoint(run)
    marker = CompletionMarker(checkpoint, _conditions(arguments, train_faces))
    if checkpoint is not None and average:
        average.load(checkpoint)
    if arguments.should_save:
        remove_broken_checkpoints(run)

    # Trainer
    # Metrics of all steps are compared at one size, that of the finished model.
    growing = [] if arguments.metric_for_best_model else validation_faces.values()
    for faces in validation_faces.values():
        faces.image_size = config.image_size
    grow = GrowImages([train_faces, *growing], config)
    seen = [PassOverSeen(train_faces)] if isinstance(train_faces, StreamedFaces) else []
    with as_sentence("training"):
        trainer = GenderAgeTrainer(
            model=model,
            args=arguments,
            run=config,
            average=average,
            normalisation=normalisation,
            marker=marker,
            draws=draws,
            age_offset=age_offset,
            levels=hold_levels(model.config, start or GenderAgeConfig()),
            train_dataset=train_faces,
            eval_dataset=validation_faces,
            data_collator=_as_is,
            compute_metrics=compute_metrics,
            callbacks=[grow, *seen, *_best_step_callbacks(config, arguments), *([average] if average else []), marker],
        )
    check_trainer(trainer)
    logger.warning(
        "%s: %d faces, %.2f M parameters, world size %d, device %s",
        f"continuing from {checkpoint.name}" if checkpoint else "a new run",
        train_faces.num_faces,
        model.num_parameters() / 1e6,
        arguments.world_size,
        arguments.device,
    )
    return trainer, checkpoint


def _conditions(arguments: TrainingArguments, faces: AlignedFaces | StreamedFaces) -> dict[str, int | str]:
    """What a step is made of, beside the config: the faces of all processes, and the digest of the training split."""
    per_process = arguments.train_batch_size * arguments.gradient_accumulation_steps
    return {"faces per step": per_process * arguments.world_size, "files and labels": faces.revision}


def _faces(
    config: RunConfig, arguments: TrainingArguments
) -> tuple[AlignedFaces | StreamedFaces, dict[str, AlignedFaces], torch.Tensor | None]:
    """The training faces of all datasets, the validation faces by dataset, and the weights of the training faces."""
    data = config.data
    cache_dir = Path(data.cache_dir or config.folder / "faces")
    make_folder(cache_dir, "data.cache_dir")
    sizes = list(dict.fromkeys(stage.image_size for stage in config.stages))
    weights: torch.Tensor | None = None
    if data.streaming:
        training, validation = stream_faces(config, arguments)
    else:
        rows = load_run_rows(data)
        training = AlignedFaces(rows.training, sizes, cache_dir, data.margin, data.fallback_share)
        training.loss_weights, training.sources = rows.loss_weights, rows.sources
        validation, weights = rows.validation, rows.weights
        if data.drop_unlikely:
            kept = likely_rows(rows.training, config, cache_dir, config.folder)
            training.keep(kept)
            weights = None if weights is None else weights[kept]
    return training, {name: AlignedFaces(each, sizes, cache_dir) for name, each in validation.items()}, weights


def _leave_out_prior(
    model: GenderAgeModel,
    start: GenderAgeConfig | None,
    faces: AlignedFaces | StreamedFaces,
    draws: torch.Tensor | None,
) -> torch.Tensor | None:
    """Bring the age head to the model's `age_prior_power`; what training adds to its logits, None for nothing."""
    power = model.config.age_prior_power
    if not power and (start is None or not start.age_prior_power):
        return None
    age_min, age_max = faces.ages if isinstance(faces, StreamedFaces) else (faces.age_min, faces.age_max)
    if not (age_min != MISSING).any():  # genders alone
        return None
    log_prior = age_log_prior(age_min, age_max, torch.ones(len(age_min)) if draws is None else draws)
    adopt_prior_power(model, start, log_prior)
    return power * log_prior if power else None


def _best_step_callbacks(config: RunConfig, arguments: TrainingArguments) -> list[TrainerCallback]:
    if arguments.metric_for_best_model is None:
        return []
    patience = config.early_stopping_patience
    return [BestStep(), *([StopEarly(patience)] if patience else [])]


def _as_is(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`AlignedFaces.__getitems__` returns collated batches."""
    return batch
