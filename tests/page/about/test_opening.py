"""What About opens with: numbers and charts of the evaluation record, and nothing that it lacks."""

import re

import pytest

from gender_age.measurements import EvaluationRecord
from page.about.opening import opening_html

from .records import Reader, drawn_report, group, load, measured


def opening(report):
    return opening_html(EvaluationRecord.read(report), None)


def tiles(report):
    return [Reader(each).text for each in re.findall(r"<li>(.*?)</li>", opening(report))]


def captions(report):
    return re.findall(r"<figcaption>(.*?)</figcaption>", opening(report))


def test_four_numbers_of_the_record():
    assert tiles(drawn_report()) == [
        "5.2 yearsmean error of the ageUTKFace, n = 1,200",
        "85.0%of genders read as labelledUTKFace, n = 1,200",
        "81.0%of true ages inside their interval (80% promised)UTKFace, n = 1,200",
        "1,200faces measuredUTKFace",
    ]


def test_sources_are_joined_by_their_faces():
    report = drawn_report()
    other = {"overall": {"n": 400, "gender_accuracy": measured(0.65, 400)}}
    report["protocols"]["end_to_end"]["fairface"] = other
    assert tiles(report)[1] == "80.0%of genders read as labelledUTKFace and FairFace, n = 1,600"
    assert tiles(report)[3] == "1,600faces measuredUTKFace and FairFace"
    assert tiles(report)[0].endswith("UTKFace, n = 1,200")


def test_two_charts_and_the_lowest_group_first():
    assert captions(drawn_report()) == [
        "Mean error of the age in years, by true age (UTKFace)",
        "Gender read as labelled, by group, lowest first (UTKFace)",
    ]
    rows = re.findall(r'<th scope="row">([^<]+)<', opening(drawn_report()))
    assert rows == ["0–9", "60+", "Few", "Middle Eastern", "White"]


def test_without_groups_the_gender_is_by_age():
    report = drawn_report()
    del report["protocols"]["end_to_end"]["utkface"]["by_race"]
    assert captions(report)[1] == "Gender read as labelled, by true age (UTKFace)"


def test_charts_are_of_the_source_with_the_most_faces():
    report = drawn_report()
    few = {"by_race": {"White": group(5.0, 0.1, 0.9, 0.93, n=10)}}
    report["protocols"]["end_to_end"] = {"few": few} | report["protocols"]["end_to_end"]
    assert captions(report)[1].endswith("(UTKFace)")


@pytest.mark.parametrize(
    ("missing", "left"),
    [("overall", 1), ("intervals", 3), ("by_age_band", 4), ("by_race", 4), ("calibration", 4)],
)
def test_what_is_missing_is_left_out(missing, left):
    report = drawn_report()
    del report["protocols"]["end_to_end"]["utkface"][missing]
    assert len(tiles(report)) == left


def test_the_default_models_numbers_are_its_records():
    report = load("evaluation.json")
    found = {name: source["overall"] for name, source in report["protocols"]["end_to_end"].items()}
    assert list(found) == ["utkface", "fairface", "all-age-faces"]

    def mean(metric):
        measured = [each[metric] for each in found.values() if metric in each]
        return sum(each["value"] * each["n"] for each in measured) / sum(each["n"] for each in measured)

    years, gender, inside, faces = tiles(report)
    assert years.startswith(f"{mean('age_mae'):.1f} years")
    assert gender.startswith(f"{mean('gender_accuracy'):.1%}")
    assert "(80% promised)" in inside
    assert faces.startswith(f"{sum(each['n'] for each in found.values()):,}faces")
    assert len(captions(report)) == 2
