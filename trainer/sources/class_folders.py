"""Labels that folders are named by: ages, genders and splits."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ..errors import DataError
from .own_faces import Row
from .own_labels import parse_age, parse_gender, parse_split, plain

logger = logging.getLogger(__name__)

FOLDER_AGE, FOLDER_GENDER = "folder age", "folder gender"
"""Columns of folders named by class."""

GENDER_NUMBERS = (["0", "1"], ["1", "2"])
"""Names of two folders that may be ages or genders."""

YEAR, NUMBER = re.compile(r"1[89]\d\d|20\d\d"), re.compile(r"\d+")
"""Names of folders; numbers right below a year are a month and a day, as in `2021/05/12/`."""

MONTH_AND_DAY = 2


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
    labelled, dated, number = False, "", ""
    ages, genders = words.get("age", {}), words.get("gender", {})
    for name in images:
        values: dict[str, object] = {}
        of_date = 0  # folders that may follow as month and day
        for part in PurePosixPath(name).parent.parts:
            if of_date and NUMBER.fullmatch(part) and plain(part) not in ages.keys() | genders.keys():
                if not dated:
                    dated, number = PurePosixPath(name).parent.as_posix(), part
                of_date -= 1
                continue
            of_date = MONTH_AND_DAY if YEAR.fullmatch(part) else 0
            if parse_split(part) is not None:
                continue
            if (gender := parse_gender(genders.get(plain(part), part))) is not None:
                values[FOLDER_GENDER] = gender
            elif parse_age(age := ages.get(plain(part), part)) is not None:
                values[FOLDER_AGE] = age
        labelled = labelled or bool(values)
        rows.append(Row(name, name, values, split_of(name)))
    if dated:
        hint = f"if the numbers below a year are ages, name each, such as `--values age:{number}={number}`"
        if not labelled:
            raise DataError(f"the folders look like dates, such as {dated}, and nothing else labels the photos: {hint}")
        logger.warning("folders such as %s are taken for dates: %s", dated, hint)
    named = sorted({str(row.values[FOLDER_AGE]) for row in rows if FOLDER_AGE in row.values} - ages.keys())
    if named in GENDER_NUMBERS and not any(FOLDER_GENDER in row.values for row in rows):
        first, second = named
        raise DataError(
            f"the folders are named {first} and {second}, which may be ages or genders: add `--values "
            f"gender:{first}=female gender:{second}=male`, or the other way round, or `--values age:{first}={first} "
            f"age:{second}={second}`"
        )
    return rows if labelled else []
