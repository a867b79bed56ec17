"""Photos whose names hold bytes that are no UTF-8: read by these names, told as the tables of faces tell them."""

import json
import sys

import pytest

from tests.trainer.drawn_sources import drawing, run, split_files, write_folder


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_utf8(tmp_path, out, load):
    files = {f"{gender}/J\udcfcrgen{n}.png": drawing(n) for n, gender in enumerate(("male", "female") * 6)}
    files["female/K\udcfcche.png"] = b"no picture"
    report, _ = run(write_folder(tmp_path / "photos", files, prefix=""), out)
    kept = sorted(rf"{'fe' if n % 2 else ''}male/J\udcfcrgen{n}.png" for n in range(12) if n % 10)
    assert sorted(name for names in split_files(out).values() for name in names) == kept
    assert sorted(row["file"] for rows in load(out).values() for row in rows) == kept
    assert json.loads((out / "prepare.json").read_text("utf-8")) == report
    assert report["skipped"]["not a readable image"] == [r"female/K\udcfcche.png"]
    assert r"`female/K\udcfcche.png`" in (out / "README.md").read_text("utf-8")


def test_words_of_a_jsonl_that_are_no_utf8(tmp_path, out):
    rows = [rf'{{"file_name": "{n}.png", "age": {n}, "person": "A\ud83d", "note": "\ud83d"}}' for n in range(1, 4)]
    rows.append(r'{"file_name": "4.png", "age": "young \ud83d"}')
    files = {f"{n}.png": drawing(n) for n in range(1, 5)} | {"metadata.jsonl": "\n".join(rows).encode()}
    source = write_folder(tmp_path / "photos", files, prefix="")
    report, fresh = run(source, out)
    assert (fresh, report["people"]) == (True, 1)
    assert run(source, out) == (report, False)
