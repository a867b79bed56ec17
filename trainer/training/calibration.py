"""Calibration on the validation split: gender temperature, threshold of "uncertain", mass of the age interval."""

from __future__ import annotations

import bisect
import logging
import math
from typing import TYPE_CHECKING

import torch

from gender_age.decoding import age_intervals, expected_age, gender_probabilities, with_age
from gender_age.labels import GENDERS, MISSING

from ..faces.aligned_faces import AlignedFaces

if TYPE_CHECKING:
    from gender_age.configuration_gender_age import GenderAgeConfig

    from .gender_age_trainer import GenderAgeTrainer

logger = logging.getLogger(__name__)

FEW = 100
"""Fewer labels than these calibrate roughly: with 100, an 80 % interval holds 71 to 87 % (Wilson) of new ages."""

FEWEST = 10
"""Fewer, of either gender, say nothing: where all faces are right, their best temperature is the lowest of all."""

FITTED = {"gender_certain_level": "gender_uncertain_below", "age_interval_level": "age_interval_mass"}
"""A level of the config -> what is fitted to reach it."""

LABELS = {"gender_certain_level": "genders", "age_interval_level": "exact_ages"}
"""A level of the config -> the labels that it takes, as `calibrate` counts them."""

HIGHEST_THRESHOLD = 0.99
"""Of "uncertain", where no lower one suffices."""


def calibrate(trainer: GenderAgeTrainer, validation: dict[str, AlignedFaces]) -> dict[str, int]:
    """Fit temperature, threshold of "uncertain" and interval mass of `trainer.model` on the validation faces.

    The three numbers are stored in the model's config with the trainer's levels; those that fewer than `FEWEST` exact
    ages, or known labels of either gender, would fit stay as they are, and so does the level that they were fitted to.

    Returns:
        `genders`, `exact_ages`: the number of labels that were fitted on, 0 where that was not done.
    """
    gender_logits, age_logits, gender, age_min, age_max = [], [], [], [], []
    for faces in validation.values():
        outputs = trainer.predict(faces)
        gender_logits.append(torch.from_numpy(outputs.predictions[0]))
        age_logits.append(torch.from_numpy(outputs.predictions[1]))
        for collected, labels in zip((gender, age_min, age_max), outputs.label_ids, strict=True):
            collected.append(torch.from_numpy(labels))
    settings = trainer.model.config
    labels = torch.cat(gender)
    known = labels != MISSING
    logits, labels = torch.cat(gender_logits)[known], labels[known]
    exact = (torch.cat(age_min) == torch.cat(age_max)) & (torch.cat(age_min) != MISSING)
    numbers = {"genders": int(known.sum()), "exact_ages": int(exact.sum())}
    of_each_gender = int(torch.bincount(labels, minlength=len(GENDERS)).min())
    is_enough = {"genders": of_each_gender >= FEWEST, "exact_ages": numbers["exact_ages"] >= FEWEST}
    if (min(numbers.values()) < FEW or not all(is_enough.values())) and trainer.is_world_process_zero():
        counts = " and ".join(f"{number} {what.replace('_', ' ')}" for what, number in numbers.items())
        logger.warning(
            "the probabilities and intervals are calibrated on %s of validation photos: rough below %d, and not at all "
            "below %d, of each gender",
            counts,
            FEW,
            FEWEST,
        )
    if is_enough["genders"]:
        settings.gender_certain_level = trainer.levels["gender_certain_level"]
        settings.gender_temperature = fit_temperature(logits, labels)
        probabilities = gender_probabilities(logits, settings.gender_temperature)
        settings.gender_uncertain_below = least_certain(probabilities, labels, settings.gender_certain_level)
    else:
        _tell_kept(trainer, "gender_certain_level")
    if is_enough["exact_ages"]:
        settings.age_interval_level = trainer.levels["age_interval_level"]
        settings.age_interval_mass = conformal_mass(
            torch.cat(age_logits)[exact], torch.cat(age_min)[exact], settings.age_interval_level
        )
    else:
        _tell_kept(trainer, "age_interval_level")
    return {what: number if is_enough[what] else 0 for what, number in numbers.items()}


def hold_levels(config: GenderAgeConfig, start: GenderAgeConfig) -> dict[str, float]:
    """Puts the start's levels back into `config` until something is fitted to its own, which are returned.

    The start's threshold and mass keep no other promise, and a checkpoint of an unfinished run has those.
    """
    wanted = {level: getattr(config, level) for level in FITTED}
    for level, fitted in FITTED.items():
        if getattr(config, fitted) == getattr(start, fitted):
            setattr(config, level, getattr(start, level))
    return wanted


def _tell_kept(trainer: GenderAgeTrainer, level: str) -> None:
    wanted, kept = trainer.levels[level], getattr(trainer.model.config, level)
    if wanted != kept and trainer.is_world_process_zero():
        logger.warning(
            "`model.config.%s: %g` takes at least %d validation labels%s to fit `%s` to: it stays %g",
            level,
            wanted,
            FEWEST,
            " of each gender" if level == "gender_certain_level" else "",
            FITTED[level],
            kept,
        )


def fit_temperature(gender_logits: torch.Tensor, gender: torch.Tensor) -> float:
    """The temperature with the lowest cross-entropy (https://arxiv.org/abs/1706.04599), to a hundredth, in [0.3, 5].

    Args:
        gender_logits: `(n, 2)`.
        gender: `(n,)`, 0 female, 1 male.
    """
    temperatures = torch.arange(0.3, 5.0, 0.01, dtype=torch.float64)
    losses = [torch.nn.functional.cross_entropy(gender_logits.double() / t, gender) for t in temperatures]
    return round(float(temperatures[int(torch.stack(losses).argmin())]), 2)


def least_certain(gender_probabilities: torch.Tensor, gender: torch.Tensor, level: float) -> float:
    """The lowest threshold, to a hundredth, above which the accuracy of the predicted genders is at least `level`.

    Selective classification (https://arxiv.org/abs/1705.08500), without its bound for new faces. In [0.5, 0.98];
    `HIGHEST_THRESHOLD` where none of these suffices.

    Args:
        gender_probabilities: `(n, 2)`, after the temperature.
        gender: `(n,)`, 0 female, 1 male.
        level: share, in (0, 1).
    """
    probability, likelier = gender_probabilities.max(dim=-1)
    right = (likelier == gender).double()
    for hundredths in range(50, 99):
        certain = probability >= hundredths / 100
        if certain.any() and right[certain].mean() >= level:
            return hundredths / 100
    return HIGHEST_THRESHOLD


def conformal_mass(age_logits: torch.Tensor, age: torch.Tensor, level: float) -> float:
    """The interval mass at which the narrowest intervals cover `level` of new ages, to a thousandth.

    Conformal histogram regression (https://arxiv.org/abs/2105.08747): the lowest mass whose intervals cover
    `ceil((n + 1) * level)` of these ages.

    Args:
        age_logits: `(n, 101)`.
        age: `(n,)` exact ages in years; over 100 counts as 100.
        level: share, in (0, 1).
    """
    age = age.clamp(max=age_logits.shape[-1] - 1)
    ages = expected_age(age_logits)
    wanted = min(len(age), math.ceil((len(age) + 1) * level))

    def held(thousandths: int) -> int:
        low, high = with_age(age_intervals(age_logits, thousandths / 1000), ages).unbind(dim=-1)
        return int(((low <= age) & (age <= high)).sum())

    return bisect.bisect_left(range(1000), wanted, lo=1, key=held) / 1000
