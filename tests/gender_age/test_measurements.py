"""The evaluation record: read whole where it is whole, and never a value of a wrong type, whatever the file holds."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given

from gender_age.checkpoint import DEFAULT_MODEL
from gender_age.measured import KINDS, Measured
from gender_age.measurements import (
    Bin,
    CalibrationReport,
    EvaluationRecord,
    GroupReport,
    IntervalReport,
    SourceReport,
)
from gender_age.records import EVALUATION_FILE, read_record
from tests.robustness.searching import MANY
from trainer.evaluation.report import source_report
from trainer.evaluation.samples import Samples

from .any_json import JSON, WRONG, damaged, each_replaced, wrong_values

WHOLE = json.loads((DEFAULT_MODEL / EVALUATION_FILE).read_text(encoding="utf-8"))
MEASURED = WHOLE["protocols"]["end_to_end"]["utkface"]
BAND = {"0–9": MEASURED["by_age_band"]["0–9"]}
SHORT = {
    "date": WHOLE["date"],
    "data": WHOLE["data"],
    "model": WHOLE["model"],
    "protocols": {
        "end_to_end": {
            "utkface": {
                "overall": MEASURED["overall"],
                "by_age_band_and_gender": {"0–9": BAND},
                "intervals": {**MEASURED["intervals"], "by_age_band": {}},
                "calibration": {**MEASURED["calibration"], "bins": MEASURED["calibration"]["bins"][:2]},
            }
        }
    },
}
SHORT["left_out"] = [{**SHORT, "protocols": {"landmarks": {"fairface": {"overall": MEASURED["overall"]}}}}]


@MANY
@given(JSON)
def test_any_json_is_read(values):
    record = EvaluationRecord.read(values)
    assert (record is not None) == isinstance(values, dict)
    assert wrong_values(record, EvaluationRecord | None) == []


@MANY
@given(damaged(SHORT))
def test_a_damaged_record_holds_nothing_wrong(values):
    assert wrong_values(EvaluationRecord.read(values), EvaluationRecord | None) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_any_one_wrong_value_is_kept_out(wrong):
    for values in each_replaced(SHORT, wrong):
        assert wrong_values(EvaluationRecord.read(values), EvaluationRecord) == []


def written(found: object) -> object:
    """A reading as plain values, without what is None."""
    if isinstance(found, Bin):
        return found._asdict()
    if isinstance(found, tuple):
        return [written(each) for each in found]
    if isinstance(found, dict):
        return {name: written(each) for name, each in found.items()}
    if not dataclasses.is_dataclass(found):
        return found
    members = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
    return {name: written(value) for name, value in members.items() if value is not None}


def as_read(report: object) -> object:
    """What the trainer writes, with the few names that a reading has of its own."""
    if isinstance(report, list):
        return [as_read(each) for each in report]
    if not isinstance(report, dict):
        return report
    values = {name: as_read(each) for name, each in report.items()}
    if "gender_recall" in values:
        values |= {f"recall_{gender}": each for gender, each in values.pop("gender_recall").items()}
    if "uncertain" in values:
        values["uncertain_share"] = values.pop("uncertain")["share"]
    if values.get("intervals", {}) is None:
        values["intervals"] = written(IntervalReport())
    return {name: each for name, each in values.items() if each is not None}


def test_the_default_models_record_is_read_whole():
    record = EvaluationRecord.read(read_record(DEFAULT_MODEL, EVALUATION_FILE))
    assert record.day == WHOLE["date"][:10]
    assert (record.split, record.limit, record.image_size) == ("test", None, WHOLE["model"]["image_size"])
    assert record.headline == "end_to_end"
    assert record.protocols.keys() == WHOLE["protocols"].keys()
    for protocol, sources in WHOLE["protocols"].items():
        for source, report in sources.items():
            assert written(record.protocols[protocol][source]) == as_read(report)


def test_reports_of_sources_left_out_are_read_without_theirs():
    nested = SHORT["left_out"][0] | {"left_out": SHORT["left_out"]}
    record = EvaluationRecord.read(SHORT | {"left_out": [nested, {"protocols": {}}, 7]})
    assert [each.sources.keys() for each in record.left_out] == [{"fairface"}]
    assert record.left_out[0].left_out == ()


def test_what_the_trainer_measures_is_read_whole():
    n = 60
    random = np.random.default_rng(0)
    years, off = random.integers(0, 90, n), random.normal(0, 9, n)
    samples = Samples(
        gender=random.integers(0, 2, n),
        age_min=years,
        age_max=years + random.integers(0, 2, n) * 9,
        race=random.choice(np.array(["", "Black", "Middle Eastern"]), n),
        predicted_gender=random.integers(0, 2, n),
        probability=random.uniform(0.5, 1, n),
        uncertain=random.integers(0, 2, n) == 1,
        age=np.clip(years + off, 0, 100),
        low=np.clip(years + off - 8, 0, 100),
        high=np.clip(years + off + 8, 0, 100),
        missed=random.integers(0, 5, n) == 0,
        level=0.8,
    )
    report = json.loads(json.dumps(source_report(samples)))
    assert written(SourceReport.read(report)) == as_read(report)
    ranges = samples.select(~samples.exact)
    report = json.loads(json.dumps(source_report(ranges)))
    assert report["intervals"] is None
    assert written(SourceReport.read(report)) == as_read(report)


def test_every_kind_is_of_an_attribute():
    assert ["n", *KINDS] == [each.name for each in dataclasses.fields(GroupReport)]


def test_the_headline_is_end_to_end_where_that_was_measured():
    sources = {"utkface": {"overall": {"n": 3}}}
    both = EvaluationRecord.read({"protocols": {"landmarks": {"fairface": {}}, "end_to_end": sources, "x": sources}})
    assert both.headline == "end_to_end"
    assert both.sources == {"utkface": SourceReport(overall=GroupReport(n=3))}
    assert both.protocols.keys() == {"landmarks", "end_to_end"}
    empty = EvaluationRecord.read({"protocols": {"landmarks": sources, "end_to_end": {}}})
    assert empty.headline == "landmarks"
    none = EvaluationRecord.read({"protocols": {"landmarks": {"utkface": 3}}})
    assert (none.headline, none.sources) == (None, {})


def test_a_measured_value():
    values = {"value": 0.75, "n": 208, "interval": [0.69, 0.8]}
    assert Measured.read(values) == Measured(0.75, 208, (0.69, 0.8))
    assert Measured.read({"value": -7.5, "n": 2}, "signed") == Measured(-7.5, 2)
    assert Measured.read({"value": -7.5, "n": 2}, "years") is None


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        "0.5",
        {"value": 0.5},
        {"value": "0.5", "n": 3},
        {"value": True, "n": 3},
        {"value": float("nan"), "n": 3},
        {"value": float("inf"), "n": 3},
        {"value": 10**400, "n": 3},
        {"value": 1.2, "n": 3},
        {"value": 0.5, "n": 0},
        {"value": 0.5, "n": 2.5},
        {"value": 0.5, "n": "many"},
    ],
)
def test_what_is_no_measured_value(values):
    assert Measured.read(values) is None


@pytest.mark.parametrize("interval", [None, 3, [0.4], [0.6, 0.4], [0.4, "0.6"], [0.4, 0.6, 0.8], [-1, 0.6]])
def test_a_value_without_a_usable_interval(interval):
    assert Measured.read({"value": 0.5, "n": 9, "interval": interval}) == Measured(0.5, 9)


def test_bins_that_cannot_be_true_are_left_out():
    good = {"n": 5, "probability": 0.6, "accuracy": 0.4}
    bins = [good, {**good, "n": 0}, {**good, "accuracy": None}, 7]
    assert CalibrationReport.read({"bins": bins}).bins == ((0.6, 0.4, 5),)
    assert CalibrationReport.read({"bins": {"0": good}}) == CalibrationReport.read(None) == CalibrationReport()


def test_no_intervals_are_empty():
    assert IntervalReport.read(None) == IntervalReport.read({"level": 8}) == IntervalReport()
