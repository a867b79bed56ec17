"""The settings of a training config as help text, generated from the fields of `RunConfig`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import textwrap
import typing
from collections.abc import Iterator

from .arguments import DEFAULTS
from .config import RunConfig
from .settings import is_required, settings_of, wanted

INTRODUCTION = "settings of the YAML file; each can be overridden as name.of.setting=value:"


def settings_help(width: int | None = None) -> str:
    """Every setting with its type, default and help, grouped by section.

    Args:
        width: of a line in characters; the terminal's when None, as in argparse.
    """
    width = width or shutil.get_terminal_size().columns - 2
    return "\n".join([INTRODUCTION, *_lines(width)])


def _lines(width: int) -> Iterator[str]:
    for name, setting in settings_of(RunConfig).items():
        yield ""
        section = section_of(setting)
        if section is None:
            yield from _setting(name, setting, width, indent=2)
        else:
            yield from _wrapped(f"{name}: {setting.metadata['help']}", width, indent=2)
            for key, entry in settings_of(section).items():
                yield from _setting(f"{name}{'' if section is setting.type else '[]'}.{key}", entry, width, indent=4)
        if name == "training":
            differing = [f"{key}={value!r}" for key, value in DEFAULTS.items()]
            text = f"Defaults that differ from TrainingArguments: {', '.join(differing)}; num_train_epochs is the sum "
            yield from _wrapped(f"{text}of the stages' epochs.", width, indent=6)


def section_of(setting: dataclasses.Field) -> type | None:
    """The dataclass of a setting that is a section or a list of entries; None for a plain value."""
    kinds = (setting.type, *typing.get_args(setting.type))
    return next((kind for kind in kinds if dataclasses.is_dataclass(kind)), None)


def default_of(setting: dataclasses.Field) -> str:
    """The default as YAML."""
    if is_required(setting):
        return "required"
    factory = setting.default_factory
    return "default " + json.dumps(setting.default if factory is dataclasses.MISSING else factory())


def _setting(name: str, setting: dataclasses.Field, width: int, indent: int) -> Iterator[str]:
    yield from _wrapped(f"{name}: {wanted(setting)}; {default_of(setting)}", width, indent)
    yield from _wrapped(setting.metadata["help"], width, indent + 4)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(
        text,
        max(width, indent + 20),
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
