"""Labels that folders are named by: ages, genders and splits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ..errors import DataError
from .own_faces import Row
from .own_labels import parse_age, parse_gender, parse_split, plain

FOLDER_AGE, FOLDER_GENDER = "folder age", "folder gender"
"""Columns of folders named by class."""

GENDER_NUMBERS = (["0", "1"], ["1", "2"])
"""Names of two folders that may be ages or genders."""

YEAR, NUMBER = re.compile(r"1[89]\d\d|20\d\d"), re.compile(r"\d+")
"""Names of folders; a number somewhere below a year is a month or a day, as in `2021/05/12/`."""


def split_of(path: PurePosixPath | str) -> str | None:
    """The split that one of the path's folders is named after."""
    return next(filter(None, map(parse_split, PurePosixPath(path).parent.parts)), None)


def class_rows(images: Sequence[str], words: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """Rows of images whose folders are named by age or gender, such as `18/` or `train/female/30-39/`.

    Args:
        images: their paths.
        words: as of `Wishes`.

    Raises:
        DataError: the folders are numbers that may be genders as well, or dates.
    """
    rows = []
    labelled, dated = False, ""
    ages, genders = words.get("age", {}), words.get("gender", {})
    for name in images:
        values: dict[str, object] = {}
        below_year = False
        for part in PurePosixPath(name).parent.parts:
            if parse_split(part) is not None:
                continue
            if below_year and NUMBER.fullmatch(part) and plain(part) not in ages.keys() | genders.keys():
                dated = dated or PurePosixPath(name).parent.as_posix()
                continue
            below_year = below_year or YEAR.fullmatch(part) is not None
            if (gender := parse_gender(genders.get(plain(part), part))) is not None:
                values[FOLDER_GENDER] = gender
            elif parse_age(age := ages.get(plain(part), part)) is not None:
                values[FOLDER_AGE] = age
        labelled = labelled or bool(values)
        rows.append(Row(name, name, values, split_of(name)))
    if dated and not labelled:
        age = PurePosixPath(dated).name
        raise DataError(
            f"the folders look like dates, such as {dated}, and nothing else labels the photos: if the numbers below a "
            f"year are ages, name each, such as `--values age:{age}={age}`"
        )
    named = sorted({str(row.values[FOLDER_AGE]) for row in rows if FOLDER_AGE in row.values} - ages.keys())
    if named in GENDER_NUMBERS and not any(FOLDER_GENDER in row.values for row in rows):
        first, second = named
        raise DataError(
            f"the folders are named {first} and {second}, which may be ages or genders: add `--values "
            f"gender:{first}=female gender:{second}=male`, or the other way round, or `--values age:{first}={first} "
            f"age:{second}={second}`"
        )
    return rows if labelled else []
