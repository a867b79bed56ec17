"""What the whole process of `python app.py` opens and writes, with a checkpoint that has poison beside its weights."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from page.server.private_folder import PREFIX
from tests.conftest import REPOSITORY

from .inputs import saved
from .pages import Caller, PageProcess

# What libraries write at their start, below the home, the system's folder for temporary files, or the page's: empty,
# or the same for everybody; it tells of no photo.
BY_LIBRARIES = {
    "home/.config": "matplotlib, which gradio imports",
    "home/.config/matplotlib": "matplotlib's settings; empty",
    "home/cache": "matplotlib",
    "home/cache/matplotlib*": "matplotlib's list of the machine's fonts",
    "tmp/????????": "tempfile tries whether the folder can be written to, and removes the file",
    "temporary": "the page's own, made where it is missing",
    "temporary/vibe_edit_history": "gradio's, for an editor that is off; empty",
    "/tmp/torchinductor_*": "torch, for code that it compiles; empty, as nothing is compiled here",
    "/dev/null": "what it is for",
}
POISONED = (
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "training_args.bin",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "model.pkl",
    "tf_model.h5",
    "flax_model.msgpack",
)


class Poison:
    """Unpickled, it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


@dataclass(frozen=True, slots=True)
class Run:
    """What a page left that was served, asked and ended.

    Attributes:
        report: of `audited_page`.
        folder: the process's home, working directory and caches are below it.
    """

    report: dict
    folder: Path
    mark: Path
    log: str


@pytest.fixture(scope="module")
def run(tiny_model_folder, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("audited")
    model, mark = folder / "model", folder / "was-unpickled"
    shutil.copytree(tiny_model_folder, model)
    for name in POISONED:
        (model / name).write_bytes(pickle.dumps(Poison(mark)))
    code = f"open({str(mark)!r}, 'w').close()\n"
    (model / "modeling_gender_age.py").write_text(code)
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_gender_age.GenderAgeModel"}
    (model / "config.json").write_text(json.dumps(config))
    for name in ("home", "cwd", "tmp"):
        (folder / name).mkdir()
    page = PageProcess(
        folder,
        str(folder / "report.json"),
        "--model",
        str(model),
        module="tests.robustness.audited_page",
        HOME=str(folder / "home"),
        HF_HOME=str(folder / "home" / "huggingface"),
        XDG_CACHE_HOME=str(folder / "home" / "cache"),
        TMPDIR=str(folder / "tmp"),
        # Compiled modules beside their sources are Python's business, and would be there already.
        PYTHONDONTWRITEBYTECODE="1",
    )
    with page:
        caller = Caller(page.url)
        photo = (REPOSITORY / "examples" / "collins.jpg").read_bytes()
        assert len(caller.predict("a.jpg", photo)["faces"]) == 1
        assert caller.predict_batch(("a.jpg", photo), ("b.png", saved("PNG")))[0]["error"] is None
    report = json.loads((folder / "report.json").read_text())
    return Run(report, folder, mark, page.log)


def test_nothing_is_unpickled(run):
    """That the watch sees pickles is tested in test_no_pickles.py."""
    assert run.report["pickled"] == run.report["classes"] == []
    assert not run.mark.exists()


def by_a_library(run: Run, path: str) -> bool:
    return any(fnmatch(path, str(run.folder / pattern)) for pattern in BY_LIBRARIES)  # absolute ones stay as they are


def test_only_the_temporary_folder_is_written_to(run):
    private = str(run.folder / "temporary" / PREFIX)
    inside = [path for path in run.report["written"] if path.startswith(private)]
    assert len(inside) > 5, "the watch sees nothing"
    assert [path for path in run.report["written"] if path not in inside and not by_a_library(run, path)] == []


def test_nothing_is_left(run):
    left = [path for name in ("home", "cwd", "tmp", "temporary") for path in (run.folder / name).rglob("*")]
    assert [path for path in left if not by_a_library(run, str(path))] == []
    assert "Traceback" not in run.log
