"""Ctrl-C ends the command at any time, with status 130 and without a word; and a program that uses the library."""

import csv
import os
import signal
import subprocess
import sys
import time

import pytest

from gender_age.writers import COLUMNS
from tests import fakes
from tests.conftest import REPOSITORY

from .commands import command

SECONDS = 5
# A library that lets nobody interrupt its import, as C code may.
STUBBORN = """
import time
print("importing", flush=True)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
# A run that is writing its annotated copy.
WRITING = """
import time
from gender_age.replaced_file import replaced
with replaced("copy.mp4") as path:
    print(path, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def start():
    """Starts a process, and ends it after the test."""
    processes = []

    def start(**arguments) -> subprocess.Popen:
        processes.append(subprocess.Popen(**arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def interrupt(process: subprocess.Popen, number: signal.Signals = signal.SIGINT) -> str:
    """Presses Ctrl-C once, which has to be enough; returns what was left on standard output."""
    process.send_signal(number)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (128 + number, "")
    return out


def test_while_a_library_is_imported(start, tmp_path):
    (tmp_path / "huggingface_hub.py").write_text(STUBBORN)
    arguments = command("photo.jpg")
    arguments["env"]["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{REPOSITORY}"
    process = start(**arguments)
    assert process.stdout.readline() == "importing\n"
    interrupt(process)


def test_while_photos_are_analysed(start, photos, tiny_model_folder):
    fakes.noise((600, 400)).save("noise.png")
    process = start(**command(*["noise.png"] * 2000, "--json", "--csv", "faces.csv", "--model", str(tiny_model_folder)))
    for _ in range(2):  # the second is printed when the first's row is in the file
        assert process.stdout.readline().endswith("}\n")
    assert all(line.endswith("}") for line in interrupt(process).splitlines())
    with open("faces.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert 2 <= len(rows) < 2001
    assert {len(row) for row in rows} == {len(COLUMNS)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_a_file_is_written(start, tmp_path, monkeypatch, number):
    """Nothing of it is left. Here in a library that is imported, so that no model has to be loaded."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "huggingface_hub.py").write_text(WRITING)
    arguments = command("photo.jpg")
    arguments["env"]["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{REPOSITORY}"
    process = start(**arguments)
    assert process.stdout.readline().startswith(".")
    interrupt(process, number)
    assert [name for name in os.listdir() if name.endswith(".mp4")] == []


@pytest.mark.slow
def test_while_nothing_comes_through_the_pipe(start, photos, tiny_model_folder):
    process = start(**command("=cmd.jpg", "-", "--json", "--model", str(tiny_model_folder)), stdin=subprocess.PIPE)
    assert "not a photo" in process.stdout.readline()
    time.sleep(0.5)
    assert interrupt(process) == ""


@pytest.mark.slow
def test_while_nobody_reads_the_output(start, photos, tiny_model_folder):
    process = start(**command(*["=cmd.jpg"] * 3000, "--json", "--model", str(tiny_model_folder)))
    assert "not a photo" in process.stdout.readline()
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 130


@pytest.mark.slow
def test_a_program_that_searches_photos_in_threads(start, tiny_model_folder):
    program = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that a shell has put into the background ignore it
from gender_age import GenderAgePredictor
from tests.fakes import noise
predictor = GenderAgePredictor.from_pretrained({str(tiny_model_folder)!r}, device="cpu")
for photo in predictor.iter_predict((noise((900, 600)) for _ in range(500)), workers=2):
    print("answered", flush=True)
"""
    process = start(args=[sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
    assert process.stdout.readline() == "answered\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SECONDS * 4)
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
