import json
import os
import subprocess
import sys

import numpy as np
import pytest
from datasets import Image as ImageFeature
from filelock import FileLock

from tests.conftest import REPOSITORY
from tests.trainer.drawn_sources import (
    DrawnFaces,
    chip_name,
    chips,
    drawing,
    run,
)
from trainer.errors import DataError
from trainer.preparation import staging
from trainer.preparation.staging import Staging, locked


def test_a_killed_run_is_continued(source, out):
    killed, finisher = DrawnFaces(dies_after=1), DrawnFaces()
    with pytest.raises(KeyboardInterrupt):
        run(source, out, killed)
    assert not out.exists(), "nothing half-written is in place"
    run(source, out, finisher)
    assert killed.seen == 64
    assert finisher.seen == 36, "what was found before the kill is not looked for again"
    assert sorted(out.parent.iterdir()) == [out], "the work folder is gone"


def test_a_continued_run_gives_the_same_dataset(source, out, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    run(source, out)
    run(source, tmp_path / "at_once")
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "at_once" / path.relative_to(out)).read_bytes()


@pytest.mark.parametrize("cut", [1, 200, 3000])
@pytest.mark.parametrize("name", ["journal.jsonl", "images.bin"])
def test_a_torn_end_is_cut_off(source, out, name, cut, load):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    torn = out.with_name(".utkface.prepare") / name
    os.truncate(torn, torn.stat().st_size - cut)
    finisher = DrawnFaces()
    run(source, out, finisher)
    assert 36 < finisher.seen < 100
    originals = chips()
    for rows in load(out).values():
        for row in rows.cast_column("image", ImageFeature(decode=False)):
            assert row["image"]["bytes"] == originals[row["file"]]


def test_death_while_writing_leaves_nothing_in_place(source, out, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("trainer.preparation.build.render_card", dies)
        with pytest.raises(KeyboardInterrupt):
            run(source, out)
    assert not out.exists()
    detector = DrawnFaces()
    run(source, out, detector)
    assert detector.seen == 0
    assert (out / "README.md").exists()


def test_a_second_run_does_nothing(source, out):
    first, _ = run(source, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    detector = DrawnFaces()
    report, fresh = run(source, out, detector)
    assert (report, fresh, detector.seen) == (first, False, 0)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_leftovers_of_a_run_killed_at_the_very_end_are_removed(source, out):
    run(source, out)
    settings = json.loads((out / "prepare.json").read_text())["settings"]
    work = out.with_name(".utkface.prepare")
    work.mkdir()
    (work / "settings.json").write_text(json.dumps(settings))
    run(source, out)
    assert not work.exists()


def test_a_changed_source_or_setting_is_an_error_until_overwritten(source, out):
    run(source, out)
    with pytest.raises(DataError, match=r"without --limit; choose another folder or use --overwrite"):
        run(source, out, limit=20)
    (source / "UTKFace" / chip_name(200)).write_bytes(drawing(200))
    with pytest.raises(DataError, match="from a source with other content"):
        run(source, out)
    report, fresh = run(source, out, limit=20, overwrite=True)
    assert fresh
    assert sum(report["images"].values()) == 20
    assert sorted(out.parent.iterdir()) == [out]


def test_unfinished_work_of_another_setting_is_an_error_until_dropped(source, out):
    with pytest.raises(KeyboardInterrupt):
        run(source, out, DrawnFaces(dies_after=1))
    with pytest.raises(DataError, match="unfinished preparation without --limit"):
        run(source, out, limit=20)
    detector = DrawnFaces()
    run(source, out, detector, limit=20, overwrite=True)
    assert detector.seen == 20


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_prepare_did_not_make_is_never_replaced(source, out, overwrite):
    out.mkdir(parents=True)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="was not made by `prepare`"):
        run(source, out, overwrite=overwrite)
    assert (out / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_used(source, out):
    out.mkdir(parents=True)
    assert run(source, out)[1]


def test_out_inside_the_source_is_an_error(source):
    with pytest.raises(DataError, match="inside the source"):
        run(source, source / "prepared")


def test_two_at_once_are_an_error(source, out):
    with locked(out.with_name(".utkface.prepare")), pytest.raises(DataError, match="another `prepare`"):
        run(source, out)


def test_a_killed_process_lets_go(tmp_path):
    program = (
        "import pathlib, sys, time\nfrom trainer.preparation.staging import locked\n"
        f"with locked(pathlib.Path({str(tmp_path / 'work')!r})):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="another `prepare` is writing"), locked(tmp_path / "work"):
            pass
        holder.kill()
    with locked(tmp_path / "work"):
        pass


def test_a_lock_file_that_cannot_be_removed_while_it_is_open_does_not_stay(source, out, monkeypatch):
    """As on Windows, where `filelock` removes it after the release."""
    unlink = os.unlink

    class WindowsLock(FileLock):
        def _release(self):
            super()._release()
            unlink(self.lock_file)

    def refused(path, **options):
        if os.path.basename(path) == "lock":
            raise PermissionError(13, "The file is used by another process")
        unlink(path, **options)

    monkeypatch.setattr(staging, "FileLock", WindowsLock)
    monkeypatch.setattr(os, "unlink", refused)
    run(source, out)
    assert sorted(out.parent.iterdir()) == [out]


def test_a_journal_of_another_kind_of_line_is_cut_off(tmp_path):
    first = Staging(tmp_path)
    first.add("a", b"bytes", np.zeros((24, 24), np.uint8), None)
    first.close()
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"unknown": 1}\n[]\n')
    again = Staging(tmp_path)
    assert list(again.entries) == ["a"]
    assert list(again.images(again.usable())) == [b"bytes"]
    again.close()
    assert (tmp_path / "journal.jsonl").read_text().count("\n") == 1
