import numpy as np
import pytest
import torch

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.decoding import age_intervals, decode, expected_age, mass_below, with_age


def peaked(age, width=3.0):
    return -0.5 * ((torch.arange(101.0) - age) / width) ** 2


def test_no_face_is_an_empty_list():
    assert decode(torch.zeros(0, 2), torch.zeros(0, 101), GenderAgeConfig()) == []


def test_expectation_and_interval_of_a_normal_distribution():
    logits = peaked(40)[None]
    assert expected_age(logits).item() == pytest.approx(40, abs=1e-3)
    # 80 % of a normal lie within 1.2816 deviations of its mean: here 3.8 years. Seven whole years hold 76 % of it.
    low, high = age_intervals(logits, 0.8)[0].tolist()
    assert (low, high) in ((37, 44), (36, 43))
    assert age_intervals(logits, 0.75)[0].tolist() == [37, 43]


def test_a_larger_mass_widens_the_interval_within_the_years():
    logits = torch.stack([peaked(40), peaked(0), peaked(100)])
    narrow, wide, whole = (age_intervals(logits, mass) for mass in (0.8, 0.95, 0.9999))
    assert (wide[:, 1] - wide[:, 0] > narrow[:, 1] - narrow[:, 0]).all()
    assert whole.min() >= 0
    assert whole.max() <= 100


def most_held(probabilities: np.ndarray, years: int) -> float:
    """By any range of so many years."""
    held_before = np.concatenate([[0], probabilities.cumsum()])
    return (held_before[years:] - held_before[: len(held_before) - years]).max()


@pytest.mark.parametrize("mass", [0.3, 0.8, 0.95])
def test_no_range_with_the_same_mass_is_narrower(mass):
    logits = 2 * torch.randn(20, 101, generator=torch.Generator().manual_seed(0))
    probabilities = logits.double().softmax(-1).numpy()
    for row, (low, high) in zip(probabilities, age_intervals(logits, mass).int().tolist(), strict=True):
        assert row[low : high + 1].sum() == pytest.approx(most_held(row, high - low + 1))
        assert most_held(row, high - low) < mass <= most_held(row, high - low + 1)


def test_all_of_it_is_all_years():
    logits = torch.stack([torch.zeros(101), *(torch.randn(4, 101, generator=torch.Generator().manual_seed(0)))])
    assert age_intervals(logits, 1.0).tolist() == [[0, 100]] * 5
    assert with_age(torch.tensor([[90.0, 100.0]]), torch.tensor([100.00001])).tolist() == [[90, 100]]


def test_a_skewed_distribution_keeps_its_peak():
    logits = torch.log(0.9 ** torch.arange(101.0))[None]
    low, high = age_intervals(logits, 0.8)[0].tolist()
    assert low == 0
    assert high == np.ceil(np.log(0.2) / np.log(0.9)) - 1


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


class OnMac(torch.Tensor):
    """A tensor on a device without float64."""

    def double(self):
        raise TypeError

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def test_answers_come_from_devices_without_float64():
    logits = torch.tensor([[4.0, 0.0]]), peaked(20)[None]
    assert decode(*(each.as_subclass(OnMac) for each in logits), GenderAgeConfig()) == decode(
        *logits, GenderAgeConfig()
    )


def test_the_interval_holds_the_age_even_beside_the_peak():
    two_peaks = torch.logaddexp(peaked(20), peaked(60) - 0.1)
    estimate = decode(torch.zeros(1, 2), two_peaks[None], GenderAgeConfig(age_interval_mass=0.3))[0]
    assert estimate.age_interval[0] < 25
    assert estimate.age > 30
    first, last = estimate.age_interval
    assert last == int(last)
    # By no more years than it takes.
    assert first <= last - 1 < estimate.age <= last


def test_the_mass_below_18_is_that_of_the_years_0_to_17():
    logits = torch.full((3, 101), -torch.inf)
    logits[0, [17, 18]] = torch.tensor([0.3, 0.7]).log()
    logits[1, :18] = 0.0
    logits[2, 18:] = 0.0
    assert mass_below(logits, 18).tolist() == pytest.approx([0.3, 1.0, 0.0])
    assert [face.under_18 for face in decode(torch.zeros(3, 2), logits, GenderAgeConfig())] == pytest.approx(
        [0.3, 1, 0]
    )


def test_the_mass_below_is_a_probability_whatever_the_rounding():
    logits = 9 * torch.randn(500, 101, generator=torch.Generator().manual_seed(0))
    logits[:, :18] += 60
    assert mass_below(logits, 18).max() <= 1
