from datetime import date

import pytest

from trainer.sources.own_labels import age_at, is_missing, parse_age, parse_box, parse_date, parse_gender, parse_split


@pytest.mark.parametrize(
    ("value", "ages"),
    [
        (23, (23, 23)),
        ("23", (23, 23)),
        (23.0, (23, 23)),
        ("23.4", (23, 23)),
        ("23,5", (24, 24)),
        (0.4, (0, 0)),
        ("25-32", (25, 32)),
        ("25 – 32", (25, 32)),
        ("(25, 32)", (25, 32)),
        ("[25;32]", (25, 32)),
        ([25, 32], (25, 32)),
        ("25 to 32", (25, 32)),
        ("60+", (60, 120)),
        (">60", (60, 120)),
        ("more than 70", (70, 120)),
        ("65 and older", (65, 120)),
        ("under 3", (0, 2)),
        ("30 years", (30, 30)),
        (-1, None),
        ("-5", None),
        (121, None),
        ("240", None),
        ("32-25", None),
        (float("inf"), None),
        ([25], None),
        (True, None),
        ("old", None),
        ("2017", None),
    ],
)
def test_ages(value, ages):
    assert parse_age(value) == ages


@pytest.mark.parametrize("value", [None, float("nan"), "", " ", "N/A", "None", "unknown", "?"])
def test_missing_labels(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, "0", "f", "-1", False])
def test_labels_that_are_there(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("word", "gender"),
    [
        ("Female", "female"),
        ("F", "female"),
        (" woman ", "female"),
        ("MEN", "male"),
        ("m", "male"),
        (0, None),
        ("x", None),
    ],
)
def test_genders(word, gender):
    assert parse_gender(word) == gender


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("train", "train"),
        ("VAL", "validation"),
        ("dev", "validation"),
        ("valid", "validation"),
        ("test", "test"),
        ("3", None),
    ],
)
def test_splits(word, split):
    assert parse_split(word) == split


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1955-01-06", date(1955, 1, 6)),
        ("1955-1-6", date(1955, 1, 6)),
        ("06.01.1955", date(1955, 1, 6)),
        ("1955:01:06 10:11:12", date(1955, 1, 6)),
        ("1955-01-06T10:11:12Z", date(1955, 1, 6)),
        ("19550106", date(1955, 1, 6)),
        (1955, date(1955, 7, 1)),
        ("1955.0", date(1955, 7, 1)),
        ("1955-01", date(1955, 1, 15)),
        ("0000-00-00", None),
        ("55", None),
    ],
)
def test_dates(value, day):
    assert parse_date(value) == day


@pytest.mark.parametrize(
    ("birth", "photo", "years"),
    [
        (date(1990, 6, 1), date(2020, 5, 31), 29),
        (date(1990, 6, 1), date(2020, 6, 1), 30),
        (date(2000, 2, 29), date(2001, 2, 28), 0),
        (date(2020, 7, 1), date(1990, 7, 1), -30),
    ],
)
def test_ages_between_dates_are_completed_years(birth, photo, years):
    assert age_at(birth, photo) == years


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        ("[1, 2.5, 3, 4]", (1, 2.5, 3, 4)),
        ("1 2 3 4", (1, 2, 3, 4)),
        (["1", "2", "3", "4"], (1, 2, 3, 4)),
        ([3, 2, 1, 4], None),
        ([1, 2, 3], None),
        ("a b c d", None),
        (5, None),
    ],
)
def test_boxes(value, box):
    assert parse_box(value) == box
