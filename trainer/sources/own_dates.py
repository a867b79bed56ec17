"""Reads the dates of own photos and of births as people write them, and the ages between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

MONTHS = 12
_DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y:%m:%d", "%Y%m%d", "%d.%m.%Y", "%Y-%m", "%Y/%m")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_TIME = re.compile(r",?[T\s]\s*\d{1,2}:\d\d.*", re.DOTALL)
_YEAR_ONLY = re.compile(r"(1[89]\d\d|20\d\d)(?:-00-00)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def day_comes_first(values: Iterable[object]) -> bool | None:
    """Whether a column's dates such as `3/5/1980` begin with the day; None if no date of it tells, or they disagree."""
    found = [match for value in values if (match := _DAY_AND_MONTH.fullmatch(_day(value)))]
    days, months = any(int(match[1]) > MONTHS for match in found), any(int(match[3]) > MONTHS for match in found)
    return None if days == months else days


def parse_date(value: object, day_first: bool | None = None) -> date | None:
    """A date, or a year or month, which stand for their middle: `1980` -> 1 July 1980. None if it is neither.

    Args:
        value: of a cell.
        day_first: see `day_comes_first`; where it is None, `3/5/1980` is only the year.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _day(value).removesuffix(".0")
    if match := _YEAR_ONLY.fullmatch(text):
        return date(int(match[1]), 7, 1)
    if match := _DAY_AND_MONTH.fullmatch(text):
        return _of_parts(int(match[1]), int(match[3]), int(match[4]), day_first)
    if (found := _with_a_month_name(text)) is not None:
        return found
    text = text.split("T")[0].split(" ")[0] if len(text) > 10 else text
    for form in _DATE_FORMATS:
        try:
            found = datetime.strptime(text, form).date()
        except ValueError:
            continue
        return found if "%d" in form else found.replace(day=15)
    return None


def _day(value: object) -> str:
    """A cell's text without the time of day, as of `5/13/2021 2:22 PM`."""
    return _TIME.sub("", str(value).strip())


def _of_parts(first: int, second: int, year: int, day_first: bool | None) -> date | None:
    """The date `first/second/year`."""
    if max(first, second) > MONTHS:
        day_first = first > MONTHS
    elif day_first is None and first != second:
        return date(year, 7, 1) if year else None
    day, month = (first, second) if day_first else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _with_a_month_name(text: str) -> date | None:
    """`"3 May 1980"`, `"May 3, 1980"` and `"May 1980"`; English names."""
    words = re.findall(r"[^\W\d_]+|\d+", text.casefold())
    months = [_MONTHS.index(word[:3]) + 1 for word in words if word[:3] in _MONTHS]
    years = [int(word) for word in words if _YEAR_ONLY.fullmatch(word)]
    days = [int(word) for word in words if word.isdecimal() and len(word) <= 2]
    if len(months) != 1 or len(years) != 1:
        return None
    try:
        return date(years[0], months[0], days[0] if days else 15)
    except ValueError:
        return None


def age_at(birth: date, photo: date) -> int:
    """Completed years between two dates; negative if the photo is older than its subject."""
    return photo.year - birth.year - ((photo.month, photo.day) < (birth.month, birth.day))
