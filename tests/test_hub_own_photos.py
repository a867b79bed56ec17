"""The ten commands that docs/training.md starts with: from a folder of drawn faces to a Space on a loopback Hub."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.fake_hub.commands import Commands
from tests.fake_hub.server import TOKEN, HubServer
from tests.trainer.drawn_sources import portrait, write_folder, write_tar
from trainer.__main__ import COMMANDS
from trainer.training.config_file import load_config

COUNT = 24
# Of the training: what makes it short.
SHORT = ("training.max_steps=2", "training.per_device_train_batch_size=8")


def ten_commands() -> list[list[str]]:
    text = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^Ten commands .*?^```bash\n(.*?)\n```$", text, re.M | re.S)
    return [shlex.split(line) for line in block.splitlines()]


def own_photos() -> dict[str, bytes]:
    lines = [f"{n}.png,{(18, '25-32', 44, 63)[n % 4]},{('female', 'm', '')[n % 3]}" for n in range(COUNT)]
    files = {f"{n}.png": portrait(n) for n in range(COUNT)}
    return files | {"metadata.csv": "\n".join(["file_name,age,gender", *lines]).encode()}


def utkface() -> dict[str, bytes]:
    return {f"{20 + n % 40}_{n % 2}_{n % 5}_20170116{n:09d}.jpg.chip.jpg": portrait(100 + n) for n in range(COUNT)}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with what the commands find in the repository's, and two sources."""
    place = tmp_path_factory.mktemp("place")
    for name in ("trainer", "model", "examples"):
        (place / name).symlink_to(REPOSITORY / name)
    write_folder(place / "photos", own_photos(), prefix="mine/")
    write_tar(place / "UTKFace.tar.gz", utkface())
    return place


@pytest.fixture(scope="module")
def said(place) -> dict[str, str]:
    """What each command said; the Hub's files under `files`."""
    said = {}
    with HubServer() as hub, Commands("trainer.__main__", hub.environment(), place) as trainer:
        for command in ten_commands():
            name = " ".join(command[:4])
            if command[:3] == ["python", "-m", "trainer"]:
                done = trainer.run(*command[3:], *(SHORT if command[3] == "train" else ()), token=TOKEN)
                assert done.status == 0, (command, done.stderr)
                said[name] = done.stdout
            elif command[:2] == ["python", "-c"]:
                # -I: neither the working directory nor PYTHONPATH is on the path.
                given = [sys.executable, "-I", *command[1:]]
                said["stranger"] = subprocess.run(
                    given, cwd=place, env=hub.environment(), capture_output=True, text=True, check=True
                ).stdout
            elif command[0] == "xdg-open":
                with Image.open(place / command[1]) as picture:
                    picture.load()
                    said[name] = str(picture.size)
        said["model"] = hub.files("user/my-model")
        said["space"] = hub.files("user/my-page", type="space")
    return said


def test_there_are_ten():
    assert len(ten_commands()) == 10


def test_the_extra_exists():
    install = shlex.join(ten_commands()[0])
    assert set(re.search(r"\[(.*)\]", install)[1].split(",")) <= set(metadata("gender-age").get_all("Provides-Extra"))


def options_of(command: list[str]) -> argparse.Namespace:
    """What the command's own parser reads."""
    parser = argparse.ArgumentParser()
    importlib.import_module(COMMANDS[command[3]][0]).add_arguments(parser)
    return parser.parse_args(command[4:])


def test_each_reads_what_an_earlier_one_has_made():
    """The slow tests run them; that each command does what it says is tested with the command."""
    _, mine, faces, utkface, train, curves, evaluate, push, load, deploy = ten_commands()
    made = [options_of(each) for each in (mine, utkface)]
    assert faces[1] == f"{made[0].out}/report/examples.png"
    training = options_of(train)
    config = load_config(REPOSITORY / training.config, training.overrides)
    datasets = [*config.data.train]
    assert datasets == [str(each.out) for each in made]
    run = config.training["output_dir"]
    assert curves[1] == f"{run}/curves.png"
    evaluation, publishing, page = map(options_of, (evaluate, push, deploy))
    assert {str(each.model) for each in (evaluation, publishing)} == {f"{run}/model"}
    assert [str(each) for each in evaluation.data] == datasets
    assert str(publishing.report) == f"{evaluation.output}/report.json"
    assert page.model == publishing.to
    compile(load[2], "docs/training.md", "exec")
    assert f"model='{publishing.to}'" in load[2]


@pytest.mark.slow
def test_faces_are_found_and_divided(place, said):
    for name in ("mine", "utkface"):
        prepared = json.loads((place / "data" / name / "prepare.json").read_text())
        assert sum(prepared["images"].values()) == COUNT
        assert prepared["without_landmarks"] == 0


@pytest.mark.slow
def test_the_model_is_fine_tuned_and_measured(place, said):
    record = json.loads((place / "runs" / "own_photos" / "model" / "training.json").read_text())
    assert record["config"]["data"]["train"] == ["data/mine", "data/utkface"]
    assert record["started_from"]["config"]["training"]["output_dir"]
    report = json.loads((place / "reports" / "mine" / "report.json").read_text())
    assert set(report["protocols"]["end_to_end"]) == {"mine", "utkface"}


@pytest.mark.slow
def test_a_stranger_loads_what_was_published(said):
    faces = eval(said["stranger"].splitlines()[-1], {}, {})
    assert len(faces) == 3
    assert "### mine" in said["model"]["README.md"].decode()


@pytest.mark.slow
def test_the_space_has_page_and_model(said):
    assert {"app.py", "model/model.safetensors"} <= said["space"].keys()
    assert json.loads(said["space"]["model/training.json"])["config"]["data"]["train"] == ["data/mine", "data/utkface"]
