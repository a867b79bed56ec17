"""The training record of a checkpoint, and the reader of the JSON records beside the weights."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from .json_values import elements, members, number, part, text, whole_number

TRAINING_FILE, EVALUATION_FILE = "training.json", "evaluation.json"
SOURCE_NAMES = {"utkface": "UTKFace", "fairface": "FairFace", "all-age-faces": "All-Age-Faces"}
"""Source id -> name as its authors write it."""

MAX_COUNTED, MAX_HOURS = 10**12, 10**6
LARGEST_SIZE = 10**5
"""Upper bound of an image in pixels, and of a network in layers and units."""
MAX_RUNS = 100
"""Upper bound of `started_from` records that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Numbers of training images excluded as probably mislabelled."""

    gender: int
    age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """The record of a run of `python -m trainer train`.

    Attributes:
        config: the whole configuration as recorded, for display; the values in use are attributes.
        sources: the data: those in `SOURCE_NAMES` where known, else Hub ids, names of sources, or folders as recorded.
        row_sources: what the rows of the data name as their sources, as recorded.
        names_all_sources: of each dataset the record has the names in its rows, or its own name is in `SOURCE_NAMES`.
        train_images: number of images.
        data_revision: hash of the training split's file names and labels.
        dropped: images excluded from training.
        drop_unlikely: label probability in [0, 1] below which an image was excluded.
        hub_ids: the names of data and `pretrained` that are ids of the Hub, and no folders of the machine that trained;
            older versions did not record them.
        without_landmarks: number of training images that were taken whole.
        pretrained: Hub id or folder of the checkpoint that the run started from.
        stem_weights: file of MobileNet's weights, from which the stem started.
        from_random_weights: the record says that both were unset.
        num_hidden_layers, hidden_size, stem: of the network, if the run set them.
        image_sizes, epochs: pixels and number of epochs of each stage; epoch, best_step: of the saved model.
        hours: wall time.
        hardware, world_size: device of each process, and their number.
        seed: random seed; versions: package -> version.
        after_the_run: a sentence on what was changed in the weights or their calibration after the run, if anything.
        started_from: record of the run that `pretrained` came from.
        calibrated_on: `genders`, `exact_ages` -> number of validation labels that the calibration was fitted on, 0
            where it is the start's or not fitted yet; empty in records of older versions.
    """

    config: dict = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    row_sources: tuple[str, ...] = ()
    names_all_sources: bool = False
    train_images: int | None = None
    data_revision: str | None = None
    dropped: Dropped | None = None
    drop_unlikely: float | None = None
    hub_ids: tuple[str, ...] = ()
    without_landmarks: int | None = None
    pretrained: str | None = None
    stem_weights: str | None = None
    from_random_weights: bool = False
    num_hidden_layers: int | None = None
    hidden_size: int | None = None
    stem: str | None = None
    image_sizes: tuple[int, ...] = ()
    epochs: tuple[float, ...] = ()
    epoch: float | None = None
    best_step: int | None = None
    hours: float | None = None
    hardware: str | None = None
    world_size: int | None = None
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    after_the_run: str | None = None
    started_from: TrainingRecord | None = None
    calibrated_on: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def read(cls, values: object) -> TrainingRecord | None:
        """From the content of `training.json`; None if it is not a JSON object."""
        runs: list[dict] = []
        while isinstance(values, dict) and len(runs) < MAX_RUNS:
            runs.append(values)
            values = values.get("started_from")
        record = None
        for run in reversed(runs):
            record = cls._of_run(run, record)
        return record

    @classmethod
    def _of_run(cls, run: dict, started_from: TrainingRecord | None) -> TrainingRecord:
        model, data = members(part(run, "config", "model")), members(part(run, "config", "data"))
        stages, network = elements(part(run, "config", "stages")), part(model, "config")
        datasets = _datasets(data.get("train"), run.get("sources"))
        return cls(
            config=members(part(run, "config")),
            sources=_sources(datasets, elements(run.get("hub_ids"))),
            row_sources=tuple(dict.fromkeys(source for _, of_rows in datasets for source in of_rows)),
            names_all_sources=bool(datasets) and all(rows or _in_name(name) for name, rows in datasets),
            train_images=whole_number(run.get("train_images"), 1, MAX_COUNTED),
            data_revision=text(run.get("data_revision")),
            dropped=_dropped(run.get("dropped")),
            drop_unlikely=number(data.get("drop_unlikely"), 0, 1),
            hub_ids=tuple(filter(text, elements(run.get("hub_ids")))),
            without_landmarks=whole_number(run.get("without_landmarks"), 0, MAX_COUNTED),
            pretrained=text(model.get("pretrained")),
            stem_weights=text(model.get("stem_weights")),
            from_random_weights="pretrained" in model and model["pretrained"] is model.get("stem_weights") is None,
            num_hidden_layers=whole_number(part(network, "num_hidden_layers"), 1, LARGEST_SIZE),
            hidden_size=whole_number(part(network, "hidden_size"), 1, LARGEST_SIZE),
            stem=text(part(network, "stem")),
            image_sizes=_all_or_none(whole_number(part(stage, "image_size"), 1, LARGEST_SIZE) for stage in stages),
            epochs=_all_or_none(number(part(stage, "epochs"), 0, MAX_COUNTED) for stage in stages),
            epoch=number(run.get("epoch"), 0, MAX_COUNTED),
            best_step=whole_number(run.get("best_step"), 0, MAX_COUNTED),
            hours=number(run.get("hours"), 0, MAX_HOURS),
            hardware=text(run.get("hardware")),
            world_size=whole_number(run.get("world_size"), 1, MAX_COUNTED),
            seed=whole_number(run.get("seed"), 0, 2**64),
            versions={name: value for name, value in members(run.get("versions")).items() if text(value)},
            after_the_run=text(run.get("after_the_run")),
            started_from=started_from,
            calibrated_on={
                kind: whole_number(each, 0, MAX_COUNTED) for kind, each in members(run.get("calibrated_on")).items()
            },
        )

    @property
    def hub_checkpoint(self) -> str | None:
        """`pretrained` where it is recorded to be a checkpoint of the Hub."""
        return self.pretrained if self.pretrained in self.hub_ids else None

    @property
    def hub_datasets(self) -> tuple[str, ...]:
        """The ids of the data of all runs that are recorded to be on the Hub, without revisions."""
        runs = (self, *self.earlier_runs)
        named = [name for run in runs for name in run.hub_ids if name != run.pretrained]
        return tuple(dict.fromkeys(name.partition("@")[0] for name in named))

    @property
    def all_sources(self) -> tuple[str, ...]:
        """The data of this run and of all that came before it."""
        return tuple(dict.fromkeys(source for run in (self, *self.earlier_runs) for source in run.sources))

    @property
    def are_all_known(self) -> bool:
        """Whether the data of all runs are those in `SOURCE_NAMES`, whose provenance and splits are known."""
        return all(run.sources and set(run.sources) <= SOURCE_NAMES.keys() for run in (self, *self.earlier_runs))

    def has_seen(self, source: str) -> bool | None:
        """Whether this run or one before it trained on faces of the source; None where the records do not say."""
        runs = (self, *self.earlier_runs)
        if any(source in (*run.sources, *run.row_sources) for run in runs):
            return True
        return False if all(run.names_all_sources for run in runs) else None

    @property
    def earlier_runs(self) -> tuple[TrainingRecord, ...]:
        """The records of the preceding runs (`started_from`), newest first."""
        runs: list[TrainingRecord] = []
        record = self.started_from
        while record is not None:
            runs.append(record)
            record = record.started_from
        return tuple(runs)

    @property
    def earlier_hours(self) -> float:
        """Sum of the hours of `earlier_runs`."""
        return sum(run.hours or 0 for run in self.earlier_runs)

    @property
    def first_run(self) -> TrainingRecord:
        """The first run in the chain, which set the network and its initial weights."""
        return (self, *self.earlier_runs)[-1]

    @property
    def starts_from_mobilenet(self) -> bool:
        """Whether the stem was initialised from HSE's MobileNet, the only published weights it supports."""
        return self.first_run.stem_weights is not None


def read_record(folder: str | Path, name: str) -> dict | None:
    """The JSON object in the file `name` of a checkpoint's folder; None if missing or unreadable."""
    try:
        return load_record(Path(folder) / name)
    except (OSError, ValueError):
        return None


def load_record(path: Path) -> dict:
    """The JSON object in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("it holds another kind of value")
    return content


def _datasets(names: object, in_rows: object) -> list[tuple[str, list[str]]]:
    """The name of each dataset, and the sources that its rows name; none where that is not recorded."""
    pairs = zip_longest(elements(names), elements(in_rows))
    return [(name, list(filter(text, elements(recorded)))) for name, recorded in pairs if text(name)]


def _in_name(dataset: str) -> str | None:
    """The source in `SOURCE_NAMES` that the name of a dataset contains."""
    return next((source for source in SOURCE_NAMES if source in dataset.partition("@")[0].lower()), None)


def _sources(datasets: Iterable[tuple[str, list[str]]], hub_ids: Collection[str]) -> tuple[str, ...]:
    """Of each dataset those that its rows name or, where that is not recorded, what its name says."""
    found = []
    for name, of_rows in datasets:
        plain = name.partition("@")[0]
        # Of a dataset on the Hub, its card says more than the name of a source.
        named = [source if source in SOURCE_NAMES or name not in hub_ids else plain for source in of_rows]
        found += named or [_in_name(name) or plain]
    return tuple(dict.fromkeys(filter(None, found)))


def _dropped(values: object) -> Dropped | None:
    gender, age = (whole_number(part(values, key), 0, MAX_COUNTED) for key in ("gender", "age"))
    return None if gender is None or age is None else Dropped(gender=gender, age=age)


def _all_or_none(values: Iterable) -> tuple:
    """All values, or an empty tuple if one is None: positions must match the stages."""
    found = tuple(values)
    return () if None in found else found
