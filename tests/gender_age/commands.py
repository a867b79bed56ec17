"""`python -m gender_age` as a process."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import REPOSITORY


def command(*arguments: str | bytes) -> dict:
    """What starts it, from whatever folder, for `subprocess.run` and `Popen`."""
    return {
        "args": [sys.executable, "-m", "gender_age", *arguments],
        "env": os.environ | {"PYTHONPATH": str(REPOSITORY), "HF_HUB_OFFLINE": "1"},
    }


def run(*arguments: str | bytes, **settings) -> subprocess.CompletedProcess:
    settings = {"text": True} | settings
    return subprocess.run(**command(*arguments), capture_output=True, timeout=300, check=False, **settings)
