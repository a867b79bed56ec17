"""MixUp and CutMix of training batches, whose labels are mixed in the loss."""

from __future__ import annotations

import torch
from torchvision.transforms import v2

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.modeling_gender_age import GenderAgeOutput, age_loss, gender_loss

from .augmentation_section import AugmentationSection

LABELS = ("gender", "age_min", "age_max", "gender_weight", "age_weight")


def mix_faces(faces: torch.Tensor, settings: AugmentationSection, seed: int) -> tuple[torch.Tensor, float]:
    """Each face of a batch mixed with the one before it, by torchvision's MixUp or CutMix, drawn where both are set.

    Args:
        faces: `(batch, 3, height, width)`.

    Returns:
        The mixed faces, and the share of a face itself in them.
    """
    mixes = [
        mix(alpha=alpha, num_classes=len(faces))
        for mix, alpha in ((v2.MixUp, settings.mixup), (v2.CutMix, settings.cutmix))
        if alpha
    ]
    if not mixes or len(faces) < 2:
        return faces, 1.0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # With the faces' own numbers as labels, the result says how much of a face is itself.
        faces, shares = v2.RandomChoice(mixes)(faces, torch.arange(len(faces), device=faces.device))
    return faces, float(shares[0, 0])


def mixed_loss(
    outputs: GenderAgeOutput, labels: dict[str, torch.Tensor], share: float, config: GenderAgeConfig
) -> torch.Tensor:
    """The loss of mixed faces: of their own labels, and of those of the face before, each times its share."""
    gender, age_min, age_max, gender_weight, age_weight = (
        labels[name].roll(1, 0) if name in labels else None for name in LABELS
    )
    other = config.gender_loss_weight * gender_loss(
        outputs.gender_logits, gender, config.gender_label_smoothing, gender_weight
    ) + age_loss(
        outputs.age_logits + labels.get("age_offset", 0.0),
        age_min,
        age_max,
        config.age_label_sigma,
        config.age_expectation_weight,
        age_weight,
    )
    return share * outputs.loss + (1 - share) * other


def rand_augment(pixels: torch.Tensor, magnitude: int, seed: int) -> torch.Tensor:
    """torchvision's RandAugment (https://arxiv.org/abs/1909.13719) of each face, uint8 `(batch, 3, side, side)`."""
    augment = v2.RandAugment(num_ops=2, magnitude=magnitude)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.stack([augment(face) for face in pixels])
