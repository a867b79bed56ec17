"""Rows of own photos that are for one face: of one table the first counts, those of several complete each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .record import Skipped

NO_FILE = "names no file of the source"
REPEATED = "named more than once"
SEVERAL_PEOPLE = "named more than once, for several people (--box says whose face is meant)"
OTHER_LABELS = "labelled otherwise by another table, which counts"
NO_LABEL = "neither age nor gender"
LONGEST_NAME = 255
"""Of files; what is longer in a column of images is no name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of labels.

    Attributes:
        name: as the row names its image.
        file: path of that image within the source; None if there is none.
        values: column -> cell.
        split: in whose folder or part of the source the row is, if that is a split's.
        reason: why there is no file, where there is none.
        table: whose row it is, where there are several.
    """

    name: str
    file: str | None
    values: Mapping[str, object]
    split: str | None = None
    reason: str = NO_FILE
    table: str = ""


Labelled = tuple[Row, dict]
"""A row that names a file, and its labels: `Record`'s fields but `file` and `photo`."""


def faces_of(rows: Sequence[Labelled]) -> tuple[list[Labelled], list[Skipped]]:
    """One row for each face, with what rows of other tables say of it; and the rows that are left out.

    A photo has as many faces as boxes; without boxes, one.
    """
    faces: dict[tuple, Labelled] = {}
    of_photo: dict[str | None, list[tuple]] = defaultdict(list)
    shared, skipped = set(), []
    # Rows without a label, as of a list of the test's photos, can only add to others.
    for row, labels in sorted(rows, key=lambda each: not _has_label(each[1])):
        key = row.file, labels["box"]
        if _has_label(labels) and key not in faces:
            faces[key] = row, labels
            of_photo[row.file].append(key)
            continue
        keys = [key] if _has_label(labels) else [key for key in of_photo[row.file] if _adds(row, labels, key, faces)]
        reason = None if keys else NO_LABEL
        for key in keys:
            first, known = faces[key]
            if _are_two(known, labels):
                shared.add(key)
                reason = SEVERAL_PEOPLE
            elif row.table == first.table:
                reason = REPEATED
            else:
                whole = {name: labels[name] if value is None else value for name, value in known.items()}
                faces[key] = first, whole
                reason = OTHER_LABELS if any(labels[name] not in (None, whole[name]) for name in whole) else reason
        if reason is not None:
            skipped.append(Skipped(row.name[:LONGEST_NAME], reason))
    skipped += [Skipped(faces[key][0].name, SEVERAL_PEOPLE) for key in faces if key in shared]
    return [face for key, face in faces.items() if key not in shared], skipped


def _has_label(labels: Mapping[str, object]) -> bool:
    return labels["age_min"] is not None or labels["gender"] is not None


def _adds(row: Row, labels: Mapping[str, object], key: tuple, faces: Mapping[tuple, Labelled]) -> bool:
    """Whether a row without a label may be of the face `key`."""
    return faces[key][0].table != row.table and (None in (labels["box"], key[1]) or labels["box"] == key[1])


def _are_two(labels: Mapping[str, object], others: Mapping[str, object]) -> bool:
    """Whether two rows of one photo are for two people; of one, several may have judged the age."""
    pairs = [(labels[name], others[name]) for name in ("gender", "identity")]
    return any(one != other and None not in (one, other) for one, other in pairs)
