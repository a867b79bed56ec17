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
from tests.trainer.logged_training import SAVE_MOMENTS, STEP_DONE, note_batches, read_log
from tests.trainer.test_train import run_values
from trainer.train import train
from trainer.training.checkpoints import COMPLETE_FILE
from trainer.training.config_file import parse_config

FEW_EPOCHS, EPOCHS, STEPS_AN_EPOCH, SAVE_STEPS = 6, 20, 6, 5


def long_run(data, output, epochs):
    values = run_values(data, output, save_steps=SAVE_STEPS)
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
    def start(cls, values, folder, number=0, die_at=()):
        """`die_at`: the step and the moment after which the process kills itself, if any."""
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(values))
        log, printed = folder / f"batches-{number}.jsonl", folder / f"printed-{number}.txt"
        command = [sys.executable, "-m", "tests.trainer.logged_training", str(log)]
        command += ["--die-at", *map(str, die_at)] if die_at else []
        with printed.open("w") as file:
            process = subprocess.Popen(
                [*command, "train", str(config)],
                cwd=REPOSITORY,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        return cls(Path(values["training"]["output_dir"]), log, printed, process)

    def wait_for_first_step(self):
        deadline = time.monotonic() + 60
        while not self.log.exists():
            assert self.process.poll() is None, self.printed.read_text()
            assert time.monotonic() < deadline, self.printed.read_text()
            time.sleep(0.01)

    def assert_ended_with(self, code):
        assert self.process.wait(120) == code, self.printed.read_text()


def steps_of(checkpoint):
    return int(checkpoint.name.rpartition("-")[2])


def checkpoints(run):
    return sorted(run.glob("checkpoint-*"), key=steps_of)


def newest(run):
    return next(reversed(checkpoints(run)), None)


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


@pytest.fixture(scope="module")
def unbroken(tiny_data, tmp_path_factory):
    """The log of a run that nothing breaks, and its model's bytes."""
    folder = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        note_batches(folder / "batches.jsonl", patch.setattr)
        finished = train(parse_config(long_run(tiny_data, folder / "run", FEW_EPOCHS)))
    return folder / "batches.jsonl", (finished / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("died_at", "left", "goes_on_from"),
    [
        pytest.param((10, "half the optimizer"), {5: True, 10: False}, 5, marks=pytest.mark.slow),
        ((10, "all but the marker"), {5: True, 10: False}, 5),
        pytest.param((13, STEP_DONE), {5: True, 10: True}, 10, marks=pytest.mark.slow),
        # The evaluation at the end of an epoch comes after the save and is not made again.
        pytest.param(
            (5 * STEPS_AN_EPOCH + 2, STEP_DONE), {25: True, 30: True}, 5 * STEPS_AN_EPOCH, marks=pytest.mark.slow
        ),
    ],
)
def test_a_killed_run_goes_on_and_ends_as_the_unbroken_one(
    died_at, left, goes_on_from, unbroken, tiny_data, tmp_path, monkeypatch, caplog
):
    resumed = tmp_path / "resumed.jsonl"
    values = long_run(tiny_data, tmp_path / "killed", FEW_EPOCHS)
    attempt = Attempt.start(values, tmp_path, die_at=died_at)
    attempt.assert_ended_with(-signal.SIGKILL)
    assert {steps_of(folder): (folder / COMPLETE_FILE).exists() for folder in checkpoints(attempt.run)} == left
    assert [line["step"] for line in read_log(attempt.log)] == list(range(died_at[0]))

    with monkeypatch.context() as patch:
        note_batches(resumed, patch.setattr)
        finished = train(parse_config(values))
    for step, is_whole in left.items():
        assert (f"checkpoint-{step} was not written to its end; it is removed" in caplog.text) is not is_whole
    assert f"continuing from checkpoint-{goes_on_from}" in caplog.text
    assert [line["step"] for line in read_log(resumed)] == list(range(goes_on_from, FEW_EPOCHS * STEPS_AN_EPOCH))
    assert steps_of(newest(attempt.run)) == FEW_EPOCHS * STEPS_AN_EPOCH
    log, model = unbroken
    assert_same_batches([attempt.log, resumed], log, ["rows", "pixels"])
    assert (finished / "model.safetensors").read_bytes() == model


def test_killed_before_the_model_is_whole_it_makes_the_same_again(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 2}]}
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
def test_kills_in_every_part_of_a_save_between_steps_and_while_it_starts(tiny_data, tmp_path):
    seed = random.randrange(2**32)
    print(f"moments drawn with seed {seed}")
    moments = random.Random(seed)
    (tmp_path / "unbroken").mkdir()
    started = time.monotonic()
    unbroken = Attempt.start(long_run(tiny_data, tmp_path / "unbroken/run", EPOCHS), tmp_path / "unbroken")
    unbroken.wait_for_first_step()
    startup_seconds = time.monotonic() - started
    unbroken.assert_ended_with(0)
    names = {path.name for path in newest(unbroken.run).iterdir()}

    run = tmp_path / "run"
    values = long_run(tiny_data, run, EPOCHS)
    kinds = [*SAVE_MOMENTS, *[STEP_DONE] * 4, *["start"] * 2]
    moments.shuffle(kinds)
    logs = []
    for number, kind in enumerate([*kinds, "last"]):
        expected = newest_with_all_files(run, names)
        before = steps_of(expected) if expected else 0
        if kind == "start":  # anywhere while it starts up or soon after: the only moment that the clock decides
            attempt = Attempt.start(values, tmp_path, number)
            time.sleep(moments.uniform(0, startup_seconds))
            attempt.process.kill()
            attempt.assert_ended_with(-signal.SIGKILL)
        elif kind == "last":
            attempt = Attempt.start(values, tmp_path, number)
            attempt.assert_ended_with(0)
        else:
            steps = moments.randint(1, 12) if kind == STEP_DONE else moments.randint(1, 2) * SAVE_STEPS
            attempt = Attempt.start(values, tmp_path, number, die_at=(before + steps, kind))
            attempt.assert_ended_with(-signal.SIGKILL)
            assert len(read_log(attempt.log)) == steps
            if kind in SAVE_MOMENTS:
                assert steps_of(newest(run)) == before + steps
                assert not (newest(run) / COMPLETE_FILE).exists()
        print(f"{number + 1}, {kind}: ", end="")
        assert_it_went_on_from(expected, attempt)
        logs.append(attempt.log)

    assert steps_of(newest(run)) == steps_of(newest(unbroken.run)) == EPOCHS * STEPS_AN_EPOCH
    assert_same_batches(logs, unbroken.log, ["rows", "pixels"])
    for name in ("model.safetensors", "config.json"):
        assert (run / "model" / name).read_bytes() == (unbroken.run / "model" / name).read_bytes(), name
