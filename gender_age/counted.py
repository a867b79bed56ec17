"""A number with its noun, as sentences have it."""

from __future__ import annotations


def counted(count: float, noun: str, plural: str | None = None) -> str:
    """ "1 frame", "2 frames", "0.5 seconds", "1,200 people".

    Args:
        plural: the noun with an s, unless it is given.
    """
    number = f"{count:,}" if isinstance(count, int) else f"{count:,g}"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"


__all__ = ["counted"]
