"""Settings that check themselves: frozen dataclasses with types, ranges and help, read from plain values."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ..errors import ConfigError

Section = TypeVar("Section", bound="CheckedSection")

WANTED = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list such as [a, b]",
    dict: "a mapping such as {name: value}",
}

HEADS = ("gender", "age")


class SettingError(ConfigError):
    """A setting has the wrong type or is out of range.

    Attributes:
        setting: its name, with its section where that is known.
        value: what was found.
        wanted: what was wanted, with its article.
    """

    def __init__(self, setting: str, value: object, wanted: str) -> None:
        super().__init__(f"`{setting}` is {value!r}; {wanted} is wanted")
        self.setting, self.value, self.wanted = setting, value, wanted


class CheckedSection:
    """Base of the frozen dataclasses under `huggingface_hub.dataclasses.strict`.

    `strict` checks a field when it is assigned. The `__init__` of a frozen dataclass passes by `__setattr__`, so the
    same validators run here after it. They need real types: no `from __future__ import annotations` in that module.

    Raises:
        SettingError: a field has the wrong type or is out of range.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):
            value = getattr(self, setting.name)
            for validator in self.__validators__[setting.name]:
                try:
                    validator(value)
                except (TypeError, ValueError) as error:
                    raise SettingError(setting.name, value, wanted(setting)) from error


def number(low: float, high: float, below: bool = False) -> dict[str, Any]:
    """Metadata of a number in `[low, high]`; in `[low, high)` with `below`."""
    phrase = f"a number from {low} to {'below ' if below else ''}{high}"

    def validator(value: float) -> None:
        if not (low <= value < high or (value == high and not below)):
            raise ValueError(phrase)

    return {"validator": validator, "wanted": phrase}


def whole_number(low: int, high: int | None = None) -> dict[str, Any]:
    """Metadata of a whole number of at least `low`, at most `high`; None passes where the type allows it."""
    phrase = f"a whole number from {low}" + (f" to {high}" if high is not None else "")

    def validator(value: int | None) -> None:
        if value is not None and (value < low or (high is not None and value > high)):
            raise ValueError(phrase)

    return {"validator": validator, "wanted": phrase}


def source_weights() -> dict[str, Any]:
    """Metadata of a mapping of names to a weight above 0, or to a mapping of `HEADS` to weights from 0."""
    phrase = "a mapping of names to weights above 0, such as {name: 2}, or of each head: {name: {age: 0.3}},"

    def validator(value: dict[str, float | dict[str, float]]) -> None:
        for weight in value.values():
            if isinstance(weight, dict):
                fits = weight.keys() <= set(HEADS) and all(0 <= each < math.inf for each in weight.values())
            else:
                fits = 0 < weight < math.inf
            if not fits:
                raise ValueError(phrase)

    return {"validator": validator, "wanted": phrase}


def not_empty(phrase: str) -> dict[str, Any]:
    """Metadata of a list that holds something; `phrase` says what, with its article."""

    def validator(value: list | tuple) -> None:
        if not value:
            raise ValueError(phrase)

    return {"validator": validator, "wanted": phrase}


def wanted(setting: dataclasses.Field) -> str:
    """What a setting takes, in words."""
    if "wanted" in setting.metadata:
        return setting.metadata["wanted"]
    kind = next(kind for kind in members(setting.type) if kind is not types.NoneType)
    return WANTED.get(typing.get_origin(kind) or kind, "another value")


def members(kind: Any) -> tuple[Any, ...]:
    """The types that a union allows; a type by itself where it is none."""
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def settings_of(kind: type) -> dict[str, dataclasses.Field]:
    """The settings that a user may write in a section, by name."""
    return {f.name: f for f in dataclasses.fields(kind) if f.init and not f.metadata.get("internal")}


def is_required(setting: dataclasses.Field) -> bool:
    """Whether a config must hold the setting."""
    return setting.default is dataclasses.MISSING and setting.default_factory is dataclasses.MISSING


def refuse_unknown(path: str, names: Iterable[str], known: Iterable[str], listing: str = "") -> None:
    """Refuse a misspelt name.

    Args:
        path: of the section, as in `data`; empty for the whole config.
        listing: says what there is; the names themselves where it is empty.

    Raises:
        ConfigError: a name is not known. The message has the nearest one that is.
    """
    known, prefix = list(known), f"{path}." if path else ""
    for name in names:
        if name in known:
            continue
        near = difflib.get_close_matches(str(name), known, n=1)
        place = f"`{path}`" if path else "a config"
        hint = f"did you mean `{prefix}{near[0]}`?" if near else f"{place} has {listing or ', '.join(known)}"
        raise ConfigError(f"unknown setting `{prefix}{name}`; {hint}")


def read_section(kind: type[Section], path: str, values: Mapping[str, Any] | None) -> Section:
    """A section from plain values; YAML's whole numbers become floats and one name a list where that is the type.

    Raises:
        ConfigError: a setting is unknown, missing, of the wrong type or out of range.
    """
    values = {} if values is None else values
    if not isinstance(values, Mapping):
        raise SettingError(path or "the config", values, WANTED[dict])
    settings = settings_of(kind)
    refuse_unknown(path, values, settings)
    prefix, read = f"{path}." if path else "", {}
    for name, setting in settings.items():
        value, full_name = values.get(name), prefix + name
        if dataclasses.is_dataclass(setting.type):
            read[name] = read_section(setting.type, full_name, value)
        elif name in values:
            # A YAML section or list without entries is null.
            if value is not None or setting.default_factory is dataclasses.MISSING:
                read[name] = _read_value(setting, full_name, value)
        elif is_required(setting):
            raise ConfigError(f"`{full_name}` is missing; {wanted(setting)} is wanted")
    try:
        return kind(**read)
    except SettingError as error:
        raise SettingError(prefix + error.setting, values[error.setting], error.wanted) from error


def _read_value(setting: dataclasses.Field, path: str, value: Any) -> Any:
    """The value in the setting's type where YAML has another for it; left as it is for the validators otherwise."""
    kind, items = setting.type, typing.get_args(setting.type)
    if kind is float and type(value) is int:
        return float(value)
    if typing.get_origin(kind) is dict and float in members(items[1]):
        return _with_floats(value)
    if kind == list[str] and isinstance(value, str):
        return [value]
    if typing.get_origin(kind) is tuple and dataclasses.is_dataclass(items[0]) and isinstance(value, list):
        return tuple(read_section(items[0], f"{path}[{index}]", entry) for index, entry in enumerate(value))
    schema = setting.metadata.get("fields_of")
    if schema is not None and isinstance(value, Mapping):
        refuse_unknown(path, value, settings_of(schema), f"the fields of {schema.__name__}")
    return value


def _with_floats(value: Any) -> Any:
    """The value, or a mapping's values at any depth, with floats for whole numbers."""
    if isinstance(value, Mapping):
        return {name: _with_floats(each) for name, each in value.items()}
    return float(value) if type(value) is int else value
