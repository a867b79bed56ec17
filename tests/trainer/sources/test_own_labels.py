from datetime import date

import pytest

from trainer.sources.own_dates import age_at, day_comes_first, parse_date
from trainer.sources.own_labels import (
    is_missing,
    parse_age,
    parse_gender,
    parse_split,
    split_of_table,
    unclear_genders,
)


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
        ("30 yrs", (30, 30)),
        ("30y/o", (30, 30)),
        ("30 ans", (30, 30)),
        ("Age: 30", (30, 30)),
        ("age_30", (30, 30)),
        ("~30", (30, 30)),
        ("30s", (30, 39)),
        ("18 months", (1, 1)),
        ("20 to 30 months", (1, 2)),
        ("6 weeks", (0, 0)),
        ("10 days old", (0, 0)),
        ("ab 60", (60, 120)),
        ("0 - 2 years old", (0, 2)),
        ("25_32", (25, 32)),
        ("25−32", (25, 32)),
        ("(25.0, 32.0)", (25, 32)),
        ("more_than_70", (70, 120)),
        ("60 plus", (60, 120)),
        ("≥60", (60, 120)),
        ("<= 18", (0, 18)),
        ("35s", None),
        ("60-", None),
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
        ("F.", "female"),
        ("Frauen", "female"),
        ("ma\u0308nnlich", "male"),
        ("女", "female"),
        ("м", "male"),
        (0, None),
        ("x", None),
    ],
)
def test_genders(word, gender):
    assert parse_gender(word) == gender


@pytest.mark.parametrize(
    ("words", "unclear"),
    [
        ({"F": 5, "M": 5}, []),
        ({"F": 5, "H": 5}, []),
        ({"F": 5, "M": 5, "x": 2}, []),
        ({"female": 50, "other": 20}, []),
        ({"F": 50, "x": 2}, []),
        ({}, []),
        ({"0": 5, "1": 5}, ["0", "1"]),
        ({"K": 5, "E": 5}, ["E", "K"]),
        ({"H": 5, "M": 5}, ["H", "M"]),
        ({"N": 5, "F": 5}, ["F", "N"]),
    ],
)
def test_words_that_may_mean_either_gender(words, unclear):
    assert unclear_genders(words) == unclear


@pytest.mark.parametrize(
    ("table", "split"),
    [
        ("train_labels", "train"),
        ("labels-val", "validation"),
        ("test", "test"),
        ("train_and_test", None),
        ("own", None),
    ],
)
def test_a_table_may_be_named_after_a_split(table, split):
    assert split_of_table(table) == split


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
        ("1955-00-00", date(1955, 7, 1)),
        ("6 Jan 1955", date(1955, 1, 6)),
        ("January 6, 1955", date(1955, 1, 6)),
        ("06-Jan-1955", date(1955, 1, 6)),
        ("Jan 1955", date(1955, 1, 15)),
        ("16/01/1955", date(1955, 1, 16)),
        ("01/16/1955", date(1955, 1, 16)),
        ("6/1/1955", date(1955, 7, 1)),
        ("1/16/1955 14:22:10", date(1955, 1, 16)),
        ("16.01.1955, 2:22 PM", date(1955, 1, 16)),
        ("31/02/1955", None),
        ("0000-00-00", None),
        ("55", None),
    ],
)
def test_dates(value, day):
    assert parse_date(value) == day


@pytest.mark.parametrize(
    ("values", "first", "day"),
    [
        (["6/1/1955 14:22", "1/16/1955 2:22 PM"], False, date(1955, 6, 1)),
        (["6/1/1955", "16/1/1955"], True, date(1955, 1, 6)),
        (["6-1-1955", "1-16-1955"], False, date(1955, 6, 1)),
        (["6/1/1955", "1/16/1955", "16/1/1955"], None, date(1955, 7, 1)),
        (["6/1/1955", None, 1955], None, date(1955, 7, 1)),
    ],
)
def test_a_column_tells_whether_its_dates_begin_with_the_day(values, first, day):
    assert day_comes_first(values) is first
    assert parse_date(values[0], first) == day


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
