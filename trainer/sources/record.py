"""Label records and sources, and the class names shared by all sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
    """The labels of one image; None where the source has none.

    Attributes:
        file: path of the image within its source, with `/`; unique.
        age_min: lower end of the labelled age, in whole years.
        age_max: upper end, inclusive; equal to `age_min` for an exact label.
        gender: one of `gender_age.labels.GENDERS`.
        race: one of `RACES`.
        identity: who is shown, as the source names its people.
        split: the split that the source puts the image in, one of `preparation.splits.SPLITS`.
        box: `(x1, y1, x2, y2)` of the labelled face in the upright photo, in pixels or shares; see `Source`.
        photo: path of the photo that the face is in; the faces of one photo have one split.
    """

    file: str
    age_min: int | None
    age_max: int | None
    gender: str | None
    race: str | None = None
    identity: str | None = None
    split: str | None = None
    box: tuple[float, float, float, float] | None = None
    photo: str | None = None


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
class Origin:
    """What the card says about where a dataset comes from.

    Attributes:
        title: the dataset's name as its authors write it.
        provenance: where the images and labels come from.
        licence: on what terms, as far as known.
        removal: whom to ask to take an image out.
    """

    title: str
    provenance: str
    licence: str
    removal: str


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source, without its pixels.

    Attributes:
        name: one of `SOURCES`, or the name of own photos.
        records: the usable images, sorted by `file`.
        skipped: the images excluded by name or labels, sorted by `file`.
        fingerprint: hexadecimal digest of the source's file list.
        read: `read(files)` yields `(file, encoded bytes)` in storage order; the bytes are `None` for an unreadable
            file.
        origin: None for a source in `SOURCES`, which the card knows.
        reading: how own photos were read: column -> the source's name of it. Empty for a source in `SOURCES`.
        not_understood: words of own photos' labels that mean nothing here -> number of rows.
        not_read: columns of own photos' tables that nothing is read from.
        unnamed: images that no table of own photos names.
        relative_boxes: whether the records' boxes are in shares of the photos' width and height.
        options: what the user said about them; part of the dataset's settings.
    """

    name: str
    records: tuple[Record, ...]
    skipped: tuple[Skipped, ...]
    fingerprint: str
    read: Callable[[set[str]], Iterator[tuple[str, bytes | None]]]
    origin: Origin | None = None
    reading: dict[str, str] = field(default_factory=dict)
    not_understood: dict[str, int] = field(default_factory=dict)
    not_read: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    relative_boxes: bool = False
    options: dict = field(default_factory=dict)

    @property
    def are_photos(self) -> bool:
        """Whether the images are photos as people have them: searched as served ones are, left out without a face."""
        return self.origin is not None
