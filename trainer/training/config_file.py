"""Reads the YAML file of a training run, and those of the runs before it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from ..errors import ConfigError
from .config import AugmentationSection, DataSection, ModelSection, RunConfig, Stage


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file; `overrides` such as `training.learning_rate=1e-3` go over it.

    Where `model.pretrained` names another config, those of `data` and `training` go over that one too, but for pushes,
    and its run is kept in a folder of its own inside an overriding `training.output_dir`.

    Raises:
        ConfigError: the file cannot be read, or a name or value in it is not known.
    """
    return _load_config(Path(path), overrides, ())


def _load_config(path: Path, overrides: Sequence[str], later: tuple[Path, ...]) -> RunConfig:
    """`later`: the configs that wait for this one."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
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
    model = values.get("model")
    before = model.get("pretrained") if isinstance(model, dict) else None
    if not isinstance(before, str) or not before.endswith(".yaml"):
        return parse_config(values)
    path = path.resolve()
    if path in later:
        raise ConfigError(f"{path} waits for itself: `model.pretrained` names configs in a circle")
    earlier = _load_config(path.parent / before, _shared_overrides(overrides, Path(before).stem), (*later, path))
    model["pretrained"] = str(earlier.finished)
    return dataclasses.replace(parse_config(values), earlier=earlier)


def _shared_overrides(overrides: Sequence[str], earlier: str) -> list[str]:
    """Those that go for an earlier run too."""
    shared = []
    for override in overrides:
        name, _, value = override.partition("=")
        if name == "training.output_dir":
            folder = Path(str(yaml.safe_load(value))) / earlier
            shared.append(f"{name}={json.dumps(str(folder))}")
        elif name.startswith(("data.", "training.")) and not name.startswith(("training.hub_", "training.push_")):
            shared.append(override)
    return shared


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
    training = values.get("training") or {}
    if not isinstance(training, dict):
        raise ConfigError(f"`training` is {training!r}; settings such as name: value are wanted there")
    config = RunConfig(
        model=_section(ModelSection, "model", values.get("model")),
        data=_section(DataSection, "data", values.get("data")),
        stages=stages,
        augmentation=_section(AugmentationSection, "augmentation", values.get("augmentation")),
        ema_decay=float(values.get("ema_decay", 0.0)),
        # YAML 1.1 reads `no`, one of Trainer's strategies, as false.
        training={
            name: "no" if value is False and name.endswith("_strategy") else value for name, value in training.items()
        },
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
