"""Label records and sources, and the class names shared by all sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

SOURCES = ("utkface", "fairface")
"""Class names of `source`, in index order."""

RACES = (
    "White",
    "Black",
    "Asian",
    "Indian",
    "Others",
    "East Asian",
    "Southeast Asian",
    "Latino_Hispanic",
    "Middle Eastern",
)
"""Class names of `race`, in index order: UTKFace's five, then FairFace's own. One list for all sources, so that the
datasets concatenate. For evaluation per group only; never predicted or shown."""

OLDEST_AGE = 120
"""Upper end of an open range such as "70+", in years."""


@dataclass(frozen=True, slots=True)
class Record:
    """The labels of one image.

    Attributes:
        file: path of the image within its source, with `/`; unique.
        age_min: lower end of the labelled age, in whole years.
        age_max: upper end, inclusive; equal to `age_min` for an exact label.
        gender: one of `gender_age.labels.GENDERS`.
        race: one of `RACES`.
    """

    file: str
    age_min: int
    age_max: int
    gender: str
    race: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """An excluded image.

    Attributes:
        file: path within the source.
        reason: a short phrase, one per cause.
    """

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source, without its pixels.

    Attributes:
        name: one of `SOURCES`.
        records: the usable images, sorted by `file`.
        skipped: the images excluded by name or labels, sorted by `file`.
        fingerprint: hexadecimal digest of the source's file list.
        read: `read(files)` yields `(file, encoded bytes)` in storage order; the bytes are `None` for an unreadable
            file.
    """

    name: str
    records: tuple[Record, ...]
    skipped: tuple[Skipped, ...]
    fingerprint: str
    read: Callable[[set[str]], Iterator[tuple[str, bytes | None]]]
