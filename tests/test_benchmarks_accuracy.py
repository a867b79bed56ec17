"""The benchmark of accuracy, on data whose labels are known in part."""

import json

import pytest
from datasets import load_dataset

from benchmarks import __main__ as command
from benchmarks.accuracy import Accuracy, faces_with_exact_age, measure_accuracy
from benchmarks.report import _accuracy_sentence
from benchmarks.targets import _accuracy_lost
from gender_age.prediction import GenderAgePredictor


@pytest.fixture
def labelled(tiny_data, tmp_path):
    """Writes `tiny_data`'s test split with other labels, those of its row numbers."""

    def write(labels) -> str:
        rows = load_dataset(str(tiny_data), split="test", cache_dir=str(tmp_path / "cache"))
        rows = rows.map(lambda _, number: labels(number), with_indices=True)
        (tmp_path / "other" / "data").mkdir(parents=True)
        rows.to_parquet(tmp_path / "other" / "data" / "test-00000-of-00001.parquet")
        return str(tmp_path / "other")

    return write


@pytest.mark.parametrize("known", ["some genders", "no gender"])
def test_faces_count_where_they_have_the_label(labelled, tiny_model_folder, known):
    def labels(number):
        age = None if number % 2 else 30
        return {"age_min": age, "age_max": age, "gender": None if number % 4 or known == "no gender" else 1}

    rows = faces_with_exact_age(labelled(labels))
    assert rows["age_min"][:] == [30] * 12
    accuracy = measure_accuracy(GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu"), rows)
    assert accuracy.faces == 12
    assert json.loads(json.dumps(accuracy.mae)) == list(accuracy.mae), "numbers, and no NaN"
    if known == "no gender":
        assert (accuracy.gender_accuracy, accuracy.lost_points) == (None, None)
        assert _accuracy_lost(accuracy).measured.endswith(" y, genders not measured")
        assert _accuracy_sentence(accuracy).endswith("gender not measured, as none is labelled.")
    else:
        assert {round(6 * share, 6) % 1 for share in accuracy.gender_accuracy} == {0}, "shares of six"


def test_what_is_lost_is_said_of_both():
    accuracy = Accuracy(10, (4.0, 4.01), (0.9, 0.89))
    assert _accuracy_lost(accuracy).measured == "0.010 y, 1.00 points"
    assert not _accuracy_lost(accuracy).meets_required
    assert _accuracy_sentence(accuracy).endswith("gender 89.00% and 90.00%.")


@pytest.mark.parametrize("ages", [(None, None), (30, 39)], ids=["none", "ranges"])
def test_data_without_exact_ages_is_refused_before_anything_is_measured(
    labelled, tiny_model_folder, ages, monkeypatch, capsys
):
    folder = labelled(lambda number: {"age_min": ages[0], "age_max": ages[1]})
    monkeypatch.setattr(command, "phone_photos", lambda *given: pytest.fail("it is measured"))
    assert command.main(["--quick", "--model", str(tiny_model_folder), "--data", folder]) == 2
    assert "no face in the test split of" in capsys.readouterr().err
