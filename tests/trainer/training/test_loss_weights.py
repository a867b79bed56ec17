"""`data.weights` of the heads: how much the faces of a data set count in the loss of each."""

import shutil

import pytest
import torch

from gender_age.checkpoint import load_checkpoint
from gender_age.labels import MISSING
from gender_age.modeling_gender_age import age_loss, gender_loss
from tests.trainer.test_train import run_values
from trainer.faces.aligned_faces import AlignedFaces
from trainer.faces.loading import load_rows, load_split
from trainer.train import train
from trainer.training.config_file import parse_config
from trainer.training.run_rows import load_run_rows


@pytest.fixture(scope="module")
def other(tiny_data, tmp_path_factory):
    """A second data set, of the same pictures."""
    return shutil.copytree(tiny_data, tmp_path_factory.mktemp("sources") / "other")


def values_for(tiny_data, other, output, weights):
    values = run_values(tiny_data, output) | {"stages": [{"image_size": 16, "epochs": 1}]}
    return values | {"data": {"train": [str(tiny_data), str(other)], "weights": weights}}


def test_rows_count_as_their_data_set_does(tiny_data, other, tmp_path):
    config = parse_config(values_for(tiny_data, other, tmp_path, {"other": {"age": 0.3}}))
    rows = load_run_rows(config.data)
    assert rows.weights is None
    assert rows.loss_weights.keys() == {"age"}
    assert torch.equal(rows.loss_weights["age"], torch.tensor([1.0] * 48 + [0.3] * 48))
    both = load_run_rows(parse_config(values_for(tiny_data, other, tmp_path, {"drawn": 2, "other": {"age": 1}})).data)
    assert torch.equal(both.weights, torch.tensor([2.0] * 48 + [1.0] * 48, dtype=torch.float64))
    assert both.loss_weights == {}


def test_batches_hold_the_weights_of_their_faces(tiny_data, tmp_path):
    faces = AlignedFaces(load_split([str(tiny_data)], "train"), [16], tmp_path)
    assert "age_weight" not in faces[0]
    faces.loss_weights = {"age": torch.arange(48.0)}
    assert torch.equal(faces.__getitems__([5, 40])["age_weight"], torch.tensor([5.0, 40.0]))
    faces.keep(torch.arange(48) % 2 == 1)
    assert torch.equal(faces.__getitems__([0, 2])["age_weight"], torch.tensor([1.0, 5.0]))


def test_losses_are_weighted_means():
    generator = torch.Generator().manual_seed(0)
    gender_logits, age_logits = (torch.randn(4, count, generator=generator) for count in (2, 101))
    gender, age = torch.tensor([0, 1, MISSING, 1]), torch.tensor([3, MISSING, 40, 70])
    older = torch.tensor([3, MISSING, 49, 70])

    def losses(rows, weight=None):
        given = [each[rows] for each in (gender_logits, gender, age_logits, age, older)]
        return gender_loss(*given[:2], 0.1, weight), age_loss(*given[2:], 2.0, 0.1, weight)

    single = [losses([row]) for row in range(4)]
    weight = torch.tensor([1.0, 0.5, 2.0, 0.0])
    by_gender, by_age = losses(range(4), weight)
    assert by_gender == pytest.approx((single[0][0] + 0.5 * single[1][0]).item() / 1.5)
    assert by_age == pytest.approx((single[0][1] + 2 * single[2][1]).item() / 3)
    for found, expected in zip(losses(range(4), torch.ones(4)), losses(range(4)), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.slow
def test_a_weight_of_zero_trains_as_a_missing_label(tiny_data, other, tmp_path):
    """The heads of two runs: one weighs the second data set's genders with 0, the other has none there."""
    blank = tmp_path / "blank" / "other"
    (blank / "data").mkdir(parents=True)
    for split in ("train", "validation", "test"):
        rows = load_rows(str(other), split)
        rows = rows.map(lambda row: {"gender": None}, features=rows.features)
        rows.to_parquet(blank / "data" / f"{split}-00000-of-00001.parquet")
    found = {}
    for name, second, weights in (("weighted", other, {"other": {"gender": 0}}), ("missing", blank, {})):
        model = train(parse_config(values_for(tiny_data, second, tmp_path / name, weights)))
        found[name] = load_checkpoint(model)[0].gender_head.weight
    assert torch.equal(found["weighted"], found["missing"])
