"""The normalisation of a model's input: mean and deviation of its image processor."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from huggingface_hub.errors import HTTPError
from transformers import AutoConfig, AutoImageProcessor, BaseImageProcessor
from transformers.utils import IMAGE_PROCESSOR_NAME, PROCESSOR_NAME, cached_file

from gender_age.families import FAMILIES

from ..errors import ConfigError
from .config import ModelSection

logger = logging.getLogger(__name__)

CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Mean and deviation per channel, for pixels in [0, 1]; 0.5 for a model with random weights."""

    mean: tuple[float, ...] = (0.5,) * CHANNELS
    std: tuple[float, ...] = (0.5,) * CHANNELS

    @classmethod
    def of(cls, image_processor: BaseImageProcessor) -> Normalisation:
        """An image processor's.

        Raises:
            ConfigError: it has another number of channels, or another order of them than its family's.
        """
        if getattr(image_processor, "do_flip_channel_order", None) is False:  # MobileViT's, whose networks take BGR
            raise ConfigError(
                "the checkpoint's image processor has `do_flip_channel_order: false`, for a network that takes RGB; "
                "networks of its family are given BGR here"
            )
        mean, std = (0.0,) * CHANNELS, (1.0,) * CHANNELS
        if getattr(image_processor, "do_normalize", True):
            mean, std = (tuple(map(float, getattr(image_processor, f"image_{name}"))) for name in ("mean", "std"))
        if len(mean) != CHANNELS or len(std) != CHANNELS or 0.0 in std:
            raise ConfigError(
                f"the checkpoint's image processor has the mean {mean} and the deviation {std}, not of RGB"
            )
        if getattr(image_processor, "include_top", False):  # EfficientNet's divides twice
            std = tuple(each * each for each in std)
        # What is normalised is `scale * pixel - offset`.
        scale, offset = 255.0, 0.0
        if getattr(image_processor, "do_rescale", True):
            scale *= image_processor.rescale_factor
            offset = float(getattr(image_processor, "rescale_offset", None) or False)
        return cls(tuple((each + offset) / scale for each in mean), tuple(each / scale for each in std))

    def __call__(self, faces: torch.Tensor) -> torch.Tensor:
        """Float `(batch, 3, height, width)` in [-1, 1] as the model takes them."""
        if self == HALF:
            return faces
        mean, std = (faces.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        return ((faces + 1) / 2 - mean) / std


HALF = Normalisation()
"""That of random weights."""


def normalisation_of(section: ModelSection) -> Normalisation:
    """That of the checkpoint in `model.pretrained`; 0.5 for random weights and, with a warning, if it does not say.

    Raises:
        ConfigError: the checkpoint's image processor cannot be read.
    """
    if section.pretrained is None:
        return HALF
    try:
        if any(_has(section, name) for name in (IMAGE_PROCESSOR_NAME, PROCESSOR_NAME)):
            return Normalisation.of(AutoImageProcessor.from_pretrained(section.pretrained, revision=section.revision))
        config = AutoConfig.from_pretrained(section.pretrained, revision=section.revision)
    except (OSError, ValueError, TypeError, AttributeError, HTTPError) as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"cannot read the image processor of {section.pretrained}: {problem}") from error
    family = FAMILIES.get(config.model_type)
    if family is None or family.normalisation is None:
        logger.warning(
            "%s has no %s, which names the mean and deviation of its pixels: both are taken to be 0.5. If it was "
            "trained with others, lay that file beside the weights",
            section.pretrained,
            IMAGE_PROCESSOR_NAME,
        )
        return HALF
    return Normalisation(*map(tuple, family.normalisation(config)))


def _has(section: ModelSection, name: str) -> bool:
    found = cached_file(
        section.pretrained, name, revision=section.revision, _raise_exceptions_for_missing_entries=False
    )
    return found is not None
