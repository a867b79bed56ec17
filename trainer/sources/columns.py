"""Which columns of a table of labels mean what: named by the user, or guessed from usual names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError

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
    "box": ("box", "face_box", "box_xyxy", "bbox_xyxy"),
}  # fmt: skip
"""Our column -> usual names, best first. Letters' case, blanks and signs between words do not count."""

IN_PLACE_OF_AGE = (("age",), ("age_min", "age_max"), ("birth_date", "photo_date"))
"""The ways to give an age; one is read."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says about own photos.

    Attributes:
        columns: our column -> theirs; several names with commas are the parts of one box.
        values: our column or theirs -> word -> the word that is meant.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_dict(self) -> dict:
        """For the dataset's settings."""
        return {"columns": dict(self.columns), "values": {name: dict(words) for name, words in self.values.items()}}


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
        values.setdefault(match[1].strip(), {})[match[2].strip().casefold()] = match[3].strip()
    return values


def choose_columns(wanted: Mapping[str, str], available: Sequence[str]) -> dict[str, str]:
    """Our column -> theirs: as wanted, else by usual names; columns that are not there are left out.

    Raises:
        DataError: a wanted column is not there.
    """
    for ours, theirs in wanted.items():
        for part in parts(theirs):
            if part not in available:
                option = f"--{ours.replace('_', '-')} {theirs}"
                raise DataError(f"{option} names no column; there are {', '.join(available) or 'none'}")
    found = dict(wanted)
    by_name = {_plain(name): name for name in reversed(available)}
    for ours, usual in USUAL_NAMES.items():
        if ours not in found:
            theirs = next((by_name[_plain(name)] for name in usual if _plain(name) in by_name), None)
            if theirs is not None and theirs not in wanted.values():
                found[ours] = theirs
    ways = [way for way in IN_PLACE_OF_AGE if set(way) & wanted.keys()]
    ways += [way for way in IN_PLACE_OF_AGE if set(way) <= found.keys()]
    unused = {name for way in IN_PLACE_OF_AGE for name in way} - set(ways[0] if ways else ())
    return {ours: theirs for ours, theirs in found.items() if ours not in unused}


def parts(theirs: str) -> list[str]:
    """The columns in a name such as `x1,y1,x2,y2`."""
    return [part.strip() for part in theirs.split(",")]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
