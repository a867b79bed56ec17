"""Reads the labels of own photos: ages, dates, genders, boxes and splits as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime

from .age_range import parse_age_range
from .record import OLDEST_AGE

MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "nat", "none", "null", "unknown", "unlabeled", "unlabelled"})
"""Words for a label that is not there, casefolded."""

GENDER_WORDS = {
    "female": ("female", "f", "w", "woman", "women", "girl", "girls", "females", "feminine"),
    "male": ("male", "m", "man", "men", "boy", "boys", "males", "masculine"),
}
GENDERS_BY_WORD = {word: gender for gender, words in GENDER_WORDS.items() for word in words}

SPLIT_WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "test": ("test", "testing", "tst", "eval", "evaluation"),
}
SPLITS_BY_WORD = {word: split for split, words in SPLIT_WORDS.items() for word in words}

_NUMBER = re.compile(r"\d{1,3}([.,]\d+)?")
_BETWEEN = re.compile(r"[(\[]?\s*(\d{1,3})\s*(?:-|–|—|,|;|to|bis|\.\.)\s*(\d{1,3})\s*[)\]]?")
_OPEN = re.compile(r"(?:>=?|over|above|from|more than)\s*(\d{1,3})|(\d{1,3})\s*(?:\+|and (?:over|older|above|up))")
_BELOW = re.compile(r"(?:<|under|below|less than)\s*(\d{1,3})")
_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y:%m:%d", "%Y%m%d", "%d.%m.%Y", "%Y-%m", "%Y/%m")


def is_missing(value: object) -> bool:
    """Whether a cell holds no label: null, NaN, empty, or a word such as "unknown"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().casefold() in MISSING


def parse_age(value: object) -> tuple[int, int] | None:
    """The whole years that a label allows, both ends included; None if it is no age from 0 to 120.

    `23`, `"23"`, `23.4` and `"23,4"` (rounded) -> (23, 23); `"25-32"`, `"(25, 32)"`, `[25, 32]` -> (25, 32); `"60+"`,
    `"over 60"` -> (60, 120); `"under 3"` -> (0, 2).
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _within(value, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _within(*value) if len(value) == 2 and all(isinstance(end, (int, float)) for end in value) else None
    text = str(value).strip().casefold().removesuffix("years old").removesuffix("years").removesuffix("y").strip()
    if _NUMBER.fullmatch(text):
        years = float(text.replace(",", "."))
        return _within(years, years)
    if match := _BETWEEN.fullmatch(text):
        return _within(int(match[1]), int(match[2]))
    if match := _OPEN.fullmatch(text):
        return _within(int(match[1] or match[2]), OLDEST_AGE)
    if match := _BELOW.fullmatch(text):
        return _within(0, int(match[1]) - 1)
    return parse_age_range(text)


def parse_gender(value: object) -> str | None:
    """`"Female"`, `"f"`, `"woman"` -> "female"; None for anything else, numbers included."""
    return GENDERS_BY_WORD.get(str(value).strip().casefold())


def parse_split(value: object) -> str | None:
    """`"val"` -> "validation"; None if it is no name of a split."""
    return SPLITS_BY_WORD.get(str(value).strip().casefold())


def parse_date(value: object) -> date | None:
    """A date, or a year or month, which stand for their middle: `1980` -> 1 July 1980. None if it is neither."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip().removesuffix(".0")
    if re.fullmatch(r"1[89]\d\d|20\d\d", text):
        return date(int(text), 7, 1)
    text = text.split("T")[0].split(" ")[0] if len(text) > 10 else text
    for form in _DATE_FORMATS:
        try:
            found = datetime.strptime(text, form).date()
        except ValueError:
            continue
        return found if "%d" in form else found.replace(day=15)
    return None


def age_at(birth: date, photo: date) -> int:
    """Completed years between two dates; negative if the photo is older than its subject."""
    return photo.year - birth.year - ((photo.month, photo.day) < (birth.month, birth.day))


def parse_box(value: object) -> tuple[float, float, float, float] | None:
    """`[x1, y1, x2, y2]` as list or text in pixels; None if it is no box with an area."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,;()\[\]]+", value) if part]
    try:
        x1, y1, x2, y2 = (float(number) for number in value)
    except (TypeError, ValueError):
        return None
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 and math.isfinite(x1 + y1 + x2 + y2) else None


def _within(youngest: float, oldest: float) -> tuple[int, int] | None:
    if not (math.isfinite(youngest) and math.isfinite(oldest)):
        return None
    low, high = math.floor(youngest + 0.5), math.floor(oldest + 0.5)
    return (low, high) if youngest >= 0 and low <= high <= OLDEST_AGE else None
