"""A training run as one YAML file: model, data, stages, augmentation and Trainer's own arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .columns import ColumnMapping
from .errors import ConfigError


@dataclass(frozen=True, slots=True)
class ModelSection:
    """The network.

    Attributes:
        pretrained: a folder or Hub id of a ViT or DeiT checkpoint to fine-tune, or of a checkpoint of this project to
            train on; None trains from scratch.
        revision: its branch, tag or commit.
        attn_implementation: "sdpa", or "eager" where that is faster (bf16 on a CPU, with few tokens).
        config: fields of `GenderAgeConfig` that differ from the checkpoint's or the class's own.
    """

    pretrained: str | None = None
    revision: str | None = None
    attn_implementation: str = "sdpa"
    config: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataSection:
    """The faces.

    Attributes:
        train: prepared folders or Hub ids, used together; `id@revision` pins one.
        columns: for public datasets with other names, their column -> ours; see `ColumnMapping`.
        genders: where such a dataset has numbers for genders, the names of 0 and 1.
        margin: share of the image size seen beyond every side, room for the geometric jitter.
        fallback_share: share of the training faces that are cut with the fallback geometry though they have landmarks.
        age_balance: 0 draws faces as they come, 1 draws every five years of age equally often.
        drop_unlikely: training faces are left out where the model in `model.pretrained` finds the labelled gender, or
            an age within five years of the label, less likely than this; 0 keeps all.
        limit: use this many images of each split only, for rehearsals.
        cache_dir: where the aligned faces are kept; the run's folder when None.
    """

    train: list[str] = field(default_factory=list)
    margin: float = 0.125
    fallback_share: float = 0.1
    age_balance: float = 0.5
    drop_unlikely: float = 0.0
    limit: int | None = None
    cache_dir: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    genders: list[str] = field(default_factory=list)

    @property
    def mapping(self) -> ColumnMapping:
        return ColumnMapping(self.columns or {}, self.genders or ())


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the run at one image size: `image_size` in pixels, for `epochs` passes over the training faces."""

    image_size: int
    epochs: int


@dataclass(frozen=True, slots=True)
class AugmentationSection:
    """What is done to a training face, on top of a mirror image every other time.

    Attributes:
        rotation: largest turn, degrees.
        scale: largest change of size, as a share.
        shift: largest move, as a share of the side.
        colour: largest change of brightness, contrast and saturation, as a share.
        grey: share of faces without colour.
        low_resolution: share of faces reduced two to three times and enlarged again, as small web faces are.
        noise: largest standard deviation of added noise, on the scale of pixels in [0, 1].
        erase: share of faces with a grey rectangle over a part.
    """

    rotation: float = 10.0
    scale: float = 0.1
    shift: float = 0.05
    colour: float = 0.3
    grey: float = 0.1
    low_resolution: float = 0.2
    noise: float = 0.04
    erase: float = 0.25


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All of a run.

    Attributes:
        stages: image sizes in their order; a single one does not grow. Their epochs are the run's epochs.
        ema_decay: of the running average of the weights, a step; what is evaluated and kept. 0 turns it off.
        training: fields of `transformers.TrainingArguments`.
        average_mirrored: the finished model's; not in use while it is trained and watched, as it doubles the work.
    """

    model: ModelSection
    data: DataSection
    stages: tuple[Stage, ...]
    augmentation: AugmentationSection
    ema_decay: float
    training: dict
    average_mirrored: bool = False

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    @property
    def image_size(self) -> int:
        """Side in pixels that the finished model is used at."""
        return self.stages[-1].image_size

    def to_dict(self) -> dict:
        """Plain values; what older runs did not note only where it is set."""
        values = dataclasses.asdict(self)
        newer = ("columns", "genders", "drop_unlikely")
        values["data"] = {name: value for name, value in values["data"].items() if value or name not in newer}
        return values


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file; `overrides` such as `training.learning_rate=1e-3` go over it.

    Raises:
        ConfigError: the file cannot be read, or a name or value in it is not known.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the config {path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "unknown"
        raise ConfigError(f"{path} is not YAML: {error.problem}, line {line}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML text") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no settings; see the configs that ship in trainer/configs")
    for override in overrides:
        _apply_override(values, override)
    return parse_config(values)


def parse_config(values: dict) -> RunConfig:
    """A `RunConfig` from plain values.

    Raises:
        ConfigError: a name or value is not known.
    """
    names = {f.name for f in dataclasses.fields(RunConfig)}
    unknown = sorted(set(values) - names)
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}; the sections are {', '.join(sorted(names))}")
    stages = tuple(_section(Stage, "stages", stage) for stage in values.get("stages") or ())
    if not stages:
        raise ConfigError("`stages` needs at least one entry such as {image_size: 96, epochs: 10}")
    config = RunConfig(
        model=_section(ModelSection, "model", values.get("model")),
        data=_section(DataSection, "data", values.get("data")),
        stages=stages,
        augmentation=_section(AugmentationSection, "augmentation", values.get("augmentation")),
        ema_decay=float(values.get("ema_decay", 0.0)),
        training=dict(values.get("training") or {}),
        average_mirrored=bool(values.get("average_mirrored", False)),
    )
    if not config.data.train:
        raise ConfigError("`data.train` names no data; prepare some with `python -m trainer prepare`")
    _ = config.data.mapping  # raises for what it does not know
    below = config.data.drop_unlikely
    if isinstance(below, bool) or not isinstance(below, (int, float)) or not 0 <= below < 1:
        raise ConfigError(f"`data.drop_unlikely` is {below!r}; a probability is wanted, such as 0.01")
    if "num_train_epochs" in config.training:
        raise ConfigError("`training.num_train_epochs` follows from the epochs of `stages`; leave it out")
    return config


def _section(kind: type, name: str, values: dict | None):
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f"`{name}` is {values!r}; settings such as name: value are wanted there")
    try:
        return kind(**(values or {}))
    except TypeError as error:
        known = ", ".join(f.name for f in dataclasses.fields(kind))
        raise ConfigError(f"`{name}` cannot be read ({error}); its settings are {known}") from error


def _apply_override(values: dict, override: str) -> None:
    name, separator, text = override.partition("=")
    if not separator:
        raise ConfigError(f"{override!r} is not an override; write name.of.setting=value")
    *path, last = name.split(".")
    for key in path:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{name!r} does not name a setting")
    value = yaml.safe_load(text)
    # YAML 1.1 reads 1e-3, without a point, as text.
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = str(value)
    values[last] = value
