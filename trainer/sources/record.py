"""What is known of one image of a source before it is read, and the label names both sources share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

SOURCES = ("utkface", "fairface")
"""Names of the `source` ClassLabel, in order."""

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
"""Names of the `race` ClassLabel, in order: UTKFace's five, then those only FairFace has. One list for both sources,
so that the two datasets concatenate. For measuring errors per group; never predicted or shown."""

OLDEST_AGE = 120
"""Upper end of an open range such as "70+", in years."""


@dataclass(frozen=True, slots=True)
class Record:
    """The labels of one image.

    Attributes:
        file: name of the image within its source, with `/` between folders; unique there.
        age_min: youngest age the label allows, in whole years.
        age_max: oldest age the label allows; equal to `age_min` for an exact label.
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
    """An image that is left out.

    Attributes:
        file: its name within the source.
        reason: one of a few short phrases, the same for all images left out for the same cause.
    """

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source: everything but the pixels.

    Attributes:
        name: one of `SOURCES`.
        records: the usable images, sorted by `file`.
        skipped: the images left out for their name or labels, sorted by `file`.
        fingerprint: hexadecimal digest that changes when the source's content list does.
        read: `read(files)` gives `(file, encoded bytes)` for those of `files` that can be read, in whatever order is
            cheapest; a file whose bytes cannot be had comes with `None`.
    """

    name: str
    records: tuple[Record, ...]
    skipped: tuple[Skipped, ...]
    fingerprint: str
    read: Callable[[set[str]], Iterator[tuple[str, bytes | None]]]
