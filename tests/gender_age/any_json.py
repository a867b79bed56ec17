"""JSON of any shape for the records' readers, and what their dataclasses promise of every value."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from hypothesis import strategies as st

from tests.robustness.searching import TEXT

NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, 1, 0.5, -1, 10**400, math.inf, math.nan]))
WRONG = (None, True, -7, 2.5, math.nan, "text", "\ud800", [1], {"value": 1})
"""Values of which hardly one fits at any place."""

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8,
)


@st.composite
def damaged(draw, values: object):
    """`values` with up to three of the values inside replaced or taken out."""
    for _ in range(draw(st.integers(0, 3))):
        values = _damaged_once(draw, values)
    return values


def _damaged_once(draw, values):
    if not isinstance(values, (dict, list)) or not values or draw(st.integers(0, 7)) == 0:
        return draw(JSON)
    copied = values.copy()
    key = draw(st.sampled_from(sorted(values) if isinstance(values, dict) else range(len(values))))
    if draw(st.integers(0, 7)) == 0:
        del copied[key]
    else:
        copied[key] = _damaged_once(draw, values[key])
    return copied


def each_replaced(values: dict | list, wrong: object) -> Iterator[dict | list]:
    """Copies of nested dicts and lists, in each of which one value is replaced by `wrong`."""
    for key in values if isinstance(values, dict) else range(len(values)):
        inner = each_replaced(values[key], wrong) if isinstance(values[key], (dict, list)) else ()
        for replaced in (wrong, *inner):
            copied = values.copy()
            copied[key] = replaced
            yield copied


def wrong_values(value: object, hint: object, place: str = "record") -> list[str]:
    """Where in a record a value is not of its attribute's type, or is no number or text that a page can show."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return min((wrong_values(value, each, place) for each in arguments), key=len)
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        hints = typing.get_type_hints(hint)
        names = [each.name for each in fields(hint)] if is_dataclass(hint) else hint._fields
        fits = type(value) is hint
        return _all_wrong([(name, getattr(value, name), hints[name]) for name in names], place) if fits else [place]
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is ... else arguments
        fits = type(value) is tuple and len(value) == len(kinds)
        return _all_wrong([(str(i), each, kinds[i]) for i, each in enumerate(value)], place) if fits else [place]
    if origin is dict:
        fits = type(value) is dict and not any(wrong_values(name, arguments[0]) for name in value)
        return _all_wrong([(name, each, arguments[1]) for name, each in value.items()], place) if fits else [place]
    if hint is str:
        return [] if type(value) is str and value and value.encode("utf-8", "ignore").decode() == value else [place]
    if hint is float:
        return [] if type(value) in (int, float) and math.isfinite(value) else [place]
    return [] if type(value) is hint else [place]


def _all_wrong(members: list[tuple], place: str) -> list[str]:
    return [wrong for name, value, hint in members for wrong in wrong_values(value, hint, f"{place}.{name}")]
