import pytest
import torch

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.decoding import age_intervals, decode, expected_age


def peaked(age, width=3.0):
    return -0.5 * ((torch.arange(101.0) - age) / width) ** 2


def test_no_face_is_an_empty_list():
    assert decode(torch.zeros(0, 2), torch.zeros(0, 101), GenderAgeConfig()) == []


def test_expectation_and_interval_of_a_normal_distribution():
    logits = peaked(40)[None]
    assert expected_age(logits).item() == pytest.approx(40, abs=1e-3)
    low, high = age_intervals(logits, 0.8)[0].tolist()
    # 10 % and 90 % of a normal lie 1.2816 deviations from its mean.
    assert low == pytest.approx(40 - 1.2816 * 3, abs=0.1)
    assert high == pytest.approx(40 + 1.2816 * 3, abs=0.1)


def test_margin_widens_both_ends_and_stays_in_range():
    logits = torch.stack([peaked(40), peaked(0), peaked(100)])
    plain, wide = age_intervals(logits, 0.8), age_intervals(logits, 0.8, margin=2.5)
    assert torch.allclose(wide[0], plain[0] + torch.tensor([-2.5, 2.5]))
    assert wide.min() >= 0
    assert wide.max() <= 100


def test_answers_follow_logits_and_calibration():
    config = GenderAgeConfig(gender_temperature=2.0, gender_uncertain_below=0.8, age_interval_level=0.8)
    logits = torch.tensor([[4.0, 0.0], [0.0, 2.0]])
    female, male = decode(logits, torch.stack([peaked(20), peaked(60)]), config)
    assert (female.gender, male.gender) == ("female", "male")
    assert female.gender_probability == pytest.approx(torch.sigmoid(torch.tensor(2.0)).item())
    assert not female.uncertain
    assert male.uncertain
    assert female.age_interval[0] <= female.age <= female.age_interval[1]
    assert male.age_interval_level == 0.8


def test_the_interval_holds_the_age_even_when_narrowed_past_it():
    estimate = decode(torch.zeros(1, 2), peaked(30)[None], GenderAgeConfig(age_interval_margin=-50.0))[0]
    assert estimate.age_interval[0] <= estimate.age <= estimate.age_interval[1]
