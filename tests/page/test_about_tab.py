"""The About tab says what the records say, and stands whatever the records are."""

import copy
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from page import about_text
from page.about_tab import about_html
from page.serving import CLEAN_EVERY_S, CLEAN_OLDER_S

ROOT = Path(__file__).resolve().parents[2]
VOID = {"br", "img"}


class Reader(HTMLParser):
    """The words, the headings and the ids; fails on tags that do not match."""

    def __init__(self, html):
        super().__init__()
        self.words, self.headings, self.ids, self.links, self.tags = [], [], [], [], []
        self.open = []
        self.feed(html)
        self.close()
        assert self.open == []
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data))


def measured(value, n, spread=0.05):
    return {"value": value, "n": n, "interval": [value - spread, value + spread]}


def group(mae, bias, female, male, n=100, missed=0.1):
    return {
        "n": n,
        "missed": measured(missed, n),
        "age_mae": measured(mae, n),
        "age_bias": measured(bias, n),
        "age_cs5": measured(0.61, n),
        "gender_accuracy": measured((female + male) / 2, n),
        "gender_recall": {"female": measured(female, n), "male": measured(male, n)},
    }


@pytest.fixture
def drawn():
    """A small report, as `python -m trainer evaluate` writes it."""
    bands = {"0–9": group(2.5, 1.5, 0.7, 0.72), "60+": group(8.25, -4.35, 0.9, 0.95)}
    interval = {"coverage": measured(0.66, 100), "mean_width": 12.75}
    source = {
        "overall": group(5.25, 0.4, 0.8, 0.9, n=1200),
        "by_age_band": bands,
        "by_race": {
            "White": group(5.0, 0.1, 0.9, 0.93),
            "Middle_Eastern": group(5.0, 0.1, 0.81, 0.88, missed=0.31),
            "Few": group(5.0, 0.1, 0.55, 0.97, n=8),
        },
        "intervals": {
            "level": 0.8,
            "overall": {"coverage": measured(0.81, 1200), "mean_width": 16.34},
            "by_age_band": {"10–19": interval},
            "constant_width": 17.1,
        },
        "calibration": {
            "ece": 0.0123,
            "bins": [
                {"n": 40, "probability": 0.6, "accuracy": 0.575},
                {"n": 1160, "probability": 0.9, "accuracy": 0.95},
            ],
            "uncertain": {"n": 120, "share": 0.1},
            "accuracy_certain": measured(0.9, 1080),
            "accuracy_uncertain": measured(0.58, 120),
        },
    }
    return {
        "images": {"utkface": 1200},
        "protocols": {"landmarks": {"utkface": {}}, "end_to_end": {"utkface": source}},
        "model": {"name": "drawn", "revision": None, "image_size": 112},
        "data": {"names": ["utkface"], "split": "test", "limit": None},
        "date": "2031-02-03T04:05:06+00:00",
    }


@pytest.fixture
def record():
    config = {"num_hidden_layers": 7, "hidden_size": 320, "stem": "convolutional"}
    return {
        "config": {
            "model": {"pretrained": None, "config": config},
            "data": {"train": ["data/utkface", "me/other@main"]},
        },
        "hours": 2.5,
        "hardware": "cpu, 3 threads",
        "train_images": 12345,
    }


def load(name):
    path = ROOT / "model" / name
    return json.loads(path.read_text(encoding="utf-8"))


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
        "Measured on 2031-02-03 on the test split, pictures unseen in training",
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
    record["config"]["model"]["pretrained"] = "/home/jdoe/run/model"
    text = Reader(about_html(drawn, record)).text
    assert "starting from an earlier checkpoint" in text
    assert "jdoe" not in text


def test_the_default_models_report_is_shown_whole():
    report, training = load("evaluation.json"), load("training.json")
    read = Reader(about_html(report, training))
    shown = unescape(read.text)
    assert f"{training['train_images']:,} pictures" in shown
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
    assert read.tags.count("figure") == read.tags.count("table") >= 10
    assert read.tags.count("svg") == len(report["protocols"]["end_to_end"])


@pytest.mark.parametrize("training", [None, {}, [], {"config": 3}, {"config": {"stages": [7], "data": {"train": "x"}}}])
def test_without_records(training):
    text = Reader(about_html(None, training)).text
    assert "This checkpoint came without measurements" in text
    assert "How it was trained is not recorded" in text
    assert "What it must not be used for" in text


@pytest.mark.parametrize(
    "report",
    [
        {},
        [],
        "report",
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


def test_headings_and_links_are_in_order(drawn, record):
    read = Reader(about_html(drawn, record))
    levels = [level for level, _ in read.headings]
    assert levels[0] == "h2"
    assert set(levels) == {"h2", "h3"}
    assert len(read.ids) == len(set(read.ids))
    inner = [link.removeprefix("#") for link in read.links if link.startswith("#")]
    assert len(inner) == levels.count("h2") == 8
    assert set(inner) <= set(read.ids)
    assert all(name.startswith("about-") for name in read.ids)


def test_what_a_visitor_should_know(drawn, record):
    text = Reader(about_html(drawn, record)).text
    assert f"deleted from there within {(CLEAN_EVERY_S + CLEAN_OLDER_S) // 60} minutes" in text
    for words in (
        "Age checks",
        "surveillance",
        "Hiring",
        "advertising",
        "Gender identity",
        "apparent age",
        "Apache-2.0",
    ):
        assert words in text
    assert "non-commercial research only, as UTKFace asks" in text
    assert 'api_name="/predict"' in text
    assert "GenderAgePredictor.from_pretrained()" in text


def test_the_citation_is_that_of_the_repository():
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    cff = {key.strip(): value.strip().strip('"') for key, _, value in (line.partition(":") for line in lines)}
    plain = re.sub(r"\s+", " ", about_text.BIBTEX)
    for key, name in (("title", "title"), ("version", "version"), ("date-released", "date"), ("license", "license")):
        assert re.search(rf"\b{name} = {{{re.escape(cff[key])}}}", plain), key
    assert cff["- name"] in plain


def test_snippets_are_python():
    compile(about_text.CLIENT_CODE.format(here=about_text.LOCAL_PAGE), "client", "exec")
    compile(about_text.LIBRARY_CODE, "library", "exec")
