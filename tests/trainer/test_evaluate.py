"""Evaluation of the tiny model on drawn images: both protocols, the report and the plots."""

import argparse
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from gender_age import inference
from gender_age.alignment import DEFAULT_ALIGNMENT
from gender_age.checkpoint import load_checkpoint
from gender_age.prediction import GenderAgePredictor
from tests import fakes
from trainer import evaluate
from trainer.errors import DataError, TrainerError
from trainer.evaluation import metrics
from trainer.evaluation.plots import draw_plots, plots_for, recall_plot
from trainer.evaluation.range_plots import own_range_plot, range_plot
from trainer.evaluation.report import group_report, source_report
from trainer.evaluation.samples import Samples, estimate_split

LANDMARKS = tuple((64 * x, 64 * y) for x, y in DEFAULT_ALIGNMENT.template)
"""Where the drawn images of 64 px have their face."""


def drawn_face(image):
    """Finds the drawn face where the landmarks are stored too, beside a smaller face that must not be taken."""
    smaller = tuple((x / 8, y / 8) for x, y in LANDMARKS)
    return 0, [
        fakes.detected_face(box=(0, 0, 8, 8), score=1.0, landmarks=smaller),
        fakes.detected_face(box=(4, 4, 60, 60), score=0.9, landmarks=LANDMARKS),
    ]


@pytest.fixture
def samples() -> Samples:
    """Six faces: two exact ages and a range in their twenties, an exact child, a range and an exact age from 60."""
    return Samples(
        gender=np.array([0, 1, 0, 0, 1, 1]),
        age_min=np.array([20, 30, 20, 4, 70, 104]),
        age_max=np.array([20, 30, 29, 4, 120, 104]),
        race=np.array(["White", "Black", "White", "Black", "", "White"]),
        predicted_gender=np.array([0, 1, 1, 1, 1, 1]),
        probability=np.array([0.9, 0.8, 0.6, 0.7, 0.95, 0.99]),
        uncertain=np.array([False, False, True, True, False, False]),
        age=np.array([24.0, 40.0, 25.0, 7.0, 75.0, 94.0]),
        low=np.array([20.0, 31.0, 20.0, 3.0, 70.0, 90.0]),
        high=np.array([30.0, 45.0, 30.0, 9.0, 80.0, 100.0]),
        missed=np.array([False, False, True, False, False, False]),
        level=0.8,
    )


def arguments(**values) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    flat = []
    for name, value in values.items():
        flat += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return parser.parse_args(flat)


def test_overall_numbers_and_their_n(samples):
    report = group_report(samples)
    values = {key: (report[key]["value"], report[key]["n"]) for key in report.keys() - {"n", "gender_recall"}}
    assert report["n"] == 6
    assert values == {
        "missed": (pytest.approx(1 / 6), 6),
        "age_mae": ((4 + 10 + 3 + 10) / 4, 4),
        "age_bias": ((4 + 10 + 3 - 10) / 4, 4),
        "age_cs5": (0.5, 4),
        "range_accuracy": (1.0, 2),
        "range_within_one": (1.0, 2),
        "range_touched": (1.0, 2),
        "gender_accuracy": (pytest.approx(4 / 6), 6),
        "gender_accuracy_from_10": (0.8, 5),
    }
    recall = report["gender_recall"]
    assert (recall["female"]["value"], recall["female"]["n"]) == (pytest.approx(1 / 3), 3)
    assert (recall["male"]["value"], recall["male"]["n"]) == (1.0, 3)
    for key in values:
        low, high = report[key]["interval"]
        assert low <= report[key]["value"] <= high


def test_every_band_counts_the_same_in_the_mean_of_the_bands(samples):
    ages = np.array([2, 4, 15, 15, 25, 30, 50, 50, 70, 80, 80, 80])
    errors = np.array([1, 1, 2, 2, 3, 3, 4, 4, 10, 10, 10, 10])
    repeated = samples.select(np.arange(12) % 6)
    of_all_bands = dataclasses.replace(repeated, age_min=ages, age_max=ages, age=ages + errors)
    found = group_report(of_all_bands)["age_band_mae"]
    assert (found["value"], found["n"], found["interval"]) == (pytest.approx(4.0), 12, pytest.approx([4.0, 4.0]))
    assert "age_band_mae" not in group_report(of_all_bands.select(ages < 60)), "no face of a band, no mean of all"


def test_a_range_is_touched_from_both_sides(samples):
    ranged = samples.select(np.array([False, False, True, False, False, False]))  # 20 to 29
    for low, high, touches in ((10, 19, 0), (10, 20, 1), (29, 40, 1), (30, 40, 0), (22, 23, 1), (0, 100, 1)):
        moved = dataclasses.replace(ranged, low=np.array([low]), high=np.array([high]))
        assert group_report(moved)["range_touched"]["value"] == touches, (low, high)


def test_neighbours_are_those_of_all_ranges_of_a_source(samples):
    starts, ends = np.array([0, 10, 20, 30, 60, 70]), np.array([9, 19, 29, 39, 69, 79])
    decades = dataclasses.replace(samples, age_min=starts, age_max=ends)
    assert "range_within_one" not in json.dumps(source_report(decades)), "0–9 and 70–79 are no ranges of FairFace"
    starts[0], ends[-1] = 3, 120
    fairface = dataclasses.replace(samples, age_min=starts, age_max=ends)
    assert source_report(fairface)["by_age_band"]["0–9"]["range_within_one"]["n"] == 1


def test_groups_hold_their_own_samples(samples):
    report = source_report(samples)
    assert {band: group["n"] for band, group in report["by_age_band"].items()} == {"0–9": 1, "20–39": 3, "60+": 2}
    assert {name: group["n"] for name, group in report["by_race"].items()} == {"Black": 2, "White": 3}
    assert {name: group["n"] for name, group in report["by_gender"].items()} == {"female": 3, "male": 3}
    by_both = report["by_age_band_and_gender"]
    assert {(band, name): each["n"] for band, found in by_both.items() for name, each in found.items()} == {
        ("0–9", "female"): 1,
        ("20–39", "female"): 2,
        ("20–39", "male"): 1,
        ("60+", "male"): 2,
    }
    assert report["by_age_band"]["0–9"]["age_bias"]["value"] == 3
    adults = dataclasses.replace(samples, age_min=np.full(6, 18), age_max=np.full(6, 120))
    assert (source_report(adults)["by_age_band"], source_report(adults)["overall"]["range_accuracy"]["n"]) == ({}, 6)
    assert "gender_accuracy_from_10" not in report["by_age_band"]["0–9"]


def test_intervals_and_calibration(samples):
    report = source_report(samples)
    intervals = report["intervals"]
    assert intervals["overall"]["coverage"]["value"] == 0.75  # the man of 30 lies below his interval
    assert intervals["overall"]["mean_width"] == (10 + 14 + 6 + 10) / 4
    assert intervals["by_age_band"]["20–39"]["coverage"]["value"] == 0.5
    assert intervals["constant_width"] == 20
    calibration = report["calibration"]
    assert calibration["uncertain"] == {"n": 2, "share": pytest.approx(1 / 3)}
    assert (calibration["accuracy_certain"]["value"], calibration["accuracy_uncertain"]["value"]) == (1.0, 0.0)
    assert calibration["ece"] == pytest.approx((0.1 + 0.2 + 0.6 + 0.7 + 0.05 + 0.01) / 6)


def test_ranges_alone_have_no_age_errors(samples):
    report = source_report(samples.select(~samples.exact))
    assert report["intervals"] is None
    assert not {"age_mae", "age_bias", "age_cs5"} & report["overall"].keys()


def test_stored_landmarks_and_live_detection_of_the_same_landmarks_agree(tiny_model_folder, tiny_data, monkeypatch):
    # bf16 would make of a pixel that is rounded otherwise a difference in the third digit.
    monkeypatch.setattr(inference, "is_bf16_faster", lambda: False)
    model, image_processor = load_checkpoint(tiny_model_folder, device="cpu")
    predictor = GenderAgePredictor(model, image_processor, fakes.FakeDetector(drawn_face))
    rows = evaluate.load_sources([str(tiny_data)], "test")["utkface"]
    stored = estimate_split(predictor, rows, "landmarks", 5, "")
    live = estimate_split(predictor, rows, "end_to_end", 5, "")
    assert stored.missed.sum() == sum(points is None for points in rows["landmarks"][:])
    np.testing.assert_allclose(live.age, stored.age, atol=1e-3)
    np.testing.assert_array_equal(live.age_min, rows["age_min"][:])
    assert not live.missed.any()


def test_where_nothing_is_found_the_whole_image_counts_and_is_counted(tiny_model_folder, tiny_data):
    model, image_processor = load_checkpoint(tiny_model_folder, device="cpu")
    predictor = GenderAgePredictor(model, image_processor, fakes.FakeDetector({}))
    rows = evaluate.load_sources([str(tiny_data)], "test")["fairface"]
    samples = estimate_split(predictor, rows, "end_to_end", 5, "")
    whole = [photo.faces[0] for photo in predictor.predict_batch(rows["image"][:], whole_image=True)]
    assert samples.missed.all()
    np.testing.assert_allclose(samples.age, [face.age for face in whole], atol=1e-4)
    stored = estimate_split(predictor, rows, "landmarks", 5, "")
    assert stored.missed.any()
    np.testing.assert_allclose(stored.age[stored.missed], samples.age[stored.missed], atol=1e-4)


def test_command_writes_report_and_plots(tiny_model_folder, tiny_data, tmp_path, capsys):
    args = arguments(model=tiny_model_folder, data=tiny_data, output=tmp_path / "out", device="cpu", limit=8)
    assert evaluate.main(args) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["images"] == {"utkface": 8, "fairface": 8}
    assert report["protocols"].keys() == {"landmarks", "end_to_end"}
    assert report["data"] == {"names": ["drawn"], "split": "test", "limit": 8}
    assert str(tmp_path) not in json.dumps(report)
    assert str(tiny_model_folder.parent) not in json.dumps(report)
    assert "MAE" in capsys.readouterr().out
    plots = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert "utkface-end-to-end-true-and-predicted-age.png" in plots
    assert "fairface-landmarks-true-and-predicted-range.png" in plots
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*plots, "report.json"])


def test_skipping_the_detector(tiny_model_folder, tiny_data, tmp_path):
    args = arguments(
        model=tiny_model_folder, data=tiny_data, output=tmp_path, device="cpu", split="validation", skip_end_to_end=True
    )
    assert evaluate.main(args) == 0
    assert json.loads((tmp_path / "report.json").read_text())["protocols"].keys() == {"landmarks"}


def test_limit_draws_the_same_rows_and_not_the_first(tiny_data):
    first, again = (evaluate.load_sources([str(tiny_data)], "train", 10)["utkface"] for _ in range(2))
    assert first["file"][:] == again["file"][:]
    assert first["file"][:] != evaluate.load_sources([str(tiny_data)], "train")["utkface"]["file"][:10]


def test_unusable_input_is_a_sentence(tiny_model_folder, tiny_data, tmp_path):
    with pytest.raises(DataError, match="no split 'exam'"):
        evaluate.load_sources([str(tiny_data)], "exam")
    with pytest.raises(TrainerError, match="at least 1"):
        evaluate.main(arguments(model=tiny_model_folder, data=tiny_data, output=tmp_path, limit=0))
    (tmp_path / "file").touch()
    with pytest.raises(TrainerError, match="cannot be made"):
        evaluate.main(arguments(model=tiny_model_folder, data=tiny_data, output=tmp_path / "file" / "out"))


def test_plots_show_every_measured_thing_and_survive_single_samples(samples, tmp_path):
    for n in (1, 6):
        folder = tmp_path / str(n)
        folder.mkdir()
        written = draw_plots({"landmarks": {"some": samples.select(np.arange(6) < n)}}, folder)
        assert len(written) == (5 if n == 1 else 6)
        for path in written:
            pixels = np.asarray(Image.open(path).convert("L"))
            assert min(pixels.shape) >= 400
            assert 0.001 < (pixels < 128).mean() < 0.5


def test_one_age_has_no_interval_and_ages_over_100_are_drawn(samples, tmp_path):
    assert group_report(oldest := samples.select([5]))["age_mae"] == {"value": 10.0, "n": 1, "interval": None}
    assert len(draw_plots({"landmarks": {"some": oldest}}, tmp_path)) == 5


def test_panels_and_ranges_are_those_of_the_data(samples):
    assert [axes.get_xlabel() for axes in recall_plot(samples).axes] == [
        "true age (years)",
        "group as labelled in the source",
    ]
    unlabelled = dataclasses.replace(samples, race=np.array([""] * 6))
    assert [axes.get_xlabel() for axes in recall_plot(unlabelled).axes] == ["true age (years)"]
    assert plots_for(samples)["true and predicted range"] is range_plot
    own = dataclasses.replace(samples, age_max=np.array([20, 30, 32, 4, 120, 104]))
    assert plots_for(own)["true and predicted range"] is own_range_plot
    (axes,) = own_range_plot(own).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["20–32 (n = 1)", "70+ (n = 1)"]


def test_band_names_are_those_of_the_splits():
    assert metrics.AGE_BAND_NAMES == ("0–9", "10–19", "20–39", "40–59", "60+")
