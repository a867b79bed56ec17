"""Reads the YAML file of a training run, and those of the earlier runs it continues from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from .config import RunConfig
from .settings import read_section, settings_of
from .typed_yaml import read_yaml, type_of

OF_ONE_RUN = ("training.hub_", "training.push_", "data.drop_unlikely")
"""Overrides that an earlier run does not share: its model is not the one that is pushed, and may have none to ask."""


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file and apply overrides such as `training.learning_rate=1e-3`.

    Where `model.pretrained` names another config, the overrides of `data` and `training` apply to that one too, except
    `OF_ONE_RUN`. Its run is kept in a folder of its own inside an overriding `training.output_dir`.

    Raises:
        ConfigError: the file cannot be read, or a setting in it is unknown, missing, of the wrong type or out of range.
    """
    return _load_config(Path(path), overrides, ())


def _load_config(path: Path, overrides: Sequence[str], later: tuple[Path, ...]) -> RunConfig:
    """`later`: the configs that continue from this one."""
    values = _read_file(path)
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


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = read_yaml(path.read_text(encoding="utf-8"), RunConfig)
    except OSError as error:
        raise ConfigError(f"cannot read the config {path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "unknown"
        raise ConfigError(f"{path} is not YAML: {error.problem}, line {line}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML text") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no settings; see the configs that ship in trainer/configs")
    return values


def _shared_overrides(overrides: Sequence[str], earlier: str) -> list[str]:
    """The overrides that apply to an earlier run too."""
    shared = []
    for override in overrides:
        name, _, text = override.partition("=")
        if name == "training.output_dir":
            folder = Path(str(_read_value(name, text))) / earlier
            shared.append(f"{name}={json.dumps(str(folder))}")
        elif name.startswith(("data.", "training.")) and not name.startswith(OF_ONE_RUN):
            shared.append(override)
    return shared


def parse_config(values: dict[str, Any]) -> RunConfig:
    """A `RunConfig` from plain values.

    Raises:
        ConfigError: a setting is unknown, missing, of the wrong type or out of range.
    """
    config = read_section(RunConfig, "", values)
    if "num_train_epochs" in config.training:
        raise ConfigError("`training.num_train_epochs` follows from the epochs of `stages`; leave it out")
    _ = config.data.mapping  # raises for unknown columns
    # YAML 1.1 reads `no`, one of Trainer's strategies, as false.
    training = {
        name: "no" if value is False and name.endswith("_strategy") else value
        for name, value in config.training.items()
    }
    return dataclasses.replace(config, training=training)


def _apply_override(values: dict[str, Any], override: str) -> None:
    name, separator, text = override.partition("=")
    if not separator:
        raise ConfigError(f"{override!r} is not an override; write name.of.setting=value")
    *path, last = name.split(".")
    for key in path:
        if values.get(key) is None:
            values[key] = {}
        values = values[key]
        if not isinstance(values, dict):
            raise ConfigError(f"{name!r} does not name a setting")
    values[last] = _read_value(name, text)


def _read_value(name: str, text: str) -> Any:
    """The value of an override, read with the type of the setting that it names."""
    kind: Any = RunConfig
    for key in name.split("."):
        kind = type_of(settings_of(kind).get(key) if dataclasses.is_dataclass(kind) else None)
    try:
        return read_yaml(text, kind)
    except yaml.YAMLError as error:
        raise ConfigError(f"the value of the override {name}={text} is not YAML") from error
