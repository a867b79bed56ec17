"""Parses the age ranges of datasets."""

from __future__ import annotations

import re

from .record import OLDEST_AGE


def parse_age_range(text: str) -> tuple[int, int] | None:
    """`"20-29"` -> (20, 29); `"70+"` and `"more than 70"` -> (70, 120); None if not a range. In years."""
    text = text.strip().lower()
    if match := re.fullmatch(r"(\d{1,3})\s*-\s*(\d{1,3})", text):
        youngest, oldest = int(match[1]), int(match[2])
        return (youngest, oldest) if youngest <= oldest <= OLDEST_AGE else None
    if match := re.fullmatch(r"(\d{1,3})\s*\+|more than (\d{1,3})", text):
        youngest = int(match[1] or match[2])
        return (youngest, OLDEST_AGE) if youngest <= OLDEST_AGE else None
    return None
