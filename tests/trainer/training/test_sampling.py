import pytest
import torch

from trainer.training.sampling import WeightedShuffle, age_weights, balanced_by_gender

AGES = torch.tensor([2] * 10 + [27] * 80 + [90] * 10)


def test_balance_zero_shows_each_face_once():
    weights = age_weights(AGES, AGES, 0.0)
    assert sorted(WeightedShuffle(weights, seed=0)) == list(range(100))


def test_balance_one_shows_each_age_equally_often():
    drawn = AGES[list(WeightedShuffle(age_weights(AGES, AGES, 1.0), seed=0))]
    assert len(drawn) == 100
    for age in (2, 27, 90):
        assert 28 <= (drawn == age).sum() <= 39


def test_nobody_with_a_weight_over_one_is_left_out():
    weights = age_weights(AGES, AGES, 0.5)
    drawn = torch.bincount(torch.tensor(list(WeightedShuffle(weights, seed=0))), minlength=100)
    assert (drawn >= weights.floor()).all()
    assert (drawn <= weights.ceil()).all()


def test_order_is_fixed_by_seed_and_epoch():
    sampler, again = (WeightedShuffle(age_weights(AGES, AGES, 0.5), seed=1) for _ in range(2))
    first = list(sampler)
    assert first == list(again)
    sampler.set_epoch(1)
    assert first != list(sampler)


def test_an_open_range_counts_below_a_hundred():
    weights = age_weights(torch.tensor([70, 20]), torch.tensor([120, 20]), 1.0)
    assert torch.allclose(weights, torch.ones(2).double())


def test_balance_by_gender():
    gender = torch.tensor([0] * 20 + [1] * 80)
    by_age = age_weights(AGES, AGES, 0.5)
    assert torch.allclose(balanced_by_gender(by_age, gender, 0.0), by_age)
    for balance, (low, high) in {0.5: (25, 45), 1.0: (47, 53)}.items():
        weights = balanced_by_gender(by_age, gender, balance)
        assert torch.isclose(weights.sum(), torch.tensor(100.0).double())
        drawn = gender[list(WeightedShuffle(weights, seed=0))]
        assert low <= (drawn == 0).sum() <= high


def test_unknown_genders_stay_as_they_are_among_the_others():
    gender = torch.tensor([0, 0, 0, 1, -100, -100])
    weights = balanced_by_gender(torch.ones(6, dtype=torch.float64), gender, 1)
    assert weights.sum() == pytest.approx(6)
    assert weights[gender == 0].sum() == pytest.approx(float(weights[gender == 1].sum()))
    assert weights[3] > weights[4] > weights[0]
    assert torch.equal(balanced_by_gender(torch.ones(2), torch.tensor([-100, -100]), 1), torch.ones(2))
