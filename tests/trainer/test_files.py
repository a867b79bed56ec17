"""Files and folders are written whole or not at all."""

import os
import signal
import subprocess
import sys

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from gender_age.records import TRAINING_FILE
from tests.conftest import REPOSITORY
from trainer import files
from trainer.errors import TrainerError
from trainer.files import put_in_place, whole_file, write_whole_folder, write_whole_text
from trainer.training.checkpoints import COMPLETE_FILE, CompletionMarker
from trainer.training.saving import save_run_model


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def nothing_strange(_):
    return []


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def failing_rename(monkeypatch, fails):
    """`os.rename` raises when `fails(source, target)`."""
    rename = os.rename

    def maybe(source, target):
        if fails(source, target):
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", maybe)


@pytest.fixture
def synced(monkeypatch):
    """What reaches the disk and what is renamed, in order: `("flush", name)` and `("rename", name)`."""
    events = []
    flush, replace, rename = files._flush, os.replace, os.rename
    monkeypatch.setattr(files, "_flush", lambda path: (events.append(("flush", path.name)), flush(path)))
    monkeypatch.setattr(os, "replace", lambda old, new: (events.append(("rename", new.name)), replace(old, new)))
    monkeypatch.setattr(os, "rename", lambda old, new: (events.append(("rename", new.name)), rename(old, new)))
    return events


def test_a_file_is_replaced_when_the_block_succeeds(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    with whole_file(path) as unfinished:
        unfinished.write_text("after")
        assert unfinished.parent == path.parent
        assert unfinished.name.startswith(".")
        assert path.read_text() == "before"
    assert contents(tmp_path) == {"note.txt": "after"}


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    def write_half(path):
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise error

    (tmp_path / "note.txt").write_text("before")
    with pytest.raises(error):
        write_half(tmp_path / "note.txt")
    assert contents(tmp_path) == {"note.txt": "before"}


def test_a_failure_before_the_first_byte_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="early"), whole_file(tmp_path / "note.txt"):
        raise ValueError("early")
    assert names(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_the_end_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    def stopped(*_):
        raise KeyboardInterrupt

    (tmp_path / "note.txt").write_text("before")
    monkeypatch.setattr(os, step, stopped)
    with pytest.raises(KeyboardInterrupt):
        write_whole_text(tmp_path / "note.txt", "after")
    assert contents(tmp_path) == {"note.txt": "before"}


def test_a_kill_inside_a_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    program = (
        "import os, pathlib, signal\nfrom trainer.files import whole_file\n"
        f"with whole_file(pathlib.Path({str(path)!r})) as unfinished:\n"
        "    unfinished.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "before"
    left_over = [name for name in names(tmp_path) if name != "note.txt"]
    assert len(left_over) == 1
    assert left_over[0].startswith(".")


def test_writers_of_the_same_file_do_not_share_its_unfinished_name(tmp_path):
    path = tmp_path / "note.txt"
    with whole_file(path) as first, whole_file(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert contents(tmp_path) == {"note.txt": "first"}


def test_content_reaches_the_disk_before_the_rename(tmp_path, synced):
    write_whole_text(tmp_path / "note.txt", "text")
    kinds = [kind for kind, _ in synced]
    assert kinds == ["flush", "rename", "flush"]
    assert synced[-1] == ("flush", tmp_path.name)


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write_whole_text(tmp_path / "note.txt", "text")
    assert (tmp_path / "note.txt").stat().st_mode == (tmp_path / "usual").stat().st_mode


def fill(*pairs):
    def write(folder):
        for name, text in pairs:
            (folder / name).write_text(text)

    return write


def test_a_folder_is_made_with_its_parents_and_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "new" / "model"
    assert write_whole_folder(folder, fill(("a", "1"), ("b", "1")), nothing_strange, "push") == folder
    write_whole_folder(folder, fill(("b", "2")), nothing_strange, "push")
    assert contents(folder) == {"b": "2"}
    assert names(folder.parent) == ["model"]
    (tmp_path / "usual").mkdir()
    assert folder.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_folders_content_reaches_the_disk_before_the_rename(tmp_path, synced):
    write_whole_folder(tmp_path / "model", fill(("a", "1"), ("b", "1")), nothing_strange, "push")
    before = [name for kind, name in synced[: synced.index(("rename", "model"))] if kind == "flush"]
    assert {"a", "b"} < set(before)
    assert len(before) == 3, "the folder's own entries too"
    assert synced[-1] == ("flush", tmp_path.name)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_inside_leaves_the_old_folder_and_nothing_else(tmp_path, error):
    write_whole_folder(tmp_path / "model", fill(("a", "1")), nothing_strange, "push")

    def write(folder):
        (folder / "a").write_text("2")
        raise error

    with pytest.raises(error):
        write_whole_folder(tmp_path / "model", write, nothing_strange, "push")
    assert names(tmp_path) == ["model"]
    assert contents(tmp_path / "model") == {"a": "1"}


def test_the_old_folder_comes_back_when_the_new_one_cannot_be_renamed(tmp_path, monkeypatch):
    write_whole_folder(tmp_path / "model", fill(("a", "1")), nothing_strange, "push")
    failing_rename(monkeypatch, lambda source, _: source.name.endswith(".partial"))
    with pytest.raises(TrainerError, match="model cannot be written: Input/output error"):
        write_whole_folder(tmp_path / "model", fill(("a", "2")), nothing_strange, "push")
    assert names(tmp_path) == ["model"]
    assert contents(tmp_path / "model") == {"a": "1"}


def test_the_old_folder_stays_when_it_cannot_be_moved_aside(tmp_path, monkeypatch):
    write_whole_folder(tmp_path / "model", fill(("a", "1")), nothing_strange, "push")
    failing_rename(monkeypatch, lambda source, _: source.name == "model")
    with pytest.raises(TrainerError, match="cannot be written"):
        write_whole_folder(tmp_path / "model", fill(("a", "2")), nothing_strange, "push")
    assert names(tmp_path) == ["model"]
    assert contents(tmp_path / "model") == {"a": "1"}


def test_a_strange_folder_or_file_is_not_replaced(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "model").mkdir()
    with pytest.raises(TrainerError, match="holds file, which push did not write"):
        write_whole_folder(tmp_path / "file", fill(), nothing_strange, "push")
    with pytest.raises(TrainerError, match=r"holds thesis\.txt, which push did not write"):
        write_whole_folder(tmp_path / "model", fill(), lambda _: ["thesis.txt"], "push")
    assert names(tmp_path) == ["file", "model"]


def test_a_folder_moved_aside_by_a_killed_process_is_in_nobodys_way(tmp_path):
    made, out = tmp_path / "work" / "out", tmp_path / "data"
    for folder, text in ((made, "new"), (made.with_name("out.former"), "older"), (out, "old")):
        folder.mkdir(parents=True)
        (folder / "a").write_text(text)
    put_in_place(made, out)
    assert contents(out) == {"a": "new"}
    assert names(tmp_path / "work") == []


def test_what_a_marker_vouches_for_reaches_the_disk_before_it(tmp_path, synced, tiny_model):
    checkpoint = tmp_path / "checkpoint-4"
    checkpoint.mkdir()
    (checkpoint / "weights").write_text("1")
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    CompletionMarker().on_save(arguments, TrainerState(global_step=4), TrainerControl())
    assert synced.index(("flush", "weights")) < synced.index(("rename", COMPLETE_FILE))

    save_run_model(tiny_model, 32, {}, tmp_path / "model")
    assert synced.index(("flush", "model.safetensors")) < synced.index(("rename", TRAINING_FILE))
