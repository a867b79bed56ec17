"""Progress bars of the trainer's commands: alive in a terminal, a line a minute in a log."""

import os
import pty
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

CODE = """
import contextlib
from trainer.__main__ import main
with contextlib.suppress(SystemExit):
    main(["--help"])
from tqdm.auto import tqdm
print(tqdm([]).mininterval)
"""


@pytest.mark.parametrize(("in_terminal", "seconds"), [(True, 0.1), (False, 60)])
def test_bars_move_often_in_a_terminal_only(in_terminal, seconds):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "TQDM_MININTERVAL"},
        stdout=subprocess.PIPE,
        stderr=theirs if in_terminal else subprocess.DEVNULL,
        text=True,
        check=True,
    )
    os.close(ours)
    os.close(theirs)
    assert float(done.stdout.splitlines()[-1]) == seconds
