"""Names in letters that standard output's encoding lacks, as of a file on Windows."""

import os
import subprocess
import sys

from tests.conftest import REPOSITORY

CODE = "from gender_age.any_text import print_any_text; print_any_text(); print('Größe, Фото')"


def test_letters_that_the_encoding_lacks_are_numbers():
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=REPOSITORY, capture_output=True, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("cp1252").strip() == r"Größe, \u0424\u043e\u0442\u043e"


def test_the_trainer_prints_what_its_files_are_called(tmp_path):
    (tmp_path / "Фото").mkdir()
    command = [sys.executable, "-m", "trainer", "prepare", str(tmp_path / "Фото"), str(tmp_path / "out")]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, env=environment, timeout=120)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
