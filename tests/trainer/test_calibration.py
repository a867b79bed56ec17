import torch

from gender_age.decoding import age_intervals, gender_probabilities
from trainer.calibration import conformal_margin, fit_temperature


def test_temperature_undoes_overconfidence():
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(20_000, 2, generator=generator)
    gender = torch.multinomial(honest.softmax(-1), 1, generator=generator).squeeze(1)
    temperature = fit_temperature(honest * 3, gender)
    assert 2.8 < temperature < 3.2
    said = gender_probabilities(honest * 3, temperature).max(-1)
    assert abs(said.values.mean() - (said.indices == gender).float().mean()) < 0.01


def test_margin_gives_new_ages_the_promised_coverage():
    generator = torch.Generator().manual_seed(0)
    years = torch.arange(101.0)
    centre = torch.rand(4000, 1, generator=generator) * 60 + 20
    logits = -0.5 * ((years - centre) / 3) ** 2
    age = (centre.squeeze(1) + 8 * torch.randn(4000, generator=generator)).round().clamp(0, 100).long()
    margin = conformal_margin(logits[:2000], age[:2000], 0.8)
    assert margin > 3
    low, high = age_intervals(logits[2000:], 0.8, margin).unbind(-1)
    covered = ((age[2000:] >= low) & (age[2000:] <= high)).float().mean()
    assert 0.77 < covered < 0.83


def test_margin_narrows_intervals_that_are_too_wide():
    years = torch.arange(101.0)
    logits = (-0.5 * ((years - 50) / 20) ** 2).repeat(500, 1)
    age = torch.full((500,), 50)
    assert conformal_margin(logits, age, 0.8) < -10
