"""The evaluation record of a checkpoint, read as the training record is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from .json_values import elements, members, number, part, text, whole_number
from .labels import GENDERS
from .measured import KINDS, LIMITS, Measured
from .records import LARGEST_SIZE, MAX_COUNTED, TrainingRecord

PROTOCOLS = ("end_to_end", "landmarks")
"""Evaluation protocols; page and card show the first one measured."""

FEWEST_NAMED = 20
"""Smaller groups are shown but not named as best or worst: their metrics are mostly noise."""

FITTED_TO = {
    "validation": "Where the model was trained on a source, its probabilities and age intervals were fitted on this "
    "split: how well they hold here is not what to expect of other pictures.",
    "train": "Where the model was trained on a source, it has learned from this split: how well it does here is not "
    "what to expect of other pictures.",
}
"""Split -> what to know of numbers that were measured on it."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReport:
    """The metrics of a group of faces; `KINDS` gives their units.

    Attributes:
        n: number of faces.
        missed: share without landmarks, stored or detected.
        age_mae, age_band_mae (mean of the five bands'), age_bias, age_cs5: over exact ages.
        range_accuracy, range_within_one, range_touched (by the age interval): over age ranges.
        gender_accuracy, gender_accuracy_from_10: over all ages, and over ages from 10 years.
        recall_female, recall_male: of each class.
    """

    n: int | None = None
    missed: Measured | None = None
    age_mae: Measured | None = None
    age_band_mae: Measured | None = None
    age_bias: Measured | None = None
    age_cs5: Measured | None = None
    range_accuracy: Measured | None = None
    range_within_one: Measured | None = None
    range_touched: Measured | None = None
    gender_accuracy: Measured | None = None
    gender_accuracy_from_10: Measured | None = None
    recall_female: Measured | None = None
    recall_male: Measured | None = None

    @classmethod
    def read(cls, values: object) -> GroupReport:
        """From the output of `trainer.evaluation.report.group_report`."""
        found = {f"recall_{gender}": part(values, "gender_recall", gender) for gender in GENDERS}
        found |= {key: part(values, key) for key in KINDS if key not in found}
        n = whole_number(part(values, "n"), 0, MAX_COUNTED)
        return cls(n=n, **{key: Measured.read(value, KINDS[key]) for key, value in found.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGroup:
    """Coverage of a group's age intervals, and their mean width in years."""

    coverage: Measured | None = None
    mean_width: float | None = None

    @classmethod
    def read(cls, values: object) -> IntervalGroup:
        """From a group of `intervals`."""
        width = number(part(values, "mean_width"), *LIMITS["years"])
        return cls(coverage=Measured.read(part(values, "coverage")), mean_width=width)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalReport:
    """The age intervals: nominal level in [0, 1], coverage, and the width in years of a constant interval with the same
    coverage.
    """

    level: float | None = None
    overall: IntervalGroup = field(default_factory=IntervalGroup)
    by_age_band: dict[str, IntervalGroup] = field(default_factory=dict)
    constant_width: float | None = None

    @classmethod
    def read(cls, values: object) -> IntervalReport:
        """From `intervals`; empty if there were no exact ages."""
        return cls(
            level=number(part(values, "level"), 0, 1),
            overall=IntervalGroup.read(part(values, "overall")),
            by_age_band=_by_name(part(values, "by_age_band"), IntervalGroup.read),
            constant_width=number(part(values, "constant_width"), *LIMITS["years"]),
        )


class Bin(NamedTuple):
    """A bin of the reliability diagram: mean predicted probability, accuracy and number of faces."""

    probability: float
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationReport:
    """Calibration of the gender probability: expected calibration error, reliability diagram, share in [0, 1] of
    uncertain answers, and the accuracy of certain and of uncertain ones.
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
    """The metrics on one source, overall and by group of the labels."""

    overall: GroupReport = field(default_factory=GroupReport)
    by_age_band: dict[str, GroupReport] = field(default_factory=dict)
    by_gender: dict[str, GroupReport] = field(default_factory=dict)
    by_age_band_and_gender: dict[str, dict[str, GroupReport]] = field(default_factory=dict)
    by_race: dict[str, GroupReport] = field(default_factory=dict)
    intervals: IntervalReport = field(default_factory=IntervalReport)
    calibration: CalibrationReport = field(default_factory=CalibrationReport)

    @classmethod
    def read(cls, values: object) -> SourceReport:
        """From the output of `trainer.evaluation.report.source_report`."""
        return cls(
            overall=GroupReport.read(part(values, "overall")),
            by_age_band=_by_name(part(values, "by_age_band"), GroupReport.read),
            by_gender=_by_name(part(values, "by_gender"), GroupReport.read),
            by_age_band_and_gender=_by_name(
                part(values, "by_age_band_and_gender"), lambda genders: _by_name(genders, GroupReport.read)
            ),
            by_race=_by_name(part(values, "by_race"), GroupReport.read),
            intervals=IntervalReport.read(part(values, "intervals")),
            calibration=CalibrationReport.read(part(values, "calibration")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord:
    """The report of `python -m trainer evaluate`.

    Attributes:
        day: ISO 8601 date of the evaluation.
        split: of the data.
        limit: number of images of each source, if not all.
        image_size: side of the model's input in pixels.
        model_digest: of the model's weights and calibration; older versions did not record it.
        protocols: one or more of `PROTOCOLS` -> source -> its report.
        left_out: reports of other models, each with only the sources that the model was not trained on.
    """

    day: str | None = None
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    model_digest: str | None = None
    protocols: dict[str, dict[str, SourceReport]] = field(default_factory=dict)
    left_out: tuple[EvaluationRecord, ...] = ()

    @classmethod
    def read(cls, values: object) -> EvaluationRecord | None:
        """From the content of `evaluation.json`; None if it is not a JSON object."""
        if not isinstance(values, dict):
            return None
        others = (cls._of(each) for each in elements(values.get("left_out")) if isinstance(each, dict))
        return replace(cls._of(values), left_out=tuple(each for each in others if each.sources))

    @classmethod
    def _of(cls, values: dict) -> EvaluationRecord:
        """All but `left_out`."""
        protocols = _by_name(values.get("protocols"), lambda sources: _by_name(sources, SourceReport.read))
        return cls(
            day=date[:10] if (date := text(values.get("date"))) else None,
            split=text(part(values, "data", "split")),
            limit=whole_number(part(values, "data", "limit"), 1, MAX_COUNTED),
            image_size=whole_number(part(values, "model", "image_size"), 1, LARGEST_SIZE),
            model_digest=text(part(values, "model", "digest")),
            protocols={name: sources for name, sources in protocols.items() if name in PROTOCOLS and sources},
        )

    def is_kept_out(self, training: TrainingRecord | None) -> bool:
        """Whether the pictures were kept out of the training, if they were prepared from the same files under the same
        names as the training's, of which a report says nothing.
        """
        return self.split == "test" and training is not None and training.are_all_known

    def fitted_to(self, training: TrainingRecord | None) -> str | None:
        """The sentence of `FITTED_TO`, unless the model is known to have seen none of the sources."""
        unseen = training is not None and all(training.has_seen(source) is False for source in self.sources)
        return None if unseen else FITTED_TO.get(self.split or "")

    @property
    def headline(self) -> str | None:
        """The protocol whose metrics are shown by group; None if nothing was measured."""
        return next((name for name in PROTOCOLS if name in self.protocols), None)

    @property
    def sources(self) -> dict[str, SourceReport]:
        """The reports of the headline protocol, by source."""
        return self.protocols.get(self.headline or "", {})


def _by_name(values: object, read: Callable[[object], Found]) -> dict[str, Found]:
    """Applies `read` to each member that is an object; others are ignored."""
    return {name: read(group) for name, group in members(values).items() if isinstance(group, dict)}


def _bin(values: object) -> Bin | None:
    probability, accuracy = number(part(values, "probability"), 0.5, 1), number(part(values, "accuracy"), 0, 1)
    n = whole_number(part(values, "n"), 1, MAX_COUNTED)
    return None if probability is None or accuracy is None or n is None else Bin(probability, accuracy, n)
