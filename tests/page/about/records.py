"""A small evaluation report and training record, and a reader of the HTML made of them."""

import json
import re
from html.parser import HTMLParser

from gender_age.measurements import EvaluationRecord
from gender_age.records import TrainingRecord
from page.about import tab
from tests.conftest import REPOSITORY

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


def about_html(report, training):
    """The tab's HTML for the content of the two records' files."""
    return tab.about_html(EvaluationRecord.read(report), TrainingRecord.read(training))


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


def drawn_report():
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


def training_record():
    """What `python -m trainer train` leaves beside its model."""
    config = {"num_hidden_layers": 7, "hidden_size": 320, "stem": "convolutional"}
    return {
        "config": {
            "model": {"pretrained": None, "config": config},
            "data": {"train": ["data/utkface", "me/other@main"]},
        },
        "hub_ids": ["me/other@main"],
        "hours": 2.5,
        "hardware": "cpu, 3 threads",
        "train_images": 12345,
    }


def load(name):
    path = REPOSITORY / "model" / name
    return json.loads(path.read_text(encoding="utf-8"))
