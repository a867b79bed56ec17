"""What a card says of the calibration: fitted in this run, taken over from the start, or not at all."""

import pytest

from gender_age.measurements import FITTED_TO, EvaluationRecord
from gender_age.records import TRAINING_FILE, TrainingRecord, load_record
from trainer.publishing.model_card import render_card


@pytest.mark.parametrize(
    ("fitted", "shown", "not_shown"),
    [
        (
            {"gender_temperature": 0.8, "gender_uncertain_below": 0.7, "age_interval_mass": 0.77},
            "The gender probability is temperature-scaled and the age interval fitted to its promised coverage on the "
            "validation split, which this training left out. The threshold of `uncertain` is chosen there so that "
            "97.0 % of the other genders are right",
            "No threshold",
        ),
        (
            {"gender_temperature": 0.8, "gender_uncertain_below": 0.99},
            "No threshold of `uncertain` makes 97.0 % of the other genders right there, all data sets together: it is "
            "the highest, 0.99.",
            "97.0 % of the other genders are right",
        ),
        ({"age_interval_mass": 0.77}, "The age interval is fitted to its promised coverage on", "temperature-scaled"),
        ({}, "Neither gender probability nor age interval is fitted on the validation split", "temperature-scaled"),
    ],
)
def test_only_what_was_fitted_on_validation_is_called_so(tiny_model, run_folder, fitted, shown, not_shown):
    training = TrainingRecord.read(load_record(run_folder / TRAINING_FILE))
    card = " ".join(render_card({**tiny_model.config.to_dict(), **fitted}, 1, training).split())
    assert shown in card
    assert not_shown not in card


@pytest.mark.parametrize(
    ("on", "shown", "not_shown"),
    [
        (
            {"genders": 200, "exact_ages": 0},
            "The gender probability is temperature-scaled on the validation split, which this training left out. The "
            "threshold of `uncertain` is chosen there so that 97.0 % of the other genders are right, all data sets "
            "together. Taken over from the starting point, and not fitted to these data: the age interval's mass.",
            "and the age interval fitted",
        ),
        (
            {"genders": 0, "exact_ages": 0},
            "Neither gender probability nor age interval is fitted on the validation split, which this training left "
            "out. Taken over from the starting point, and not fitted to these data: the gender's temperature and "
            "threshold of `uncertain` and the age interval's mass.",
            "all data sets together",
        ),
        (
            {"genders": 0, "exact_ages": 12},
            "fitted to its promised coverage on the validation split",
            "interval's mass",
        ),
        ({"genders": 9e99, "exact_ages": None}, "and the age interval fitted to its promised coverage", "Taken over"),
    ],
)
def test_what_the_start_was_fitted_on_is_not_called_fitted_here(tiny_model, run_folder, on, shown, not_shown):
    record = load_record(run_folder / TRAINING_FILE) | {"calibrated_on": on}
    config = tiny_model.config.to_dict() | {"gender_temperature": 0.8, "age_interval_mass": 0.77}
    card = " ".join(render_card(config, 1, TrainingRecord.read(record)).split())
    assert shown in card
    assert not_shown not in card
    of_the_start = "of the time on faces like those of the starting point, where it was fitted."
    assert (of_the_start in card) == (on["exact_ages"] == 0)
    assert ("over all of the starting point's validation images" in card) == (on["exact_ages"] == 0)


@pytest.mark.parametrize("split", ["validation", "train", "test"])
def test_numbers_of_a_split_that_the_model_was_fitted_to_are_called_so(tiny_model, report, split):
    report["data"]["split"] = split
    measured, config = EvaluationRecord.read(report), tiny_model.config.to_dict()
    for names, sources, is_said in ((["data/utkface"], None, True), (["data/fairface"], [["fairface"]], False)):
        training = TrainingRecord.read({"config": {"data": {"train": names}}, "sources": sources})
        card = " ".join(render_card(config, 1, training, measured).split())
        assert (f"**{FITTED_TO.get(split)}**" in card) == (is_said and split != "test")
        kept_out = "images kept out of this training if they were prepared from the same files as its own"
        assert (kept_out in card) == (split == "test")


@pytest.mark.parametrize(
    ("on", "is_said"),
    [
        ({}, False),
        ({"genders": 0, "exact_ages": 0}, False),
        ({"genders": 200, "exact_ages": 0}, False),
        ({"genders": 0, "exact_ages": 200}, True),
    ],
)
def test_a_level_that_the_run_kept_was_not_set_after_it(tiny_model, run_folder, on, is_said):
    record = load_record(run_folder / TRAINING_FILE) | {"calibrated_on": on}
    record["config"]["model"]["config"] = {"age_interval_level": 0.9}
    config = tiny_model.config.to_dict() | {"age_interval_level": 0.8}
    card = render_card(config, 1, TrainingRecord.read(record))
    assert ("The run below had `age_interval_level` 0.9; the weights have 0.8, set after it." in card) == is_said
