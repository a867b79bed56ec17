"""Tolerant readers of values in the JSON records beside the weights.

The records are untrusted input: the page renders those of any checkpoint. A value that is missing, of another type, not
finite or out of range reads as None or as empty; nothing raises.
"""

from __future__ import annotations


def part(values: object, *keys: str) -> object:
    """The value at the path `keys` of nested dicts, or None."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def number(value: object, low: float, high: float) -> float | None:
    """The value if it is a number in `[low, high]`, else None; a bool is not a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if low <= value <= high else None


def whole_number(value: object, low: int, high: int) -> int | None:
    """The value if it is an integer in `[low, high]`, else None."""
    return value if isinstance(value, int) and number(value, low, high) is not None else None


def text(value: object) -> str | None:
    """The value if it is non-empty text without lone surrogates (`"\\ud800"`, not encodable), else None."""
    return value if isinstance(value, str) and value and _encodes(value) else None


def members(values: object) -> dict:
    """The members of a JSON object whose names are `text`; empty if `values` is not an object."""
    return {name: value for name, value in values.items() if text(name)} if isinstance(values, dict) else {}


def elements(values: object) -> list:
    """The elements of a JSON array; empty if `values` is not an array."""
    return values if isinstance(values, list) else []


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
