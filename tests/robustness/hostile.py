"""Files that strangers send to do harm, of every kind that is known, without end."""

from __future__ import annotations

from .bombs import bombs
from .structured import structured

# One of so many files is hostile where they are mixed in.
ONE_OF = 20


def hostile(number: int) -> tuple[str, bytes]:
    """A name and a file: in turn a small one that asks for much, and a structure with numbers drawn at random."""
    if number % 2:
        suffix, data = structured(number)
        return f"hostile-{number}.{suffix}", data
    known = list(bombs().values())
    return f"hostile-{number}.jpg", known[number // 2 % len(known)]
