"""Names of photos that are no UTF-8, and names in archives that do not say that they are."""

import json
import sys
import zipfile

import pytest

from tests.trainer.drawn_sources import drawing, run, split_files, write_folder
from trainer.sources.archives import unpack
from trainer.sources.opening import open_source


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


class UnmarkedName(zipfile.ZipInfo):
    """Packed as macOS's Finder does: UTF-8, and nothing says so."""

    def _encodeFilenameFlags(self):
        return self.filename.encode(), self.flag_bits


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(UnmarkedName(name), data)
    return path


def test_an_archive_that_does_not_say_that_its_names_are_utf8(tmp_path):
    table = "file_name,age\nj\u00fcrgen.jpg,31\n".encode()
    photo = "fotos/ju\u0308rgen.jpg"
    source = open_source(zipped(tmp_path / "photos.zip", {"fotos/metadata.csv": table, photo: drawing(1)}))
    assert [(record.file, record.age_min) for record in source.records] == [(photo, 31)]
    assert list(source.read({photo})) == [(photo, drawing(1))]
    folders = zipped(tmp_path / "folders.zip", {"ma\u0308dchen/1.jpg": drawing(1), "jungen\\2.jpg": drawing(2)})
    assert [record.gender for record in open_source(folders).records] == ["male", "female"]
    unpack(folders, tmp_path / "out")
    assert (tmp_path / "out" / "jungen" / "2.jpg").read_bytes() == drawing(2)
    assert (tmp_path / "out" / "ma\u0308dchen" / "1.jpg").exists()
