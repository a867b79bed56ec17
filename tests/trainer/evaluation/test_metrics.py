"""The functions against numbers worked out by hand, and the metric classes against the functions."""

import os
import tracemalloc
from pathlib import Path

import evaluate
import numpy as np
import pytest
import torch
from transformers import EvalPrediction

from trainer.evaluation import metrics
from trainer.training.compute_metrics import AgeCS, AgeMAE, GenderAccuracy, compute_metrics


def eval_prediction(ages: list[int], genders: list[int], labels: list[tuple[int, int, int]], *more) -> EvalPrediction:
    """Logits that leave no doubt about `ages` and `genders`; labels are (gender, age_min, age_max)."""
    age_logits = np.full((len(ages), 101), -100.0, dtype=np.float32)
    age_logits[np.arange(len(ages)), ages] = 100.0
    gender_logits = np.eye(2, dtype=np.float32)[np.array(genders, dtype=int)].reshape(-1, 2)
    columns = np.array(labels, dtype=np.int64).reshape(-1, 3).T
    return EvalPrediction(predictions=(gender_logits, age_logits, *more), label_ids=tuple(columns))


def test_age_errors_by_hand():
    predicted, true = [30.0, 41.0, 10.0, 99.0], [25, 40, 20, 110]
    assert metrics.mean_absolute_error(predicted, true) == pytest.approx((5 + 1 + 10 + 11) / 4)
    assert metrics.bias(predicted, true) == pytest.approx((5 + 1 - 10 - 11) / 4)
    assert metrics.cumulative_score(predicted, true) == 0.5
    assert metrics.cumulative_score(predicted, true, within=4.9) == 0.25


@pytest.mark.parametrize(
    ("age", "low", "high", "inside", "near"),
    [
        (29.4, 20, 29, True, True),
        (29.6, 20, 29, False, True),
        (39.4, 20, 29, False, True),
        (39.6, 20, 29, False, False),
        (9.5, 10, 19, True, True),  # half to even, as Python's round
        (100.0, 70, 120, True, True),
        (59.0, 70, 120, False, False),
        (2.0, 0, 2, True, True),
        (3.0, 0, 2, False, True),
    ],
)
def test_range_that_holds_the_rounded_age(age, low, high, inside, near):
    assert metrics.range_accuracy([age], [low], [high]) == inside
    assert metrics.range_within_one([age], [low]) == near


def test_bands_of_exact_ages_and_of_fairface_ranges():
    low = np.array([0, 9, 10, 19, 20, 39, 40, 59, 60, 116, 0, 3, 30, 70])
    high = np.array([0, 9, 10, 19, 20, 39, 40, 59, 60, 116, 2, 9, 39, 120])
    names = [metrics.AGE_BAND_NAMES[index] for index in metrics.band_index(low, high)]
    assert names == [
        *("0–9", "0–9", "10–19", "10–19", "20–39", "20–39", "40–59", "40–59", "60+", "60+"),
        *("0–9", "0–9", "20–39", "60+"),
    ]


def test_a_range_is_in_a_band_with_both_ends_or_in_none():
    low, high = np.array([0, 18, 15, 10, 20, 60, 61, -100]), np.array([17, 120, 24, 19, 39, 120, 61, -100])
    assert metrics.band_index(low, high).tolist() == [-1, -1, -1, 1, 2, 4, 4, -1]
    fairface = np.array(metrics.FAIRFACE_RANGE_STARTS), np.array(metrics.FAIRFACE_RANGE_ENDS)
    assert metrics.band_index(*fairface).tolist() == [0, 0, 1, 2, 2, 3, 3, 4, 4]


def test_coverage_counts_both_ends_and_ages_above_the_scale():
    assert metrics.coverage([10, 10, 90, 90], [20, 20, 100, 99], [10, 21, 115, 115]) == 0.5


def test_constant_width_holds_the_share():
    predicted, true = np.zeros(10), np.arange(10)
    assert metrics.constant_interval_width(predicted, true, 0.8) == 14  # ±7 holds 0 to 7


def test_calibration_error_by_hand():
    # Four answers stated at 0.9 of which two are right, one at 0.6 that is right.
    assert metrics.expected_calibration_error([0.9] * 4 + [0.6], [1, 1, 0, 0, 1]) == pytest.approx(
        (4 * 0.4 + 1 * 0.4) / 5
    )
    assert metrics.expected_calibration_error([1.0, 0.5], [1, 0]) == pytest.approx(0.25)
    assert [each["n"] for each in metrics.calibration_bins([0.5, 1.0, 1.0], [1, 1, 1])] == [1, 2]


def test_intervals():
    low, high = metrics.wilson_interval(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert metrics.wilson_interval(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert metrics.wilson_interval(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert metrics.wilson_interval(57 / 100, 100) == pytest.approx((0.4721, 0.6627), abs=1e-4)  # 56.99… of 100


def test_bootstrap_interval():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = metrics.bootstrap_interval(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    assert metrics.bootstrap_interval(values) == (low, high)
    assert metrics.bootstrap_interval(values, seed=1) != (low, high)
    assert metrics.bootstrap_interval([3.5]) == (3.5, 3.5)
    assert metrics.bootstrap_interval([2.0, 2.0]) == (2.0, 2.0)


def test_a_bootstraps_memory_does_not_grow_with_its_draws():
    errors = np.random.default_rng(0).normal(0, 6, 20_000)
    expected = metrics.bootstrap_interval(errors)
    tracemalloc.start()
    assert metrics.bootstrap_interval(errors) == expected
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20e6  # 1,000 draws at once are 320 MB


@pytest.mark.parametrize("n", [1, 2, 21, 3000])
def test_a_bootstrap_draws_what_numpys_generator_draws(n):
    """The reports that were written before SciPy's bootstrap was used hold."""
    errors = np.random.default_rng(n).normal(0, 6, n)
    generator = np.random.default_rng(0)
    means = [errors[generator.integers(0, n, n)].mean() for _ in range(1000)]
    assert metrics.bootstrap_interval(errors) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=1e-9)


@pytest.mark.parametrize(("predicted", "true"), [([], []), ([1.0, 2.0], [1.0]), ([1.0], [[1.0]])])
def test_nothing_to_measure_and_other_shapes_are_refused(predicted, true):
    with pytest.raises(ValueError, match="shape"):
        metrics.mean_absolute_error(predicted, true)


def test_metric_classes():
    assert AgeMAE().compute(predictions=[30.5, 20], references=[30, 21]) == {"age_mae": 0.75, "age_bias": -0.25}
    assert AgeCS().compute(predictions=[30, 20], references=[35, 26]) == {"age_cs5": 0.5}
    assert AgeCS().compute(predictions=[30, 20], references=[35, 26], within=10) == {"age_cs10": 1.0}
    assert GenderAccuracy().compute(predictions=[0, 1, 1], references=[0, 1, 0]) == {"gender_accuracy": 2 / 3}


def test_metric_classes_work_as_evaluate_promises():
    metric = AgeMAE()
    metric.add_batch(predictions=[1, 2], references=[1, 4])
    metric.add(prediction=5, reference=1)
    assert metric.compute()["age_mae"] == 2
    assert metric.compute(predictions=[3], references=[1])["age_mae"] == 2  # nothing is left of the batch before


@pytest.mark.parametrize(
    "metrics_given",
    [lambda: [AgeMAE(), AgeCS()], lambda: {"error": AgeMAE(), "within": AgeCS()}],
    ids=["list", "dict"],
)
def test_metric_classes_combine(metrics_given):
    both = evaluate.combine(metrics_given())
    assert both.compute(predictions=[1, 3], references=[2, 10]) == {"age_mae": 4, "age_bias": -4, "age_cs5": 0.5}
    both.add_batch(predictions=np.array([1.0, 2.0]), references=torch.tensor([1, 14]))
    both.add_batch(predictions=[3], references=[3])
    both.add(prediction=4, reference=4)
    assert both.compute() == {"age_mae": 3, "age_bias": -3, "age_cs5": 0.75}
    both.add_batch(predictions=[5], references=[6])
    assert both.compute() == {"age_mae": 1, "age_bias": -1, "age_cs5": 1}, "nothing is left of the samples before"


def test_combined_metrics_take_their_names_where_results_collide():
    pair = evaluate.combine({"photo": AgeMAE(), "whole": AgeMAE(), "cs": AgeCS()})
    assert pair.compute(predictions=[1], references=[3]) == {
        "photo_age_mae": 2, "photo_age_bias": -2, "whole_age_mae": 2, "whole_age_bias": -2, "age_cs5": 1,
    }  # fmt: skip
    named = evaluate.combine({"age": AgeMAE(), "gender": GenderAccuracy()}, force_prefix=True)
    assert named.compute(predictions=[1, 0], references=[1, 1]) == {
        "age_age_mae": 0.5, "age_age_bias": -0.5, "gender_gender_accuracy": 0.5,
    }  # fmt: skip


def test_metrics_beside_each_other_neither_mix_nor_write_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(Path(os.environ["HF_HOME"]).rglob("*"))
    first, second = AgeMAE(experiment_id="run", cache_dir="cache"), AgeMAE(experiment_id="run", cache_dir="cache")
    first.add(prediction=1, reference=1)
    second.add(prediction=9, reference=1)
    assert (first.compute()["age_mae"], second.compute()["age_mae"]) == (0, 8)
    assert list(tmp_path.iterdir()) == []
    assert sorted(Path(os.environ["HF_HOME"]).rglob("*")) == before


def test_compute_metrics_over_exact_ages_and_ranges():
    labels = [(0, 30, 30), (1, 5, 5), (1, 20, 29), (0, 40, 49)]
    found = compute_metrics(eval_prediction([33, 15, 35, 45], [0, 0, 1, 1], labels, np.zeros((4, 7))))
    assert found == pytest.approx(
        {
            "age_mae": 6.5,
            "age_band_mae": 6.5,
            "age_bias": 6.5,
            "age_cs5": 0.5,
            "range_accuracy": 0.5,
            "range_within_one": 1.0,
            "gender_accuracy": 0.5,
            "gender_accuracy_from_10": 2 / 3,
        },
        abs=1e-5,
    )


def test_each_band_counts_the_same():
    labels = [(0, 30, 30), (0, 30, 30), (0, 30, 30), (1, 70, 70)]
    found = compute_metrics(eval_prediction([32, 32, 32, 60], [0, 0, 0, 1], labels))
    assert (found["age_mae"], found["age_band_mae"]) == pytest.approx((4, 6), abs=1e-5)


@pytest.mark.parametrize(
    ("labels", "keys"),
    [
        ([], set()),
        ([(0, 4, 4)], {"age_mae", "age_band_mae", "age_bias", "age_cs5", "gender_accuracy"}),
        ([(0, 3, 9)], {"range_accuracy", "range_within_one", "gender_accuracy"}),
        ([(0, 0, 17), (1, 18, 120)], {"range_accuracy", "gender_accuracy", "gender_accuracy_from_10"}),
    ],
)
def test_compute_metrics_leaves_out_what_no_sample_tells(labels, keys):
    assert compute_metrics(eval_prediction([4] * len(labels), [0] * len(labels), labels)).keys() == keys
