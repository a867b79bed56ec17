"""The settings of the augmentation."""

# Without `from __future__ import annotations`: `strict` checks real types only, and passes over their names.
from dataclasses import dataclass, field

from huggingface_hub.dataclasses import strict

from .settings import CheckedSection, number, whole_number


@strict
@dataclass(frozen=True, slots=True)
class AugmentationSection(CheckedSection):
    """Random changes to each training face, beside a horizontal flip with probability 0.5."""

    rotation: float = field(default=10.0, metadata={"help": "Largest rotation in degrees.", **number(0, 180)})
    scale: float = field(
        default=0.1, metadata={"help": "Largest change of scale, as a share.", **number(0, 1, below=True)}
    )
    shift: float = field(
        default=0.05, metadata={"help": "Largest translation, as a share of the side.", **number(0, 1)}
    )
    colour: float = field(
        default=0.3,
        metadata={"help": "Largest change of brightness, contrast and saturation, as a share.", **number(0, 1)},
    )
    grey: float = field(default=0.1, metadata={"help": "Share of faces in greyscale.", **number(0, 1)})
    low_resolution: float = field(
        default=0.2,
        metadata={"help": "Share of faces downsampled two to three times and upsampled again.", **number(0, 1)},
    )
    retouch: float = field(
        default=0.0, metadata={"help": "Share of faces whose skin is smoothed, as in portraits.", **number(0, 1)}
    )
    noise: float = field(
        default=0.04,
        metadata={"help": "Largest standard deviation of Gaussian noise, for pixels in [0, 1].", **number(0, 1)},
    )
    erase: float = field(
        default=0.25, metadata={"help": "Share of faces with a grey rectangle (random erasing).", **number(0, 1)}
    )
    rand_augment: int = field(
        default=0,
        metadata={
            "help": "Magnitude of RandAugment's two operations on each face, before the others; 0 turns it off.",
            **whole_number(0, 30),
        },
    )
    mixup: float = field(
        default=0.0,
        metadata={"help": "Alpha of MixUp, which blends each face with another; 0 turns it off.", **number(0, 10)},
    )
    cutmix: float = field(
        default=0.0,
        metadata={
            "help": "Alpha of CutMix, which pastes a part of another face; 0 turns it off. With both, a batch draws.",
            **number(0, 10),
        },
    )
