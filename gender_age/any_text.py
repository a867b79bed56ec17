"""Standard output that takes any text."""

from __future__ import annotations

import sys


def print_any_text() -> None:
    """For programs: a character that standard output's encoding lacks is printed as its number.

    On Windows, that of a file or pipe lacks most letters, and the first name with one would end the program.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


__all__ = ["print_any_text"]
