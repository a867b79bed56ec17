"""A prepared dataset on the Hub and back, with the real clients against the loopback Hub."""

import argparse
import subprocess
import sys

import pytest

from tests.fake_hub.server import TOKEN, HubServer
from trainer import prepare as command
from trainer.errors import TrainerError
from trainer.publishing import dataset as dataset_push

from .test_prepare import chips, run, write_folder

# One process for all of it: importing the clients takes longest.
ROUND_TRIP = """
import sys
from huggingface_hub import HfApi
from trainer.__main__ import main
from trainer.errors import DataError
from trainer.evaluate import load_sources
from trainer.faces.loading import load_split

source, out = sys.argv[1:]
for _ in range(3):
    print("exit", main(["prepare", source, out, "--push-to-hub", "user/utkface"]))
revision = HfApi().dataset_info("user/utkface").sha
print("rows", len(load_split(["user/utkface"], "train")), len(load_split([f"user/utkface@{revision}"], "validation")))
print("test", {name: len(rows) for name, rows in load_sources([f"user/utkface@{revision}"], "test").items()})
for missing in ("user/utkface@v9", "user/nothing"):
    try:
        load_split([missing], "train")
    except DataError as error:
        print(f"said: {error}")
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A source and the dataset made of it."""
    folder = tmp_path_factory.mktemp("prepared")
    source = write_folder(folder / "source", chips(60))
    report, fresh = run(source, folder / "out")
    assert fresh
    return source, folder / "out", report


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_publishing_is_one_commit_and_the_hub_gives_the_dataset_back(prepared):
    source, out, report = prepared
    with HubServer() as hub:
        stale = {"data/train-00001-of-00002.parquet": b"of an earlier dataset", "notes.md": b"the owner's"}
        hub.add_repo("user/utkface", "dataset", stale)
        before = len(hub.commits("user/utkface", "dataset"))
        hub.refuse("POST", "/api/datasets/user/utkface/commit/", 400, "Not now", times=1)
        done = subprocess.run(
            [sys.executable, "-c", ROUND_TRIP, str(source), str(out)],
            env=hub.environment(token=TOKEN),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith(("exit", "rows", "test", "said"))]
        images = report["images"]
        assert lines[:5] == [
            "exit 1",
            "exit 0",
            "exit 0",
            f"rows {images['train']} {images['validation']}",
            f"test {{'utkface': {images['test']}}}",
        ], done.stderr[-3000:]
        assert "The Hub refused the upload to user/utkface: " in done.stderr
        assert [line.split(":")[1].split()[-1] for line in lines[5:]] == ["user/utkface@v9", "user/nothing"]
        assert len(hub.commits("user/utkface", "dataset")) == before + 1
        assert hub.files("user/utkface", type="dataset") == files_of(out) | {"notes.md": b"the owner's"}
        assert hub.repo("user/utkface", "dataset").gated
        assert not hub.repo("user/utkface", "dataset").private
        # The refused attempt had asked for the gate already; later ones leave the owner's choice alone.
        asked = [path for method, path in hub.requests if method == "PUT" and path.endswith("/settings")]
        assert len(asked) == 2


class RecordingHub:
    """Stands where the client does and notes what it is told, in order."""

    def __init__(self):
        self.told = []

    def create_repo(self, repo_id, repo_type, private, exist_ok):
        self.told.append(("create", repo_id, repo_type, private))

    def list_repo_files(self, repo_id, repo_type):
        return [".gitattributes"]

    def update_repo_settings(self, repo_id, repo_type, gated):
        self.told.append(("gate", gated))

    def create_commit(self, repo_id, repo_type, operations, commit_message):
        self.told.append(("commit", sorted(each.path_in_repo for each in operations)))
        return argparse.Namespace(commit_url="https://hub.invalid/commit/1")


def test_only_what_prepare_wrote_is_published_and_the_gate_comes_first(prepared, tmp_path):
    _, out, _ = prepared
    for name, content in files_of(out).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "data" / "notes.txt").touch()
    (tmp_path / ".DS_Store").touch()
    hub = RecordingHub()
    assert dataset_push.push_dataset(tmp_path, "user/faces", private=True, api=hub).endswith("/commit/1")
    assert hub.told == [
        ("create", "user/faces", "dataset", True),
        ("gate", "manual"),
        ("commit", sorted(files_of(out))),
    ]


def arguments(*given):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(each) for each in given])


def test_a_name_no_dataset_can_have_is_told_before_the_work(tmp_path):
    with pytest.raises(TrainerError, match="no name a Hub dataset can have"):
        command.main(arguments(tmp_path / "none", tmp_path / "out", "--push-to-hub", "user/utkface/more"))


def test_a_hub_out_of_reach_leaves_the_dataset_and_says_so(prepared, capsys):
    source, out, _ = prepared
    before = files_of(out)
    with pytest.raises(TrainerError, match="nothing was published"):  # the tests' environment is offline
        command.main(arguments(source, out, "--push-to-hub", "user/utkface"))
    assert "already prepared" in capsys.readouterr().out
    assert files_of(out) == before
