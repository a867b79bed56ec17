import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.decoding import age_intervals, gender_probabilities
from gender_age.labels import MISSING
from trainer.training.calibration import calibrate, conformal_mass, fit_temperature, hold_levels, least_certain


def test_temperature_undoes_overconfidence():
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(20_000, 2, generator=generator)
    gender = torch.multinomial(honest.softmax(-1), 1, generator=generator).squeeze(1)
    temperature = fit_temperature(honest * 3, gender)
    assert 2.8 < temperature < 3.2
    said = gender_probabilities(honest * 3, temperature).max(-1)
    assert abs(said.values.mean() - (said.indices == gender).float().mean()) < 0.01


def test_certain_genders_are_right_as_often_as_asked():
    generator = torch.Generator().manual_seed(0)
    probabilities = (2 * torch.randn(40_000, 2, generator=generator)).softmax(-1)
    gender = torch.multinomial(probabilities, 1, generator=generator).squeeze(1)
    threshold = least_certain(probabilities[:20_000], gender[:20_000], 0.95)
    said = probabilities[20_000:].max(-1)
    right = (said.indices == gender[20_000:]).float()
    assert 0.945 < right[said.values >= threshold].mean() < 0.955
    # No more are marked than need be.
    assert right[said.values >= threshold - 0.1].mean() < 0.94


def test_every_gender_is_certain_where_all_are_right_often_enough():
    assert least_certain(torch.tensor([[0.6, 0.4], [0.3, 0.7]]), torch.tensor([0, 1]), 0.97) == 0.5


def test_hardly_a_gender_is_certain_where_none_is_right():
    assert least_certain(torch.tensor([[0.9, 0.1], [0.98, 0.02]]), torch.tensor([1, 1]), 0.97) == 0.99


def test_mass_gives_new_ages_the_promised_coverage():
    generator = torch.Generator().manual_seed(0)
    years = torch.arange(101.0)
    centre = torch.rand(4000, 1, generator=generator) * 60 + 20
    logits = -0.5 * ((years - centre) / 6) ** 2
    age = (centre.squeeze(1) + 8 * torch.randn(4000, generator=generator)).round().clamp(0, 100).long()
    mass = conformal_mass(logits[:2000], age[:2000], 0.8)
    # 80 % of a normal with deviation 8 lie within 10.25 of its mean, 1.71 deviations of 6.
    assert 0.88 < mass < 0.94
    low, high = age_intervals(logits[2000:], mass).unbind(-1)
    covered = ((age[2000:] >= low) & (age[2000:] <= high)).float().mean()
    assert 0.77 < covered < 0.83


def test_mass_narrows_intervals_that_are_too_wide():
    years = torch.arange(101.0)
    logits = (-0.5 * ((years - 50) / 20) ** 2).repeat(500, 1)
    assert conformal_mass(logits, torch.full((500,), 52), 0.8) < 0.1


def test_mass_is_the_largest_where_no_interval_is_wide_enough():
    logits = (-0.5 * (torch.arange(101.0) - 20) ** 2).repeat(50, 1)
    assert conformal_mass(logits, torch.full((50,), 90), 0.8) >= 0.999


def calibrated(number, config, start, women=None):
    """What `calibrate` returns for as many ages, men and, unless it is said, women, all of them right and certain."""
    women = number if women is None else women
    gender = np.repeat([1, 0], [number, women])
    logits = np.stack([5.0 * (gender == 0), 5.0 * (gender == 1)], axis=1).astype(np.float32)
    ages = np.tile(-0.5 * (np.arange(101, dtype=np.float32) - 30) ** 2, (number + women, 1))
    years = np.repeat([30, MISSING], [number, women])
    labels = (gender, years, years)
    outputs = SimpleNamespace(predictions=(logits, ages), label_ids=labels)
    trainer = SimpleNamespace(
        predict=lambda faces: outputs,
        model=SimpleNamespace(config=config),
        levels=hold_levels(config, start),
        is_world_process_zero=lambda: True,
    )
    return calibrate(trainer, {"own": None})


@pytest.mark.parametrize(("number", "is_fitted"), [(9, False), (10, True)])
def test_a_handful_of_faces_leaves_the_calibration_as_it_was(number, is_fitted):
    """All of them right and certain: their best temperature would be the lowest, their best interval the narrowest."""
    start = GenderAgeConfig(gender_temperature=1.25, gender_uncertain_below=0.75, age_interval_mass=0.75)
    config = copy.deepcopy(start)
    fitted_on = calibrated(number, config, start)
    fitted = (config.gender_temperature, config.gender_uncertain_below, config.age_interval_mass)
    assert (fitted != (1.25, 0.75, 0.75)) == is_fitted
    assert fitted_on == ({"genders": 20, "exact_ages": 10} if is_fitted else {"genders": 0, "exact_ages": 0})


@pytest.mark.parametrize(("women", "genders"), [(0, 0), (9, 0), (10, 70)])
def test_one_gender_alone_calibrates_no_probabilities(women, genders, caplog):
    start = GenderAgeConfig(gender_temperature=1.25, gender_uncertain_below=0.75)
    config = GenderAgeConfig(gender_temperature=1.25, gender_uncertain_below=0.75, gender_certain_level=0.99)
    assert calibrated(60, config, start, women) == {"genders": genders, "exact_ages": 60}
    assert ((config.gender_temperature, config.gender_uncertain_below) == (1.25, 0.75)) == (genders == 0)
    assert ("10 validation labels of each gender to fit" in caplog.text) == (genders == 0)


@pytest.mark.parametrize(("number", "level", "certain"), [(9, 0.8, 0.97), (10, 0.9, 0.99)])
def test_a_level_that_nothing_could_be_fitted_to_stays_that_of_the_start(number, level, certain, caplog):
    start = GenderAgeConfig(age_interval_mass=0.75)
    config = GenderAgeConfig(age_interval_mass=0.75, age_interval_level=0.9, gender_certain_level=0.99)
    calibrated(number, config, start)
    assert (config.age_interval_level, config.gender_certain_level) == (level, certain)
    kept = "age_interval_level: 0.9` takes at least 10 validation labels to fit `age_interval_mass` to: it stays 0.8"
    assert (kept in caplog.text) == (number < 10)


def test_a_run_promises_what_its_start_keeps_until_it_is_calibrated():
    """Its checkpoints are pushed before its end, with the start's mass and threshold."""
    start = GenderAgeConfig(age_interval_mass=0.75, gender_uncertain_below=0.7)
    config = GenderAgeConfig(age_interval_mass=0.75, age_interval_level=0.9, gender_certain_level=0.99)
    levels = hold_levels(config, start)
    assert levels == {"age_interval_level": 0.9, "gender_certain_level": 0.99}
    assert config.age_interval_level == 0.8
    assert config.gender_certain_level == 0.99, "a threshold of one's own keeps a level of one's own"
