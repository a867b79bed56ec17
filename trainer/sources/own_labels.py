"""Reads the labels of own photos: ages, genders and splits as people write them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

from .age_range import parse_age_range
from .record import OLDEST_AGE

MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "nat", "none", "null", "unknown", "unlabeled", "unlabelled"})
"""Words for a label that is not there, casefolded."""

GENDER_WORDS = {
    "female": (
        "female", "females", "f", "fem", "w", "woman", "women", "girl", "girls", "feminine", "lady", "ladies", "♀",
        "dame", "damen", "dames",
        "weiblich", "frau", "frauen", "mädchen", "femme", "femmes", "fille", "filles", "féminin", "mujer", "mujeres",
        "femenino", "femenina", "niña", "niñas", "mulher", "mulheres", "feminino", "feminina", "donna", "donne",
        "femmina", "femminile", "vrouw", "vrouwen", "vrouwelijk", "kobieta", "kvinna", "kvinde", "kvinne", "kadın",
        "женский", "женщина", "жен", "ж", "女", "女性", "여", "여자", "여성",
    ),
    "male": (
        "male", "males", "m", "masc", "man", "men", "boy", "boys", "masculine", "gentleman", "gentlemen", "♂",
        "herr", "herren",
        "männlich", "mann", "männer", "junge", "jungen", "homme", "hommes", "garçon", "garçons", "masculin", "h",
        "hombre", "hombres", "masculino", "masculina", "niño", "niños", "varón", "homem", "homens", "uomo", "uomini",
        "maschio", "maschile", "mannen", "mannelijk", "mężczyzna", "mand", "erkek",
        "мужской", "мужчина", "муж", "м", "男", "男性", "남", "남자", "남성",
    ),
}  # fmt: skip
"""Of languages that use a word for one gender only. `h` is French beside `f`; see `unclear_genders`."""

GENDERS_BY_WORD = {word: gender for gender, words in GENDER_WORDS.items() for word in words}

SPLIT_WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("validation", "valid", "validate", "val", "dev", "development"),
    "test": ("test", "testing", "tst", "eval", "evaluation"),
}
SPLITS_BY_WORD = {word: split for split, words in SPLIT_WORDS.items() for word in words}

FREQUENT = 0.1
"""Share of the understood letters that makes a letter frequent."""

_DASHES = re.compile("[‐‑‒–—−]")
_YEARS = r"\d{1,3}(?:\.\d+)?"
_NUMBER = re.compile(r"\d{1,3}([.,]\d+)?")
_BETWEEN = re.compile(rf"[(\[]?\s*({_YEARS})\s*(?:-|,|;|to|bis|\.\.)\s*({_YEARS})\s*[)\]]?")
_OPEN = re.compile(
    r"(?:>=?|≥|over|above|from|more than|at least|ab)\s*(\d{1,3})|"
    r"(\d{1,3})\s*(?:\+|plus|(?:and|or) (?:over|older|above|up|more))"
)
_BELOW = re.compile(r"(?:<|under|below|less than|younger than)\s*(\d{1,3})")
_UP_TO = re.compile(r"(?:<=|≤|up to|at most)\s*(\d{1,3})")
_DECADE = re.compile(r"(\d{1,2}0)['’]?s")
_BABY = re.compile(r"(?:(\d{1,3})\s*(?:-|to)\s*)?(\d{1,3})\s*(months?|mos?|weeks?|wks?|days?)(?: old)?")
_IN_A_YEAR = {"m": 12, "w": 52, "d": 365}
_BEFORE_AGE = re.compile(r"(?:aged?|~|≈|ca?\.|circa|about|approx\.?)[\s:]*(?=[\d(\[<>≥≤])")
_AFTER_AGE = re.compile(
    r"(?<=[\d)\]])\s*(?:years?(?:[ -]old)?|yrs?\.?|y\.?/?o\.?|y|"
    r"jahre?(?: alt)?|ans?|años?|anos?|anni|jaar|лет|岁|歲|歳|才|세)$"
)


def is_missing(value: object) -> bool:
    """Whether a cell holds no label: null, NaN, empty, or a word such as "unknown"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().casefold() in MISSING


def parse_age(value: object) -> tuple[int, int] | None:
    """The whole years that a label allows, both ends included; None if it is no age from 0 to 120.

    `23`, `"23"`, `23.4` and `"23,4"` (rounded) -> (23, 23); `"25-32"`, `"(25, 32)"`, `[25, 32]` -> (25, 32); `"60+"`,
    `"over 60"` -> (60, 120); `"under 3"` -> (0, 2); `"30s"` -> (30, 39); `"18 months"` -> (1, 1). Words around a number
    that say no more than "age" and "years" do not count, nor do those before it that say "about".
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _within(value, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _within(*value) if len(value) == 2 and all(isinstance(end, (int, float)) for end in value) else None
    text = _DASHES.sub("-", plain(str(value)))
    # Folders and classes are named `age_30`, `25_32`, `more_than_70`.
    text = re.sub(r"(?<=\d)_(?=\d)", "-", text).replace("_", " ")
    text = text[match.end() :] if (match := _BEFORE_AGE.match(text)) else text
    if match := _BABY.fullmatch(text):
        in_a_year = _IN_A_YEAR[match[3][0]]
        return _within(int(match[1] or match[2]) // in_a_year, int(match[2]) // in_a_year)
    if match := _DECADE.fullmatch(text):
        return _within(int(match[1]), int(match[1]) + 9)
    text = _AFTER_AGE.sub("", text)
    if _NUMBER.fullmatch(text):
        years = float(text.replace(",", "."))
        return _within(years, years)
    if match := _BETWEEN.fullmatch(text):
        return _within(float(match[1]), float(match[2]))
    if match := _OPEN.fullmatch(text):
        return _within(int(match[1] or match[2]), OLDEST_AGE)
    if match := _BELOW.fullmatch(text):
        return _within(0, int(match[1]) - 1)
    if match := _UP_TO.fullmatch(text):
        return _within(0, int(match[1]))
    return parse_age_range(text)


def between(first: tuple[int, int] | None, last: tuple[int, int] | None) -> tuple[int, int] | None:
    """The age in years from the first of one cell to the last of another; a missing end is open, both are no age.

    The result may be in the wrong order, which the caller refuses.
    """
    if first is last is None:
        return None
    return first[0] if first else 0, last[1] if last else OLDEST_AGE


def plain(word: str) -> str:
    """A word as it is compared: casefolded, composed as Unicode's NFC has it, without blanks around it."""
    return unicodedata.normalize("NFC", word).strip().casefold()


def plain_name(name: str) -> str:
    """A column's name as it is compared: `Box_X1` -> "boxx1"."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def parse_gender(value: object) -> str | None:
    """`"Female"`, `"f."`, `"woman"`, `"femme"` -> "female"; None for anything else, numbers included."""
    return GENDERS_BY_WORD.get(plain(str(value)).removesuffix("."))


def unclear_genders(words: Mapping[str, int]) -> list[str]:
    """The words of a gender column that may mean either, sorted; empty where all is clear.

    They are words and numbers of which none is understood, a frequent letter beside letters of one gender only (`f` is
    a man beside Hungarian's `n`), and `h` beside `m` alone, which is a woman in Spanish.

    Args:
        words: word -> number of rows.
    """
    understood = {word: gender for word in words if (gender := parse_gender(word))}
    strange = [word for word in words if word not in understood]
    if not understood:
        return sorted(strange)
    letters = {word for word in words if len(word) == 1}
    if {"h", "m"} <= {plain(word) for word in letters} and "female" not in understood.values():
        return sorted(word for word in letters if plain(word) in "hm")
    if understood.keys() <= letters and len(set(understood.values())) == 1:
        known = sum(words[word] for word in understood)
        frequent = [word for word in strange if word in letters and words[word] >= FREQUENT * known]
        return sorted([*frequent, *understood]) if frequent else []
    return []


def parse_split(value: object) -> str | None:
    """`"val"` -> "validation"; None if it is no name of a split."""
    return SPLITS_BY_WORD.get(plain(str(value)))


def split_of_table(name: str) -> str | None:
    """The split that a table's name without its suffix tells: `train_labels` -> "train"; None if none, or several."""
    found = {split for word in re.split(r"[\W_]+", name) if (split := parse_split(word))}
    return found.pop() if len(found) == 1 else None


def _within(youngest: float, oldest: float) -> tuple[int, int] | None:
    if not (math.isfinite(youngest) and math.isfinite(oldest)):
        return None
    low, high = math.floor(youngest + 0.5), math.floor(oldest + 0.5)
    return (low, high) if youngest >= 0 and low <= high <= OLDEST_AGE else None
