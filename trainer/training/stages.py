"""The image size of the training faces, which grows from stage to stage."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import torch
from transformers import TrainerCallback, TrainingArguments

from gender_age.modeling_gender_age import GenderAgeModel

from ..errors import ConfigError
from ..faces.aligned_faces import AlignedFaces, margin_of
from .config import RunConfig, Stage
from .model_checks import UNUSABLE, one_line

logger = logging.getLogger(__name__)


def image_size_at(epoch: float, config: RunConfig) -> int:
    """The image size in pixels of the stage that the given epoch (0-based, may be inside one) belongs to."""
    done = 0
    for stage in config.stages:
        done += stage.epochs
        # An epoch that ended counts 3.0000001 or 2.9999999, by the division of steps.
        if math.floor(epoch + 1e-6) < done:
            return stage.image_size
    return config.image_size


class GrowImages(TrainerCallback):
    """Switches all faces to the stage's image size at the start of each epoch."""

    def __init__(self, faces: Sequence[AlignedFaces], config: RunConfig) -> None:
        self.faces, self.config = faces, config

    def on_epoch_begin(self, args, state, control, **kwargs) -> None:
        for faces in self.faces:
            faces.image_size = image_size_at(state.epoch or 0.0, self.config)


def image_size_of(side: int, config: RunConfig) -> int:
    """The image size in pixels of a training face that was fetched with a margin, `side` pixels wide."""
    sizes = {stage.image_size for stage in config.stages}
    return next(size for size in sizes if size + 2 * margin_of(size, config.data.margin) == side)


def check_image_sizes(stages: Sequence[Stage], model: GenderAgeModel) -> None:
    """Refuse sizes that the network cannot take, or of which this project's own would ignore the last rows and columns.

    Raises:
        ConfigError: a size is one.
    """
    own = model.config.backbone_config is None
    for number, stage in enumerate(stages):
        side, name = stage.image_size, f"`stages[{number}].image_size` is {stage.image_size}"
        if own and side % model.config.patch_size:
            raise ConfigError(f"{name}; a multiple of the patch size, {model.config.patch_size}, is wanted")
        if own:
            continue
        try:
            with torch.no_grad():
                model.eval()(torch.zeros(1, 3, side, side))
        except UNUSABLE as error:
            raise ConfigError(f"{name}, which the network cannot take: {one_line(error)}") from error


def check_schedule(config: RunConfig, args: TrainingArguments, num_faces: int) -> int:
    """Refuse a run without steps, or whose loader keeps the first stage's size; warn of a stage that is not reached.

    Returns:
        The number of faces in the last batch of an epoch.

    Raises:
        ConfigError: the run cannot be trained so.
    """
    batch = args.train_batch_size * args.world_size
    batches = num_faces // batch if args.dataloader_drop_last else math.ceil(num_faces / batch)
    if batches == 0:
        raise ConfigError(
            f"`training.dataloader_drop_last` leaves no batch of {batch} faces out of {num_faces}: set it to false, or "
            "`training.per_device_train_batch_size` lower"
        )
    # Batches of several processes are filled up.
    last_batch = batch if args.dataloader_drop_last or args.world_size > 1 else num_faces - (batches - 1) * batch
    if len(config.stages) == 1:
        return last_batch
    if args.dataloader_persistent_workers:
        raise ConfigError(
            "`training.dataloader_persistent_workers` is not for a run of several stages: the workers keep the size of "
            "the first"
        )
    steps = math.ceil(batches / args.gradient_accumulation_steps)
    begins = steps * sum(stage.epochs for stage in config.stages[:-1])
    if 0 < args.max_steps <= begins:
        logger.warning(
            "`training.max_steps: %d` ends the run before its last stage, which begins after %d steps: no face is seen "
            "at %d px, the size of the finished model",
            args.max_steps,
            begins,
            config.image_size,
        )
    return last_batch
