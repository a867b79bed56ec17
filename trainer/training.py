"""Hugging Face's Trainer for aligned faces: augmentation on the device, growing image size, averaged weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from transformers import Trainer, TrainerCallback

from gender_age.modeling_gender_age import ViTForGenderAge

from .augmentation import augment_faces, normalise_faces
from .averaging import WeightAverage
from .config import RunConfig
from .faces import AlignedFaces
from .sampling import WeightedShuffle, age_weights

LABEL_NAMES = ["gender", "age_min", "age_max"]


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


class GenderAgeTrainer(Trainer):
    """`Trainer` over `AlignedFaces`.

    Args:
        run: the run's config.
        average: what `evaluate` and the saved model use in place of the live weights; None for those themselves.
    """

    def __init__(self, *args, run: RunConfig, average: WeightAverage | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.run_config, self.average = run, average

    def _get_train_sampler(self, train_dataset=None):
        faces = train_dataset if train_dataset is not None else self.train_dataset
        weights = age_weights(faces.age_min, faces.age_max, self.run_config.data.age_balance)
        return WeightedShuffle(weights, self.args.seed)

    def _prepare_inputs(self, inputs):
        inputs = super()._prepare_inputs(inputs)
        pixels = inputs.pop("pixels")
        if self.model.training:
            size = image_size_at(
                self.state.global_step / self.state.max_steps * self.run_config.epochs, self.run_config
            )
            generator = torch.Generator(pixels.device).manual_seed(self._step_seed())
            inputs["pixel_values"] = augment_faces(pixels, size, self.run_config.augmentation, generator)
        else:
            inputs["pixel_values"] = normalise_faces(pixels)
        return inputs

    def _step_seed(self) -> int:
        """From seed, step and process alone, so that a continued run augments as the unbroken one would have."""
        return (self.args.seed * 1_000_003 + self.state.global_step) * 4_099 + self.args.process_index

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        """Trainer 5 saves under the names of older ViT files but reads a checkpoint without translating them back:
        every transformer layer would keep its random weights, with a warning only. `from_pretrained` translates."""
        saved = ViTForGenderAge.from_pretrained(resume_from_checkpoint)
        (model if model is not None else self.model).load_state_dict(saved.state_dict())

    def evaluate(self, *args, **kwargs):
        if self.average is None:
            return super().evaluate(*args, **kwargs)
        with self.average.in_place():
            return super().evaluate(*args, **kwargs)
