"""A checkpoint's evaluation record: what was measured of the model, read as tolerantly as `records` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from .labels import GENDERS
from .records import LARGEST_SIZE, MAX_COUNTED, elements, members, number, part, text, whole_number

LIMITS = {"share": (0.0, 1.0), "years": (0.0, 150.0), "signed": (-150.0, 150.0)}
"""A kind of measured value -> the ends of what can be true."""

KINDS = {
    "missed": "share",
    "age_mae": "years",
    "age_bias": "signed",
    "age_cs5": "share",
    "range_accuracy": "share",
    "range_within_one": "share",
    "gender_accuracy": "share",
    "gender_accuracy_from_10": "share",
    "recall_female": "share",
    "recall_male": "share",
}
"""A value measured of a group -> its kind."""

PROTOCOLS = ("end_to_end", "landmarks")
"""Ways of measuring; a page and a card show the first that was measured: as a visitor meets the model, if possible."""

FEWEST_NAMED = 20
"""Smaller groups are in charts and tables, but not named as the best or the worst: their numbers are mostly chance."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value.

    Attributes:
        value: in years, or a share in [0, 1].
        n: number of faces.
        interval: both ends of its 95 % interval.
    """

    value: float
    n: int
    interval: tuple[float, float] | None = None

    @classmethod
    def read(cls, values: object, kind: str = "share") -> Measured | None:
        """None where there is no value, or one that cannot be true; `kind` is a key of `LIMITS`."""
        value, n = number(part(values, "value"), *LIMITS[kind]), whole_number(part(values, "n"), 1, MAX_COUNTED)
        if value is None or n is None:
            return None
        given = elements(part(values, "interval"))
        ends = [end for each in given if (end := number(each, *LIMITS[kind])) is not None]
        fits = len(given) == len(ends) == 2 and ends[0] <= ends[1]
        return cls(value, n, (ends[0], ends[1]) if fits else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReport:
    """What was measured of a group of faces; years of exact ages, and shares. `KINDS` says which is which.

    Attributes:
        n: number of faces.
        missed: without landmarks, stored or found.
        age_mae, age_bias, age_cs5: of exact ages.
        range_accuracy, range_within_one: of age ranges.
        gender_accuracy, gender_accuracy_from_10: read as labelled, of all ages and from 10 years on.
        recall_female, recall_male: read as labelled, of the faces with this label.
    """

    n: int | None = None
    missed: Measured | None = None
    age_mae: Measured | None = None
    age_bias: Measured | None = None
    age_cs5: Measured | None = None
    range_accuracy: Measured | None = None
    range_within_one: Measured | None = None
    gender_accuracy: Measured | None = None
    gender_accuracy_from_10: Measured | None = None
    recall_female: Measured | None = None
    recall_male: Measured | None = None

    @classmethod
    def read(cls, values: object) -> GroupReport:
        """From what `trainer.evaluation.report.group_report` gives."""
        found = {f"recall_{gender}": part(values, "gender_recall", gender) for gender in GENDERS}
        found |= {key: part(values, key) for key in KINDS if key not in found}
        n = whole_number(part(values, "n"), 0, MAX_COUNTED)
        return cls(n=n, **{key: Measured.read(value, KINDS[key]) for key, value in found.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGroup:
    """Of a group's age intervals, the share that holds the true age, and their mean width in years."""

    coverage: Measured | None = None
    mean_width: float | None = None

    @classmethod
    def read(cls, values: object) -> IntervalGroup:
        """From a group of `intervals`."""
        width = number(part(values, "mean_width"), *LIMITS["years"])
        return cls(coverage=Measured.read(part(values, "coverage")), mean_width=width)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalReport:
    """The age intervals: the share in [0, 1] of true ages that they promise to hold, what they do hold, and the years
    of one width for all ages that would hold as many.
    """

    level: float | None = None
    overall: IntervalGroup = field(default_factory=IntervalGroup)
    by_age_band: dict[str, IntervalGroup] = field(default_factory=dict)
    constant_width: float | None = None

    @classmethod
    def read(cls, values: object) -> IntervalReport:
        """From `intervals`; empty where no exact age was there to be measured on."""
        return cls(
            level=number(part(values, "level"), 0, 1),
            overall=IntervalGroup.read(part(values, "overall")),
            by_age_band=_by_name(part(values, "by_age_band"), IntervalGroup.read),
            constant_width=number(part(values, "constant_width"), *LIMITS["years"]),
        )


class Bin(NamedTuple):
    """Faces of about one stated gender probability, the share of right answers among them, and their number."""

    probability: float
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationReport:
    """Whether the gender probability is what it says: expected calibration error, reliability diagram, and the share
    in [0, 1] of the answers that are marked as uncertain, with the share of right answers of the others and of those.
    """

    ece: float | None = None
    bins: tuple[Bin, ...] = ()
    uncertain_share: float | None = None
    accuracy_certain: Measured | None = None
    accuracy_uncertain: Measured | None = None

    @classmethod
    def read(cls, values: object) -> CalibrationReport:
        """From `calibration`."""
        bins = (_bin(each) for each in elements(part(values, "bins")))
        return cls(
            ece=number(part(values, "ece"), 0, 1),
            bins=tuple(each for each in bins if each),
            uncertain_share=number(part(values, "uncertain", "share"), 0, 1),
            accuracy_certain=Measured.read(part(values, "accuracy_certain")),
            accuracy_uncertain=Measured.read(part(values, "accuracy_uncertain")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """All that was measured on the faces of one source; groups are those of the labels, by name."""

    overall: GroupReport = field(default_factory=GroupReport)
    by_age_band: dict[str, GroupReport] = field(default_factory=dict)
    by_gender: dict[str, GroupReport] = field(default_factory=dict)
    by_age_band_and_gender: dict[str, dict[str, GroupReport]] = field(default_factory=dict)
    by_race: dict[str, GroupReport] = field(default_factory=dict)
    intervals: IntervalReport = field(default_factory=IntervalReport)
    calibration: CalibrationReport = field(default_factory=CalibrationReport)

    @classmethod
    def read(cls, values: object) -> SourceReport:
        """From what `trainer.evaluation.report.source_report` gives."""
        return cls(
            overall=GroupReport.read(part(values, "overall")),
            by_age_band=_groups(part(values, "by_age_band")),
            by_gender=_groups(part(values, "by_gender")),
            by_age_band_and_gender=_by_name(part(values, "by_age_band_and_gender"), _groups),
            by_race=_groups(part(values, "by_race")),
            intervals=IntervalReport.read(part(values, "intervals")),
            calibration=CalibrationReport.read(part(values, "calibration")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord:
    """What `python -m trainer evaluate` measured.

    Attributes:
        day: of the measurement, as ISO 8601 writes it.
        split: of the data.
        limit: number of images of each source, where not all were measured.
        image_size: side in pixels at which the model was used.
        protocols: one or more of `PROTOCOLS` -> source -> its report.
    """

    day: str | None = None
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    protocols: dict[str, dict[str, SourceReport]] = field(default_factory=dict)

    @classmethod
    def read(cls, values: object) -> EvaluationRecord | None:
        """From the content of `evaluation.json`; None where it is no JSON object."""
        if not isinstance(values, dict):
            return None
        protocols = _by_name(values.get("protocols"), lambda sources: _by_name(sources, SourceReport.read))
        return cls(
            day=date[:10] if (date := text(values.get("date"))) else None,
            split=text(part(values, "data", "split")),
            limit=whole_number(part(values, "data", "limit"), 1, MAX_COUNTED),
            image_size=whole_number(part(values, "model", "image_size"), 1, LARGEST_SIZE),
            protocols={name: sources for name, sources in protocols.items() if name in PROTOCOLS and sources},
        )

    @property
    def headline(self) -> str | None:
        """The protocol whose numbers are shown by group; None where nothing was measured."""
        return next((name for name in PROTOCOLS if name in self.protocols), None)

    @property
    def sources(self) -> dict[str, SourceReport]:
        """The reports of the headline protocol, by source."""
        return self.protocols.get(self.headline or "", {})


def _by_name(values: object, read: Callable[[object], Found]) -> dict[str, Found]:
    """Each group of a JSON object of groups, as `read` reads it; what is no group is left out."""
    return {name: read(group) for name, group in members(values).items() if isinstance(group, dict)}


def _groups(values: object) -> dict[str, GroupReport]:
    return _by_name(values, GroupReport.read)


def _bin(values: object) -> Bin | None:
    probability, accuracy = number(part(values, "probability"), 0.5, 1), number(part(values, "accuracy"), 0, 1)
    n = whole_number(part(values, "n"), 1, MAX_COUNTED)
    return None if probability is None or accuracy is None or n is None else Bin(probability, accuracy, n)
