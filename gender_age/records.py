"""A checkpoint's training record, and how the records beside the weights are read.

Anybody may have written them: the page renders the records of strangers' checkpoints. They are read tolerantly here
and nowhere else. Whatever is missing, of another type, not finite or out of range reads as None or as empty; no value
of a wrong type gets through, and nothing raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

TRAINING_FILE, EVALUATION_FILE = "training.json", "evaluation.json"
SOURCE_NAMES = {"utkface": "UTKFace", "fairface": "FairFace"}
"""A known source of faces -> its name as its authors write it."""

MAX_COUNTED, MAX_HOURS = 10**12, 10**6
LARGEST_SIZE = 10**5
"""Of an image in pixels, and of a network in layers and units."""
MAX_RUNS = 100
"""Runs of one chain that are read; a record nested deeper than any training is nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Training images left out as probably mislabelled."""

    gender: int
    age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """What `python -m trainer train` records of a run.

    Attributes:
        config: the whole configuration as recorded, to be printed; what is to be understood of it stands below.
        sources: the data: "utkface" and "fairface" where known, else Hub ids or folders as recorded.
        train_images: number of images.
        data_revision: hash of the training split's file names and labels.
        dropped: images left out of the training.
        drop_unlikely: probability in [0, 1] of a label below which its image was left out.
        pretrained: Hub id or folder of the checkpoint that the run started from.
        stem_weights: file of MobileNet's weights, from which the stem started.
        from_random_weights: the record says that there was neither.
        num_hidden_layers, hidden_size, stem: of the network, where the run chose them.
        image_sizes, epochs: pixels and number of epochs of the stages, first to last.
        hours: wall time.
        hardware: device of one process.
        world_size: number of processes.
        seed: of the random numbers.
        versions: package -> version.
        started_from: record of the run that `pretrained` came from.
    """

    config: dict = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    train_images: int | None = None
    data_revision: str | None = None
    dropped: Dropped | None = None
    drop_unlikely: float | None = None
    pretrained: str | None = None
    stem_weights: str | None = None
    from_random_weights: bool = False
    num_hidden_layers: int | None = None
    hidden_size: int | None = None
    stem: str | None = None
    image_sizes: tuple[int, ...] = ()
    epochs: tuple[float, ...] = ()
    hours: float | None = None
    hardware: str | None = None
    world_size: int | None = None
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    started_from: TrainingRecord | None = None

    @classmethod
    def read(cls, values: object) -> TrainingRecord | None:
        """From the content of `training.json`; None where it is no JSON object."""
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
        return cls(
            config=members(part(run, "config")),
            sources=_sources(data.get("train")),
            train_images=whole_number(run.get("train_images"), 1, MAX_COUNTED),
            data_revision=text(run.get("data_revision")),
            dropped=_dropped(run.get("dropped")),
            drop_unlikely=number(data.get("drop_unlikely"), 0, 1),
            pretrained=text(model.get("pretrained")),
            stem_weights=text(model.get("stem_weights")),
            from_random_weights="pretrained" in model and model["pretrained"] is model.get("stem_weights") is None,
            num_hidden_layers=whole_number(part(network, "num_hidden_layers"), 1, LARGEST_SIZE),
            hidden_size=whole_number(part(network, "hidden_size"), 1, LARGEST_SIZE),
            stem=text(part(network, "stem")),
            image_sizes=_all_or_none(whole_number(part(stage, "image_size"), 1, LARGEST_SIZE) for stage in stages),
            epochs=_all_or_none(number(part(stage, "epochs"), 0, MAX_COUNTED) for stage in stages),
            hours=number(run.get("hours"), 0, MAX_HOURS),
            hardware=text(run.get("hardware")),
            world_size=whole_number(run.get("world_size"), 1, MAX_COUNTED),
            seed=whole_number(run.get("seed"), 0, 2**64),
            versions={name: value for name, value in members(run.get("versions")).items() if text(value)},
            started_from=started_from,
        )

    @property
    def earlier_runs(self) -> tuple[TrainingRecord, ...]:
        """The records of the runs that this one goes on from, the last one first."""
        runs: list[TrainingRecord] = []
        record = self.started_from
        while record is not None:
            runs.append(record)
            record = record.started_from
        return tuple(runs)

    @property
    def earlier_hours(self) -> float:
        """Hours of all `earlier_runs` together."""
        return sum(run.hours or 0 for run in self.earlier_runs)

    @property
    def first_run(self) -> TrainingRecord:
        """The first of the runs that led to the model: it chose the network and where that starts."""
        return (self, *self.earlier_runs)[-1]

    @property
    def starts_from_mobilenet(self) -> bool:
        """Whether the stem started from HSE's MobileNet, the only network whose weights it can take."""
        return self.first_run.stem_weights is not None


def read_record(folder: str | Path, name: str) -> dict | None:
    """The JSON object in the file `name` of a checkpoint's folder; None where there is none that can be read."""
    try:
        return load_record(Path(folder) / name)
    except (OSError, ValueError):
        return None


def load_record(path: Path) -> dict:
    """The JSON object in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON, or no object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("it holds another kind of value")
    return content


def part(values: object, *keys: str) -> object:
    """What lies at `keys` in nested dicts, None where there is nothing."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def number(value: object, low: float, high: float) -> float | None:
    """The value if it is a number within both ends, else None: no text, no truth value, no infinity."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if low <= value <= high else None


def whole_number(value: object, low: int, high: int) -> int | None:
    """The value if it is an integer within both ends, else None."""
    return value if isinstance(value, int) and number(value, low, high) is not None else None


def text(value: object) -> str | None:
    """The value if it is text that a page can send, else None: JSON may hold halves of characters, `"\\ud800"`."""
    return value if isinstance(value, str) and value and _encodes(value) else None


def members(values: object) -> dict:
    """A JSON object's members whose names are `text`; empty where `values` is no object."""
    return {name: value for name, value in values.items() if text(name)} if isinstance(values, dict) else {}


def elements(values: object) -> list:
    """A JSON array's values; empty where `values` is none."""
    return values if isinstance(values, list) else []


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sources(names: object) -> tuple[str, ...]:
    plain = [name.partition("@")[0] for name in elements(names) if text(name)]
    known = {name: source for name in plain for source in SOURCE_NAMES if source in name.lower()}
    return tuple(dict.fromkeys(known.get(name, name) for name in plain if name))


def _dropped(values: object) -> Dropped | None:
    gender, age = (whole_number(part(values, key), 0, MAX_COUNTED) for key in ("gender", "age"))
    return None if gender is None or age is None else Dropped(gender=gender, age=age)


def _all_or_none(values: Iterable) -> tuple:
    """The values, or none of them where one is None: a list with a gap would be misread."""
    found = tuple(values)
    return () if None in found else found
