"""Figures of a report as a card shows them."""

import pytest

from gender_age.measured import Measured
from gender_age.measurements import FEWEST_NAMED, EvaluationRecord
from gender_age.records import TrainingRecord
from trainer.publishing.card_figures import (
    figures_in_short,
    group_table,
    measured,
    part_used,
    sources_table,
    weak_spots,
)


def test_measured_values_and_tables(report):
    assert measured(Measured(0.899, 50, (0.886, 0.911)), "share") == "89.9 % (88.6 to 91.1)"
    assert measured(Measured(-1.5, 50), "signed") == "-1.50"
    assert measured(None, "years") == "–"
    bands = source_of(report).by_age_band
    lines = group_table("true age", bands, ["age_mae", "range_accuracy", "recall_female"]).splitlines()
    assert lines[0] == "| true age | n | MAE, years | women found |"
    assert lines[2] == "| 0–9 | 100 | 3.50 (3.49 to 3.51) | 61.0 % (60.0 to 62.0) |"


def test_the_sources_stand_side_by_side(report):
    measured_sources = report["protocols"]["end_to_end"]
    measured_sources["faces"] = {"overall": {"n": 7, "range_touched": {"value": 0.9, "n": 7}}}
    training = TrainingRecord.read({"config": {"data": {"train": ["data/utkface"]}}})
    lines = sources_table(EvaluationRecord.read(report), training).splitlines()
    assert lines[0] == (
        "| source | trained on | n | MAE, years | bias, years | interval holds | its width, years "
        "| interval touches the range | gender accuracy |"
    )
    assert lines[2:] == [
        "| UTKFace | yes | 100 | 6.25 | -1.50 | 79.0 % | 14.2 | – | 92.0 % |",
        "| faces | **no** | 7 | – | – | – | – | 90.0 % | – |",
    ]
    assert "trained on" not in sources_table(EvaluationRecord.read(report), None)


def test_ranges_without_neighbours_have_no_share_within_one():
    found = {"n": 7, "range_accuracy": {"value": 0.9, "n": 7}}
    for more, shown in (({}, "90.0 %; gender"), ({"range_within_one": {"value": 1.0, "n": 7}}, "90.0 %, within one")):
        record = EvaluationRecord.read({"protocols": {"end_to_end": {"faces": {"overall": found | more}}}})
        assert f"right age range {shown}" in figures_in_short(record)


@pytest.mark.parametrize(
    ("data", "n", "said"),
    [
        ({"split": "test"}, 2129, "the test split has 2,129; a tenth would be 2,371. So a part of the data was used"),
        ({"split": "test"}, 2371, "Of 23,707 published images, the test split has 2,371."),
        ({"split": "test", "limit": 500}, 500, None),
        ({"split": "validation"}, 2129, None),
        ({"split": "test"}, None, None),
    ],
)
def test_a_test_split_of_a_part_of_the_published_images_is_called_so(data, n, said):
    record = EvaluationRecord.read({"data": data, "protocols": {"landmarks": {"utkface": {"overall": {"n": n}}}}})
    found = part_used("utkface", record)
    assert (found is None) if said is None else (said in found)
    assert part_used("fairface", record) is None


def test_weak_spots_leave_out_small_groups(report):
    assert "0–9" in " ".join(weak_spots(source_of(report)))
    child = report["protocols"]["end_to_end"]["utkface"]["by_age_band"]["0–9"]
    for found in (child["age_mae"], *child["gender_recall"].values()):
        found["n"] = FEWEST_NAMED - 1
    assert "0–9" not in " ".join(weak_spots(source_of(report)))


def source_of(report):
    return EvaluationRecord.read(report).sources["utkface"]
