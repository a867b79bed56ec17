"""A run whose disk gets full: one sentence, the last whole checkpoint stays, and with room the run goes on from it."""

import errno
import shutil
import subprocess

import pytest
import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import TrainerControl, TrainerState, TrainingArguments

from tests.trainer import test_train
from tests.trainer.logged_training import note_batches, read_log
from trainer.__main__ import main
from trainer.errors import DataError, RunError
from trainer.files import write_whole_text
from trainer.train import train
from trainer.training.checkpoints import (
    COMPLETE_FILE,
    CompletionMarker,
    full_disk_as_sentence,
    newest_whole_checkpoint,
)
from trainer.training.config_file import parse_config

PAGE = 4096


def run_values(data, output):
    """A run of 12 steps."""
    return test_train.run_values(data, output) | {"stages": [{"image_size": 16, "epochs": 2}]}


class SmallDisk:
    """A file system in memory, in pages of 4,096 bytes."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, folder / "ballast"
        folder.mkdir()

    def mount(self, pages, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={pages * PAGE}", *options]), "tmpfs", self.folder]
        return subprocess.run(command, capture_output=True, text=True)

    def resize(self, pages):
        assert self.mount(pages, "remount").returncode == 0

    def fill(self):
        """Leave no byte."""
        free = shutil.disk_usage(self.folder).free
        self.ballast.write_bytes(bytes(free))
        assert shutil.disk_usage(self.folder).free == 0


@pytest.fixture
def disk(tmp_path):
    """128 pages; a test needs to be root to have it."""
    disk = SmallDisk(tmp_path / "disk")
    if shutil.which("mount") is None or (mounted := disk.mount(128)).returncode != 0:
        pytest.skip("a small file system cannot be mounted here" + (f": {mounted.stderr.strip()}" if mounted else ""))
    yield disk
    # Lazily: a model loaded from there may be mapped still.
    subprocess.run(["umount", "--lazy", disk.folder], check=True)


def pages(paths):
    return sum(-(-path.stat().st_size // PAGE) for path in paths)


def test_a_disk_full_inside_a_save_is_a_sentence_and_the_run_goes_on(
    disk, tiny_data, tmp_path, monkeypatch, caplog, capfd
):
    unbroken, resumed = tmp_path / "unbroken.jsonl", tmp_path / "resumed.jsonl"
    values = run_values(tiny_data, tmp_path / "unbroken")
    values["data"]["cache_dir"] = str(tmp_path / "faces")
    with monkeypatch.context() as patch:
        note_batches(unbroken, patch.setattr)
        train(parse_config(values))
    whole = newest_whole_checkpoint(tmp_path / "unbroken")

    run = disk.folder / "run"
    values["training"]["output_dir"] = str(run)
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(values))
    # The note of the config, a whole checkpoint, and another up to the middle of the optimizer's state.
    before = [whole / name for name in ("model.safetensors", "config.json", "training_args.bin")]
    disk.resize(1 + pages(whole.iterdir()) + pages(before) + pages([whole / "optimizer.pt"]) // 2)
    assert main(["train", str(config)]) == 1
    printed = capfd.readouterr().err
    assert "Traceback" not in printed
    assert printed.count("python -m trainer train:") == 1
    last = printed.splitlines()[-1]
    assert last.startswith(f"python -m trainer train: {run} could not be written to, as its disk is full (0.0 MB free)")
    assert last.endswith("make room, and the same command goes on from checkpoint-4")
    half = {path.name for path in (run / "checkpoint-8").iterdir()}
    assert half == {"optimizer.pt", *(path.name for path in before)}
    assert newest_whole_checkpoint(run).name == "checkpoint-4"

    disk.resize(4096)
    with monkeypatch.context() as patch:
        note_batches(resumed, patch.setattr)
        finished = train(parse_config(values))
    assert "continuing from checkpoint-4" in caplog.text
    assert [(line["step"], line["rows"]) for line in read_log(resumed)] == [
        (line["step"], line["rows"]) for line in read_log(unbroken)[4:]
    ]
    assert newest_whole_checkpoint(run).name == whole.name
    assert (finished / "training.json").exists()


WRITERS = {
    "json": lambda path: path.write_text("{}\n" * PAGE * 2),
    "safetensors": lambda path: save_file({"weight": torch.zeros(PAGE)}, path),
    "torch": lambda path: torch.save({"state": torch.zeros(PAGE)}, path),
    "torch, by Python's file": lambda path: torch.save({"state": torch.zeros(PAGE)}, path.with_name("zustände")),
}


@pytest.mark.parametrize("free_pages", [0, 3])
@pytest.mark.parametrize("writer", WRITERS)
def test_each_writer_tells_of_a_full_disk(disk, writer, free_pages):
    disk.resize(128 - free_pages)
    disk.fill()
    disk.resize(128)
    with pytest.raises(RunError, match="disk is full .* begins anew"), full_disk_as_sentence(disk.folder):
        WRITERS[writer](disk.folder / "file")


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        SafetensorError("Error while deserializing header: header too small"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError(
            "[enforce fail at inline_container.cc:324] . PytorchStreamReader failed reading zip archive: "
            "failed finding central directory"
        ),
    ],
)
def test_other_errors_pass_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as raised, full_disk_as_sentence(tmp_path):
        raise error
    assert raised.value is error


def test_a_checkpoint_without_room_for_its_marker_is_not_whole(disk):
    arguments = TrainingArguments(output_dir=str(disk.folder), use_cpu=True)
    marker = CompletionMarker()
    for step in (4, 8):
        (disk.folder / f"checkpoint-{step}").mkdir()
    marker.on_save(arguments, TrainerState(global_step=4), TrainerControl())
    disk.fill()
    with pytest.raises(RunError, match="goes on from checkpoint-4"), full_disk_as_sentence(disk.folder):
        marker.on_save(arguments, TrainerState(global_step=8), TrainerControl())
    assert not (disk.folder / "checkpoint-8" / COMPLETE_FILE).exists()
    assert newest_whole_checkpoint(disk.folder).name == "checkpoint-4"


def test_a_new_run_without_room_for_its_config_can_be_begun_later(disk, tiny_data):
    run = disk.folder / "run"
    values = run_values(tiny_data, run)
    disk.fill()
    with pytest.raises(RunError, match="begins anew"):
        train(parse_config(values))
    assert not (run / "run.yaml").exists()


def test_a_run_without_room_for_its_model_is_not_finished(disk, tiny_data, tmp_path):
    disk.resize(4096)
    values = run_values(tiny_data, disk.folder / "run")
    values["data"]["cache_dir"] = str(tmp_path / "faces")
    finished = train(parse_config(values))
    shutil.rmtree(finished)
    disk.fill()
    with pytest.raises(RunError, match="goes on from checkpoint-12"):
        train(parse_config(values))
    assert not (finished / "training.json").exists()
    disk.ballast.unlink()
    assert train(parse_config(values)) == finished
    assert (finished / "training.json").exists()


def test_a_file_stays_as_it_was_where_there_is_no_room_for_the_next(disk):
    noted = disk.folder / "training.json"
    noted.write_text("before")
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        write_whole_text(noted, "after")
    assert noted.read_text() == "before"
    assert {path.name for path in disk.folder.iterdir()} == {"training.json", "ballast"}


def test_faces_without_room_are_a_sentence(disk, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run")
    values["data"]["cache_dir"] = str(disk.folder / "faces")
    disk.fill()
    with pytest.raises(DataError, match="no room for .* MB of aligned faces"):
        train(parse_config(values))
    assert list((disk.folder / "faces").iterdir()) == []
