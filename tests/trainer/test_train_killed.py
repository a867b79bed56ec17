"""Runs that are killed, some inside a save: they go on from the newest whole checkpoint and end as the unbroken one."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.trainer.logged_training import note_batches, read_log
from tests.trainer.test_train import run_values
from trainer.train import train
from trainer.training.checkpoints import COMPLETE_FILE
from trainer.training.config_file import parse_config

EPOCHS, STEPS_AN_EPOCH = 20, 6


def slow_to_save(data, output, epochs):
    """A run with a model that takes some hundredths of a second to save."""
    values = run_values(data, output, save_steps=5)
    values["model"]["config"] |= {"hidden_size": 128, "num_hidden_layers": 4, "intermediate_size": 512}
    values["stages"] = [{"image_size": 16, "epochs": epochs - 2}, {"image_size": 24, "epochs": 2}]
    return values


@dataclass
class Attempt:
    """A training in a process of its own, which notes its batches."""

    run: Path
    log: Path
    printed: Path
    process: subprocess.Popen

    @classmethod
    def start(cls, values, folder, number=0):
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(values))
        log, printed = folder / f"batches-{number}.jsonl", folder / f"printed-{number}.txt"
        command = [sys.executable, "-m", "tests.trainer.logged_training", str(log), "train", str(config)]
        with printed.open("w") as file:
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        return cls(Path(values["training"]["output_dir"]), log, printed, process)

    def wait_until(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert self.process.poll() is None, self.printed.read_text()
            assert time.monotonic() < deadline, self.printed.read_text()
            time.sleep(0.0005)

    def wait_for_steps(self, count):
        self.wait_until(lambda: self.log.exists() and self.log.read_bytes().count(b"\n") >= count)

    def kill(self):
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL, self.printed.read_text()

    def kill_inside_a_save(self, delay=0.0):
        """Kill when the newest checkpoint has no marker yet; a save that ends too soon is let go."""
        # A half one of an earlier kill is removed before the first step.
        self.wait_for_steps(1)
        while True:
            self.wait_until(lambda: is_broken(newest(self.run)))
            time.sleep(delay)
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(0.02)
            if is_broken(newest(self.run)):
                self.kill()
                assert is_broken(newest(self.run))
                return
            self.process.send_signal(signal.SIGCONT)


def steps_of(checkpoint):
    return int(checkpoint.name.rpartition("-")[2])


def checkpoints(run):
    return sorted(run.glob("checkpoint-*"), key=steps_of)


def newest(run):
    return next(reversed(checkpoints(run)), None)


def is_broken(checkpoint):
    return checkpoint is not None and checkpoint.is_dir() and not (checkpoint / COMPLETE_FILE).exists()


def newest_with_all_files(run, names):
    """By the files that a checkpoint of the unbroken run has, whatever the marker says."""
    whole = [folder for folder in checkpoints(run) if {path.name for path in folder.iterdir()} == names]
    return whole[-1] if whole else None


def assert_same_batches(logs, unbroken, keys):
    """Every step of the unbroken run was taken, and wherever it was taken, with the same batch."""
    expected = {line["step"]: [line[key] for key in keys] for line in read_log(unbroken)}
    seen = [line for log in logs for line in read_log(log)]
    for line in seen:
        assert [line[key] for key in keys] == expected[line["step"]], line["step"]
    assert {line["step"] for line in seen} == set(expected)


def test_killed_inside_a_save_it_goes_on_with_the_same_batches(tiny_data, tmp_path, monkeypatch, caplog):
    unbroken, resumed = tmp_path / "unbroken.jsonl", tmp_path / "resumed.jsonl"
    with monkeypatch.context() as patch:
        note_batches(unbroken, patch.setattr)
        train(parse_config(slow_to_save(tiny_data, tmp_path / "unbroken", epochs=5)))
    values = slow_to_save(tiny_data, tmp_path / "killed", epochs=5)
    attempt = Attempt.start(values, tmp_path)
    attempt.wait_for_steps(6)
    attempt.kill_inside_a_save()

    half, whole = newest(attempt.run), checkpoints(attempt.run)[-2]
    with monkeypatch.context() as patch:
        note_batches(resumed, patch.setattr)
        finished = train(parse_config(values))
    assert f"{half.name} was not written to its end; it is removed" in caplog.text
    assert f"continuing from {whole.name}" in caplog.text
    assert read_log(resumed)[0]["step"] == steps_of(whole)
    assert_same_batches([attempt.log, resumed], unbroken, ["rows"])
    assert steps_of(newest(attempt.run)) == 5 * STEPS_AN_EPOCH
    assert (finished / "training.json").exists()


def test_killed_before_the_model_is_whole_it_makes_the_same_again(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run")
    finished = train(parse_config(values))
    files = {path.name: path.read_bytes() for path in finished.iterdir()}
    (finished / "training.json").unlink()
    (finished / "config.json").write_text("{")
    train(parse_config(values))
    again = {path.name: path.read_bytes() for path in finished.iterdir()}
    record, record_again = (json.loads(contents.pop("training.json")) for contents in (files, again))
    # The last epoch's evaluation comes after the last save, and is not made again.
    assert record_again["history"] == record["history"][:-1]
    assert files.pop("model.safetensors") == again.pop("model.safetensors")
    assert again == files


def kill_at_random(attempt, kind, moments, startup_seconds):
    """`kind`: inside a "save", some steps into the run ("step"), or while it starts up or soon after ("start")."""
    if kind == "save":
        attempt.kill_inside_a_save(moments.uniform(0, 0.01))
        return
    if kind == "step":
        attempt.wait_for_steps(moments.randint(1, 12))
    time.sleep(moments.uniform(0, 0.05 if kind == "step" else startup_seconds))
    attempt.kill()


def assert_it_went_on_from(expected, attempt):
    """As far as the attempt came: what it said, and its first step."""
    said = re.search(r"continuing from (\S+):|(a new run):", attempt.printed.read_text())
    batches = read_log(attempt.log)
    source, left = expected.name if expected else "nothing", newest(attempt.run)
    files = f"{left.name} with {', '.join(sorted(path.name for path in left.iterdir()))}" if left else "nothing"
    print(f"went on from {source}, noted {len(batches)} steps, left {files}")
    if said:
        assert said.group(1) == (expected.name if expected else None)
    if batches:
        assert said
        assert batches[0]["step"] == (steps_of(expected) if expected else 0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_kills_at_random_moments(tiny_data, tmp_path):
    seed = random.randrange(2**32)
    print(f"moments drawn with seed {seed}")
    moments = random.Random(seed)
    (tmp_path / "unbroken").mkdir()
    started = time.monotonic()
    unbroken = Attempt.start(slow_to_save(tiny_data, tmp_path / "unbroken/run", EPOCHS), tmp_path / "unbroken")
    unbroken.wait_for_steps(1)
    startup_seconds = time.monotonic() - started
    assert unbroken.process.wait(120) == 0, unbroken.printed.read_text()
    names = {path.name for path in newest(unbroken.run).iterdir()}

    run = tmp_path / "run"
    values = slow_to_save(tiny_data, run, EPOCHS)
    kinds = ["save"] * 4 + ["step"] * 4 + ["start"] * 2
    moments.shuffle(kinds)
    logs = []
    for number, kind in enumerate([*kinds, "last"]):
        expected = newest_with_all_files(run, names)
        attempt = Attempt.start(values, tmp_path, number)
        if kind == "last":
            assert attempt.process.wait(120) == 0, attempt.printed.read_text()
        else:
            kill_at_random(attempt, kind, moments, startup_seconds)
        print(f"{number + 1}, {kind}: ", end="")
        assert_it_went_on_from(expected, attempt)
        logs.append(attempt.log)

    assert steps_of(newest(run)) == steps_of(newest(unbroken.run)) == EPOCHS * STEPS_AN_EPOCH
    assert_same_batches(logs, unbroken.log, ["rows", "pixels"])
    for name in ("model.safetensors", "config.json"):
        assert (run / "model" / name).read_bytes() == (unbroken.run / "model" / name).read_bytes(), name
