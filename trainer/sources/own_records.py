"""Rows of own photos -> records: labels are read, bad rows are left out with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError
from .columns import Wishes, parts
from .own_boxes import IMPOSSIBLE_BOX, BoxReading, parse_box, read_boxes
from .own_dates import age_at, day_comes_first, parse_date
from .own_faces import LONGEST_NAME, Labelled, Row, faces_of
from .own_labels import (
    between,
    is_missing,
    parse_age,
    parse_gender,
    parse_split,
    plain,
    unclear_genders,
)
from .record import OLDEST_AGE, RACES, Record, Skipped

SEVERAL_FILES = "names several files of the source"
ADDRESS = "names an address (download its photo first)"
IMPOSSIBLE_AGE = "impossible age"
UNKNOWN_SPLIT = "split of an unknown name"
AGE_COLUMNS = ("age", "age_min", "age_max", "birth_date", "photo_date")
MOST_WORDS = 10
LONGEST_WORD = 40


@dataclass(slots=True)
class Labels:
    """The records of some rows, and what was left out.

    Attributes:
        records: of the rows that can be used.
        skipped: the others.
        strange: (our column, word) -> number of rows, of labels that were not understood.
        genders: the words of the gender column -> number of rows.
        boxes: how they are read; None where there are none.
    """

    records: list[Record] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    strange: Counter[tuple[str, str]] = field(default_factory=Counter)
    genders: Counter[str] = field(default_factory=Counter)
    boxes: BoxReading | None = None

    def not_understood(self) -> dict[str, int]:
        """`"gender: x"` -> number of rows; of each column the most frequent words."""
        shown: Counter[str] = Counter()
        words = {}
        for (column, word), count in self.strange.most_common():
            shown[column] += 1
            if shown[column] <= MOST_WORDS:
                words[f"{column}: {word}"] = count
        return words


def read_labels(rows: Sequence[Row], columns: Mapping[str, str], wishes: Wishes) -> Labels:
    """The records of `rows`; several faces of one photo, told by their boxes, are records of their own.

    Args:
        rows: of all tables.
        columns: our column -> theirs.
        wishes: for the words of `--values`.

    Raises:
        DataError: the genders are numbers or words that may mean either.
    """
    found, counts = Labels(), Counter()
    labelled: list[Labelled] = []
    day_first = {
        ours: day_comes_first(row.values.get(columns[ours]) for row in rows)
        for ours in ("birth_date", "photo_date")
        if ours in columns
    }
    if (theirs := columns.get("box")) is not None:
        cells = (_cell(row.values, "box", theirs, wishes) for row in rows)
        found.boxes = read_boxes(cells, parts("box", theirs), wishes.box_format, "box" not in wishes.columns)
    for row in rows:
        cells = {ours: _cell(row.values, ours, theirs, wishes) for ours, theirs in columns.items() if ours != "image"}
        reason, labels = _labels(row, cells, found, day_first)
        if reason is None:
            labelled.append((row, labels))
        else:
            found.skipped.append(Skipped(row.name[:LONGEST_NAME], reason))
    faces, left_out = faces_of(labelled)
    found.skipped += left_out
    for row, labels in faces:
        counts[row.file] += 1
        number = counts[row.file]
        file = row.file if number == 1 else f"{row.file}#{number}"
        found.records.append(Record(file=file, photo=row.file, **labels))
    _refuse_unclear(found.genders)
    return found


def _cell(values: Mapping[str, object], ours: str, theirs: str, wishes: Wishes) -> object:
    names = parts(ours, theirs)
    if len(names) > 1:
        return [values.get(name) for name in names]
    value = values.get(theirs)
    words = wishes.values.get(ours) or wishes.values.get(theirs) or {}
    return words.get(plain(str(value)).removesuffix(".0"), value)


def _labels(
    row: Row, cells: Mapping[str, object], found: Labels, day_first: Mapping[str, bool | None]
) -> tuple[str | None, dict]:
    """Why the row cannot be used, or None; and its labels. Words that are not understood are noted in `found`."""
    if row.file is None:
        return row.reason, {}
    if (ages := _ages(cells, day_first)) is None:
        names = [name for name in AGE_COLUMNS if not is_missing(cells.get(name))]
        found.strange[", ".join(names), ", ".join(_shown(cells[name]) for name in names)] += 1
        return IMPOSSIBLE_AGE, {}
    gender = None
    if not is_missing(cells.get("gender")):
        word = _shown(cells["gender"]).removesuffix(".0")
        gender = parse_gender(cells["gender"])
        found.genders[word] += 1
        if gender is None:
            found.strange["gender", word] += 1
    split = row.split
    if not is_missing(cells.get("split")):
        split = parse_split(cells["split"])
        if split is None:
            found.strange["split", _shown(cells["split"])] += 1
            return UNKNOWN_SPLIT, {}
    box = cells.get("box")
    if is_missing(box) or (isinstance(box, list) and all(is_missing(end) for end in box)):
        box = None
    elif (numbers := parse_box(box)) is None or (box := found.boxes.corners(numbers)) is None:
        return IMPOSSIBLE_BOX, {}
    identity = cells.get("identity")
    return None, {
        "age_min": ages[0],
        "age_max": ages[1],
        "gender": gender,
        "race": _race(cells.get("race")),
        "identity": None if is_missing(identity) else str(identity).strip().removesuffix(".0"),
        "split": split,
        "box": box,
    }


def _shown(value: object) -> str:
    """A cell as the output shows it: on one line, and short."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}…"


def _ages(cells: Mapping[str, object], day_first: Mapping[str, bool | None]) -> tuple[int | None, int | None] | None:
    """Both ends of the age, both None where it is missing; None if it is impossible."""
    if "age_min" in cells or "age_max" in cells:
        ends = [cells.get(name) for name in ("age_min", "age_max")]
        low, high = (None if is_missing(end) else parse_age(end) for end in ends)
        if (low is None and not is_missing(ends[0])) or (high is None and not is_missing(ends[1])):
            return None
        youngest, oldest = between(low, high) or (None, None)
        return None if youngest is not None and youngest > oldest else (youngest, oldest)
    if "birth_date" in cells or "photo_date" in cells:
        ends = [cells.get(name) for name in ("birth_date", "photo_date")]
        if any(is_missing(end) for end in ends):
            return None, None
        birth, photo = (parse_date(cells[name], day_first.get(name)) for name in ("birth_date", "photo_date"))
        years = age_at(birth, photo) if birth and photo else -1
        return (years, years) if 0 <= years <= OLDEST_AGE else None
    if is_missing(cells.get("age")):
        return None, None
    return parse_age(cells["age"])


def _race(value: object) -> str | None:
    races = {race.casefold(): race for race in RACES}
    return races.get(str(value).strip().casefold())


def _refuse_unclear(words: Mapping[str, int]) -> None:
    if not (unclear := unclear_genders(words)):
        return
    first, second = (*unclear, "?")[:2]
    kind = "numbers" if all(word.lstrip("-").isdecimal() for word in unclear) else "words"
    raise DataError(
        f"the genders are {kind} ({', '.join(unclear[:MOST_WORDS])}), which do not say who is female: "
        f"add `--values gender:{first}=female gender:{second}=male`, or the other way round"
    )
