"""The About tab says what the records say, and stands whatever the records are."""

import copy
import json
import re
from html import unescape
from types import SimpleNamespace

import pytest

from gender_age.records import EVALUATION_FILE, TRAINING_FILE
from page.shared.records import evaluation_of, training_of

from .records import Reader, about_html, group, load


def test_numbers_are_the_reports(drawn, record):
    text = Reader(about_html(drawn, record)).text
    for words in (
        "For 61 of 100 faces of UTKFace the age is at most five years off",
        "it is worst for people from 60, off by 8.2 years on average",
        "labelled Middle Eastern and female (n = 100), 81.0% are read with that gender",
        "labelled White and male (n = 100), 93.0%",
        "1.5 years too old for people of 0–9 years and 4.3 years too young for people from 60",
        "people of 0–9 years labelled female: 70.0% (n = 100)",
        "to hold the true age of 80 in 100 faces. On UTKFace it holds 81.0%, with a mean width of 16.3 years",
        "It holds least for people of 10–19 years: 66.0%",
        "differ by 1.2 percentage points on average (expected calibration error, n = 1,200)",
        "Marked “uncertain” are 10.0%: of those 58.0% are right, of the others 90.0%",
        "In 10.0% of the pictures of UTKFace the detector found no face (n = 1,200)",
        "Measured on 2031-02-03 on the test split. The detector",
    ):
        assert words in text


def test_groups_come_worst_first(drawn, record):
    html = about_html(drawn, record)
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    (gender,) = (each for each in figures if "gender as labelled, by group" in each)
    assert re.findall(r'<div class="ga-group">([^<]+)<', gender) == ["Few", "Middle Eastern", "White"]
    (missed,) = (each for each in figures if "faces missed" in each)
    assert re.findall(r'<th scope="row">([^<]+)<', missed)[0] == "Middle Eastern"


def test_the_training_record_is_told(drawn, record):
    text = Reader(about_html(drawn, record)).text
    assert "with 7 layers of width 320 behind a convolutional stem" in text
    assert "cut to 112 × 112 pixels" in text
    assert (
        "12,345 pictures of UTKFace and me/other, starting from random weights, in 2.5 hours (cpu, 3 threads)" in text
    )
    assert "me/other: see its own card" in text
    record["config"]["model"] |= {"stem_weights": "faceres.json"}
    record["config"]["model"]["config"]["stem"] = "mobilenet"
    text = Reader(about_html(drawn, record)).text
    assert "behind the convolutions of MobileNet" in text
    assert "the convolutions starting from a network for faces and the rest from random weights, in 2.5 hours" in text
    assert "HSE’s MobileNet (A. Savchenko" in text
    record["config"]["model"]["pretrained"] = "/home/jdoe/run/model"
    text = Reader(about_html(drawn, record)).text
    assert "starting from an earlier checkpoint" in text
    record["started_from"] = {"hours": 1.5}
    assert "going on from an earlier run of 1.5 hours, in 2.5 hours" in Reader(about_html(drawn, record)).text
    record["started_from"] = {"hours": 1.5, "started_from": {"hours": 2, "started_from": None}}
    assert "going on from 2 earlier runs of 3.5 hours, in 2.5 hours" in Reader(about_html(drawn, record)).text
    record["started_from"]["started_from"]["config"] = {"model": {"stem_weights": "faceres.json"}}
    text = Reader(about_html(drawn, record)).text
    assert "2 earlier runs of 3.5 hours which began with a network for faces, in 2.5 hours" in text
    assert "jdoe" not in text


def test_licences_are_those_of_all_runs(drawn, record):
    later = {
        "config": {"model": {"pretrained": "model"}, "data": {"train": ["data/mine", "me/other"]}},
        "hub_ids": ["me/other"],
        "started_from": load("training.json"),
    }
    for training in (later, {"config": {"data": {"train": ["data/last"]}}, "started_from": later}):
        text = Reader(about_html(drawn, training)).text
        assert "For non-commercial research only, as UTKFace asks" in text
        for data in ("UTKFace (Zhang", "FairFace (Kärkkäinen", "CC BY 4.0", "All-Age-Faces (Cheng"):
            assert data in text
        assert "data/mine: not recorded here." in text
        assert "me/other: see its own card." in text


def test_the_default_models_report_is_shown_whole():
    report, training = load("evaluation.json"), load("training.json")
    read = Reader(about_html(report, training))
    shown = unescape(read.text)
    assert f"{training['train_images']:,} pictures" in shown
    assert "with 2 layers of width 256 behind the convolutions of MobileNet looks at every face" in shown
    for name, found in report["protocols"]["end_to_end"].items():
        overall = found["overall"]
        assert f"{overall['gender_accuracy']['value']:.1%}" in shown, name
        assert f"{overall['missed']['value']:.1%}" in shown, name
        for groups in ("by_age_band", "by_race"):
            for each in found[groups].values():
                for recall in each["gender_recall"].values():
                    assert f"{recall['value']:.1%}" in shown
                    assert f"n = {recall['n']:,}" in shown
        for each in found["by_age_band"].values():
            if "age_mae" in each:
                low, high = each["age_mae"]["interval"]
                assert f"{each['age_mae']['value']:.1f}" in shown
                assert f"{low:.1f} to {high:.1f}" in shown
        for each in found["calibration"]["bins"]:
            assert f"{each['accuracy']:.1%}" in shown
    assert read.tags.count("figure") == read.tags.count("table") >= 12
    assert read.tags.count("svg") == len(report["protocols"]["end_to_end"])


@pytest.mark.parametrize("training", [None, {}, [], {"config": 3}, {"config": {"stages": [7], "data": {"train": "x"}}}])
@pytest.mark.parametrize("report", [None, [], "report"])
def test_without_records(report, training):
    text = Reader(about_html(report, training)).text
    assert "This checkpoint came without measurements" in text
    assert "How it was trained is not recorded" in text
    assert "What it must not be used for" in text


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"protocols": None},
        {"protocols": {"end_to_end": []}},
        {"protocols": {"landmarks": {"utkface": None, "x": 3}}},
        {"protocols": {"other": {"utkface": {}}}},
        {"protocols": {"landmarks": {"utkface": {"overall": {"age_mae": 5}, "by_race": [1], "calibration": "good"}}}},
    ],
)
def test_a_report_of_another_shape(report):
    assert "of another shape" in Reader(about_html(report, None)).text


def broken(values, wrong):
    """Copies of nested dicts and lists, in each of which one value is replaced."""
    for key in values if isinstance(values, dict) else range(len(values)):
        copied = copy.deepcopy(values)
        copied[key] = wrong
        yield copied
        if isinstance(values[key], (dict, list)):
            for inner in broken(values[key], wrong):
                copied = copy.deepcopy(values)
                copied[key] = inner
                yield copied


@pytest.mark.parametrize("wrong", [None, "text", -7, [1], {"value": 1}])
def test_any_one_wrong_value_leaves_the_rest(drawn, record, wrong):
    del drawn["protocols"]["end_to_end"]["utkface"]["by_race"]["White"]
    for report in broken(drawn, wrong):
        assert "What it must not be used for" in about_html(report, record)
    for training in broken(record, wrong):
        kept = training["train_images"] == record["train_images"]
        assert ("12,345 pictures" in about_html(drawn, training)) == kept


def test_what_comes_from_outside_is_escaped(drawn, record):
    evil = "<img src=x>"
    utkface = drawn["protocols"]["end_to_end"].pop("utkface")
    utkface["by_age_band"][evil] = group(50.0, 50.0, 0.1, 0.2)
    utkface["by_race"][evil] = group(5.0, 0.1, 0.0, 1.0)
    drawn["protocols"]["end_to_end"][evil] = utkface
    drawn |= {"date": evil, "data": {"split": evil, "limit": 10}}
    record["hardware"] = evil
    record["config"]["data"]["train"] = [evil]
    record["config"]["model"]["pretrained"] = "a/" + evil
    read = Reader(about_html(drawn, record))
    assert "img" not in read.tags
    assert read.text.count(evil) > 20
    assert "on 10 pictures of each source only" in read.text


def test_a_group_may_have_any_name(drawn, record):
    intervals = drawn["protocols"]["end_to_end"]["utkface"]["intervals"]
    intervals["by_age_band"] = {"from_10_on": intervals["by_age_band"].pop("10–19"), "\ud800": {}}
    html = about_html(drawn, record)
    assert "people of from 10 on years: 66.0%" in Reader(html).text
    html.encode()


def test_a_wrong_start_is_not_told(drawn, record):
    record["config"]["model"]["pretrained"] = 7
    assert "12,345 pictures of UTKFace and me/other, in 2.5 hours" in Reader(about_html(drawn, record)).text


def test_records_are_those_beside_the_weights(drawn, tmp_path):
    predictor = SimpleNamespace(model=SimpleNamespace(name_or_path=str(tmp_path)))
    assert evaluation_of(predictor) is training_of(predictor) is None
    (tmp_path / EVALUATION_FILE).write_text(json.dumps(drawn))
    (tmp_path / TRAINING_FILE).write_text('{"seed": 3}')
    assert evaluation_of(predictor).image_size == 112
    assert training_of(predictor).seed == 3
    assert evaluation_of(SimpleNamespace()) is None
