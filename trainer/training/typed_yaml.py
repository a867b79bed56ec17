"""YAML read with the types of the settings: text stays text, `1e-3` is a number, and `~/runs` is in the home folder."""

from __future__ import annotations

import dataclasses
import os
import re
import types
import typing
from typing import Any

import yaml

from .settings import members, settings_of

TEXT_TAG = "tag:yaml.org,2002:str"
# What YAML 1.1 makes of unquoted text such as 7e12, 0123, no or 2024-01-01.
OTHER_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "timestamp")}


class _Loader(yaml.SafeLoader):
    """PyYAML's, which follows YAML 1.1, with the floats of YAML 1.2: `1e-3` needs no point."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    text = loader.construct_scalar(node)
    return os.path.expanduser(text) if text.startswith("~/") else text


_Loader.add_constructor(TEXT_TAG, _text)


def read_yaml(text: str, kind: Any) -> Any:
    """Plain values of a YAML document.

    Args:
        text: the document.
        kind: a dataclass of settings, or the type of one setting. Scalars under a text type keep their characters, but
            for `~/` at the start, which is the home folder's path in all settings; transformers expands it in some.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _keep_text(node, kind)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def type_of(setting: dataclasses.Field | None) -> Any:
    """The type that a setting's value is read with; Any for an unknown setting, which is refused later."""
    return Any if setting is None else setting.metadata.get("fields_of", setting.type)


def _keep_text(node: yaml.Node, kind: Any) -> None:
    kinds = [member for member in members(kind) if member is not types.NoneType]
    if isinstance(node, yaml.ScalarNode):
        # A single name may stand for a list of one.
        if node.tag in OTHER_SCALARS and kinds and all(member in (str, list[str]) for member in kinds):
            node.tag = TEXT_TAG
        return
    for member in kinds:
        origin, arguments = typing.get_origin(member), typing.get_args(member)
        if isinstance(node, yaml.SequenceNode) and origin in (list, tuple):
            for item in node.value:
                _keep_text(item, arguments[0])
        elif isinstance(node, yaml.MappingNode) and (origin is dict or dataclasses.is_dataclass(member)):
            settings = settings_of(member) if dataclasses.is_dataclass(member) else {}
            for key, value in node.value:
                _keep_text(key, str)
                _keep_text(value, arguments[1] if origin is dict else type_of(settings.get(key.value)))
