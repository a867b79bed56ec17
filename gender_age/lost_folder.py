"""Tells a file that is missing by itself from one whose disk or share is gone."""

from __future__ import annotations

import os


def why_lost(folder: str | os.PathLike[str]) -> str | None:
    """Why a folder that had files is gone: the system's reason, or that it is empty, as the place where a disk was.

    None where it is there, with something in it.
    """
    try:
        with os.scandir(folder) as entries:
            return None if any(entries) else "it is empty"
    except OSError as error:
        return error.strerror or type(error).__name__


__all__ = ["why_lost"]
