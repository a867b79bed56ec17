"""Which columns of a table of labels mean what: named by the user, or guessed from usual names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError
from .own_boxes import usual_parts
from .own_labels import parse_age, parse_gender, parse_split, plain, plain_name

USUAL_NAMES = {
    "image": (
        "file_name", "image", "file", "path", "img", "filename", "file_path", "image_path", "img_path", "image_file",
        "image_name", "img_name", "full_path", "photo", "picture", "photo_path", "pixels",
    ),
    "age": (
        "age", "age_years", "apparent_age", "apparent_age_avg", "age_range", "age_group", "age_label", "real_age",
        "years", "labels_age", "age_class", "folder_age",
    ),
    "age_min": ("age_min", "min_age", "age_from", "age_low", "age_lower", "youngest"),
    "age_max": ("age_max", "max_age", "age_to", "age_high", "age_upper", "oldest"),
    "gender": ("gender", "sex", "perceived_gender", "gender_label", "labels_gender", "gender_class", "folder_gender"),
    "race": ("race", "ethnicity", "ethnic_group"),
    "identity": (
        "identity", "person", "person_id", "identity_id", "subject", "subject_id", "celeb_id", "celebrity", "user_id",
        "individual", "face_identity",
    ),
    "split": ("split", "subset", "partition", "fold_name"),
    "birth_date": ("birth_date", "date_of_birth", "dob", "birthday", "born", "birth_year", "year_of_birth"),
    "photo_date": (
        "photo_date", "date_taken", "photo_taken", "taken", "taken_at", "capture_date", "date_of_photo", "photo_year",
        "year_taken", "shot_at",
    ),
    "box": (
        "box", "face_box", "box_xyxy", "bbox_xyxy", "box_xywh", "bbox_xywh", "bbox", "face_bbox", "bounding_box",
        "face_rect", "facial_area",
    ),
}  # fmt: skip
"""Our column -> usual names, best first. Letters' case, blanks and signs between words do not count."""

MEANINGS = {
    "gender": (parse_gender, "write female or male after the sign, or nothing for a missing label"),
    "age": (parse_age, "write an age such as 31, 25-32 or 60+ after the sign, or nothing for a missing label"),
    "split": (parse_split, "write train, validation or test after the sign"),
}
"""Our column -> what reads its words, and what they may be."""

DATES = ("birth_date", "photo_date")
IN_PLACE_OF_AGE = (("age",), ("age_min", "age_max"), DATES)
"""The ways to give an age; one is read."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says about own photos.

    Attributes:
        columns: our column -> theirs; several names with commas are the parts of one box.
        values: our column or theirs -> word -> the word that is meant.
        box_format: of the boxes, one of `own_boxes.FORMATS`; None to find out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    box_format: str | None = None

    def to_dict(self) -> dict:
        """For the dataset's settings."""
        said = {"columns": dict(self.columns), "values": {name: dict(words) for name, words in self.values.items()}}
        return said | ({"box_format": self.box_format} if self.box_format else {})


def parse_values(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """`["gender:f=female", "gender:2=male"]` -> `{"gender": {"f": "female", "2": "male"}}`.

    Raises:
        DataError: a text has another form.
    """
    values: dict[str, dict[str, str]] = {}
    for text in texts:
        match = re.fullmatch(r"([^:]+):(.*)=([^=]*)", text)
        if match is None:
            raise DataError(f"--values has {text!r}; write COLUMN:THEIRS=OURS, such as gender:f=female")
        values.setdefault(match[1].strip(), {})[plain(match[2])] = match[3].strip()
    return values


def check_values(values: Mapping[str, Mapping[str, str]], columns: Mapping[str, str]) -> None:
    """Refuses words of `--values` that cannot be meant.

    Args:
        values: as of `Wishes`.
        columns: our column -> theirs, of those that are read.

    Raises:
        DataError: they are of a column that is not read, or stand for no gender, age or split.
    """
    for name, words in values.items():
        ours = next((ours for ours, theirs in columns.items() if name in (ours, theirs)), None)
        if ours is None:
            read = ", ".join(f"{ours} ({theirs})" for ours, theirs in columns.items())
            raise DataError(f"--values names the column {name}, which is not read; these are: {read}")
        parse, wanted = MEANINGS.get(ours, (None, ""))
        wrong = [f"{theirs}={word}" for theirs, word in words.items() if parse and word and parse(word) is None]
        if wrong:
            raise DataError(f"--values has {name}:{wrong[0]}; {wanted}")


def choose_columns(wanted: Mapping[str, str], available: Sequence[str]) -> dict[str, str]:
    """Our column -> theirs: as wanted, else by usual names; columns that are not there are left out.

    Raises:
        DataError: a wanted column is not there.
    """
    for ours, theirs in wanted.items():
        for part in parts(ours, theirs):
            if part not in available:
                option = f"--{ours.replace('_', '-')} {theirs}"
                raise DataError(f"{option} names no column; there are {', '.join(available) or 'none'}")
    found = dict(wanted)
    for ours in USUAL_NAMES:
        if ours not in found:
            theirs = choose_usual(ours, available)
            if theirs is None and ours == "box" and (found_parts := usual_parts(available)):
                theirs = ",".join(found_parts[1])
            if theirs is not None and theirs not in wanted.values():
                found[ours] = theirs
    for one, other in (DATES, DATES[::-1]):
        if one in wanted and other not in found:
            name, option = one.replace("_", "-"), other.replace("_", "-")
            raise DataError(f"--{name} {wanted[one]} needs --{option}, too; there are {', '.join(available)}")
    ways = [way for way in IN_PLACE_OF_AGE if set(way) & wanted.keys()]
    ways += [way for way in IN_PLACE_OF_AGE if set(way) <= found.keys()]
    unused = {name for way in IN_PLACE_OF_AGE for name in way} - set(ways[0] if ways else ())
    return {ours: theirs for ours, theirs in found.items() if ours not in unused}


def choose_usual(ours: str, available: Sequence[str]) -> str | None:
    """The column that has a usual name of one of ours; None if there is none."""
    by_name = {plain_name(name): name for name in reversed(available)}
    return next((by_name[plain_name(name)] for name in USUAL_NAMES[ours] if plain_name(name) in by_name), None)


def parts(ours: str, theirs: str) -> list[str]:
    """Their columns for one of ours: `x1,y1,x2,y2` are four, those of a box."""
    return [part.strip() for part in theirs.split(",")] if ours == "box" else [theirs]
