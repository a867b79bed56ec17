"""The prior of the ages, and a head that learns to do without it."""

from types import SimpleNamespace

import pytest
import torch

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.labels import MISSING, NUM_AGES
from gender_age.modeling_gender_age import GenderAgeModel, age_loss
from tests.trainer.test_train import run_values
from trainer.faces.loading import load_split
from trainer.train import train
from trainer.training.age_prior import age_log_prior
from trainer.training.config_file import parse_config
from trainer.training.prepare_trainer import _leave_out_prior
from trainer.training.sampling import age_weights


def prior(*labels, weights=None):
    low, high = torch.tensor(labels).unbind(1)
    return age_log_prior(low, high, torch.ones(len(low)) if weights is None else torch.tensor(weights)).exp()


def test_it_is_a_distribution_around_the_labelled_years():
    found = prior((20, 20), (20, 20), (60, 60))
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert found[:41].sum() == pytest.approx(2 / 3, abs=0.01)
    assert (int(found[:41].argmax()), int(found[41:].argmax()) + 41) == (20, 60)
    assert found.min() > 0, "a year without a face divides by nothing"


def test_the_ends_of_the_scale_lose_nothing():
    assert prior((0, 0), (50, 50))[:26].sum() == pytest.approx(0.5, abs=0.01)
    assert prior((116, 116), (50, 50))[75:].sum() == pytest.approx(0.5, abs=0.01)


def test_a_range_counts_for_each_of_its_years():
    found = prior((20, 39))
    assert found[20:40].sum() > 0.8
    assert float(found[25]) == pytest.approx(float(found[34]), rel=0.05)


def test_an_open_range_does_not_reach_the_end_of_the_scale():
    found = prior((70, 120), (30, 30))
    assert found[70:91].sum() > 0.4
    assert found[97:].sum() < 0.02


def test_faces_drawn_more_often_count_more_and_unknown_ages_nothing():
    found = prior((20, 20), (60, 60), (MISSING, MISSING), weights=[1.0, 3.0, 7.0])
    assert found[41:].sum() == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_logits_learn_to_leave_the_prior_out(power):
    """A face that could be 20 or 60, where nine tenths of those faces are 20: the frequencies, or evenly."""
    ages = torch.tensor([20] * 9 + [60])
    offset = power * age_log_prior(ages, ages, torch.ones(10))
    logits = torch.zeros(1, NUM_AGES, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.2)
    for _ in range(600):
        optimizer.zero_grad()
        age_loss((logits + offset).expand(10, -1), ages, ages, sigma=2.0, expectation_weight=0.0).backward()
        optimizer.step()
    share_of_old = float(logits.detach().softmax(-1)[0, 41:].sum())
    assert share_of_old == pytest.approx({0.0: 0.1, 1.0: 0.5}[power], abs=0.04)


def test_without_ages_there_is_no_prior_to_leave_out(tiny_model):
    """Of none, the logarithm of the frequencies is no number, and would make the whole model none."""
    unknown = SimpleNamespace(age_min=torch.tensor([MISSING]), age_max=torch.tensor([MISSING]))
    before = tiny_model.age_head.bias.detach().clone()
    assert _leave_out_prior(tiny_model, GenderAgeConfig(age_prior_power=0.35), unknown, None) is None
    assert torch.equal(tiny_model.age_head.bias, before)


def test_a_run_begins_with_the_prior_already_left_out(tiny_model_folder, tiny_data, tmp_path):
    """At a learning rate of next to nothing, the first model's answers move by the prior alone."""

    def trained(name, start, power):
        values = run_values(tiny_data, tmp_path / name, learning_rate=1e-12, max_steps=1)
        values |= {"stages": [{"image_size": 16, "epochs": 1}]}
        values["data"]["cache_dir"] = str(tmp_path / "faces")
        values["model"] = {"pretrained": str(start), "config": {"age_prior_power": power}}
        return GenderAgeModel.from_pretrained(train(parse_config(values)))

    found = {power: trained(f"{power}", tiny_model_folder, power) for power in (0.0, 0.5)}
    rows = load_split([str(tiny_data)], "train")
    low, high = torch.tensor(rows["age_min"][:]), torch.tensor(rows["age_max"][:])
    log_prior = age_log_prior(low, high, age_weights(low, high, 0.5))
    shift = found[0.5].age_head.bias - found[0.0].age_head.bias
    torch.testing.assert_close(shift, -0.5 * log_prior, atol=1e-4, rtol=0)
    assert found[0.5].config.age_prior_power == 0.5, "a run that goes on from this one shifts by the rest only"
    kept = trained("again", tmp_path / "0.5" / "model", 0.5)
    torch.testing.assert_close(kept.age_head.bias, found[0.5].age_head.bias, atol=1e-4, rtol=0)
