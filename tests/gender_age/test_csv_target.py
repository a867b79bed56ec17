"""`--csv`: never over a photo, and to standard output."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from gender_age import csv_target
from gender_age.__main__ import main
from gender_age.csv_target import check_target
from gender_age.errors import UsageError
from gender_age.standard_input import StandardInput


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current one, with photos that are files, links and names of other kinds."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("photo", "photo.jpg", "photo.csv", "other.JPEG", "other.dng"):
        Path(name).write_bytes(b"pixels")
    os.symlink("photo", "link.csv")
    os.symlink("link.csv", "link-of-link.csv")
    os.link("photo", "hard.csv")
    os.symlink("other.JPEG", "photo-of-nobody.csv")
    os.symlink(".", "folder-link")
    os.symlink("nowhere.csv", "broken.csv")
    return tmp_path / "here"


@pytest.mark.parametrize(
    "target",
    [
        "photo", "./photo", "../here/photo", "folder-link/photo", "{here}/photo", "photo.csv", "./photo.csv",
        "link.csv", "link-of-link.csv", "hard.csv", "photo.jpg", "other.JPEG", "other.dng", "new.png", "new.HEIC",
        "photo-of-nobody.csv", "missing.csv", "{here}/missing.csv", "nowhere.csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [str, Path])
def test_no_photo_is_written_over(folder, target, kind):
    photos = [kind(name) for name in ("photo", "photo.csv", "photo.jpg", "missing.csv", "broken.csv")]
    with pytest.raises(UsageError, match="would overwrite a photo"):
        check_target(target.format(here=folder), photos)


@pytest.mark.parametrize("as_photo", ["link.csv", "hard.csv", "folder-link/photo", "link-of-link.csv"])
def test_a_photo_given_by_a_link_is_not_written_over_by_its_name(folder, as_photo):
    with pytest.raises(UsageError, match="would overwrite a photo"):
        check_target("photo", [as_photo])


def test_names_that_differ_in_case_are_one_where_the_disk_says_so(folder, monkeypatch):
    check_target("PHOTO", ["photo"])
    monkeypatch.setattr(os.path, "samefile", lambda a, b: os.path.basename(a).lower() == os.path.basename(b).lower())
    with pytest.raises(UsageError, match="would overwrite a photo"):
        check_target("PHOTO", ["photo"])


def test_the_file_behind_standard_input_is_a_photo(folder, monkeypatch):
    with open("photo") as standard_input:
        monkeypatch.setattr("sys.stdin", standard_input)
        with pytest.raises(UsageError, match="would overwrite a photo"):
            check_target("hard.csv", [StandardInput()])
        check_target("faces.csv", [StandardInput()])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    check_target("hard.csv", [StandardInput()])


def test_everything_else_may_be_written(folder):
    Path("faces.csv").write_text("old")
    for target in ("faces.csv", "faces", "faces.txt", "-", "./-", "/dev/null"):
        check_target(target, ["photo", "", "https://photos.invalid/faces.csv", "null\0byte"])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("", "given no name"),
        (".", "is a folder"),
        ("folder-link", "is a folder"),
        ("missing/faces.csv", "its folder does not exist"),
        ("photo/faces.csv", "its folder does not exist"),
        ("photo", "would overwrite a photo"),
        ("x" * 300, "File name too long"),
        ("null\0byte.csv", "its folder does not exist"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_status_2(commanded, photos, folder, capsys, target, said):
    os.chdir(folder)
    assert main(["photo", "--csv", target]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "--csv" in captured.err
    assert captured.err.count("\n") == 1
    assert Path("photo").read_bytes() == b"pixels"


def test_it_is_refused_before_the_model_is_loaded(commanded, photos, capsys):
    before = Path("two.png").read_bytes()
    os.link("two.png", "faces.csv")
    assert main(["none.png", "two.png", "--csv", "faces.csv"]) == 2
    assert commanded.asked == []
    assert Path("two.png").read_bytes() == before


def test_standard_output_holds_the_same_bytes_as_a_file(commanded, photos, capfdbinary):
    assert main([*photos, "--csv", "faces.csv"]) == 1
    capfdbinary.readouterr()
    assert main([*photos, "--csv", "-"]) == 1
    captured = capfdbinary.readouterr()
    assert captured.out == Path("faces.csv").read_bytes()
    assert captured.err == b""
    assert len(list(csv.reader(io.StringIO(captured.out.decode())))) == 7
    assert not Path("-").exists()


def test_standard_output_holds_one_table(commanded, photos, capsys):
    assert main([photos[0], "--csv", "-", "--json"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert "both print to standard output" in captured.err
    assert main([photos[0], "--csv", "./-", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 2
    assert Path("-").read_text().startswith("path,photo,face,")


def test_a_stream_that_knows_no_encoding_takes_the_table(monkeypatch):
    out = io.StringIO(newline="")
    monkeypatch.setattr("sys.stdout", out)
    with csv_target.open_target("-") as file:
        file.write("path\r\n")
    assert out.getvalue() == "path\r\n"


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="there are no descriptors by name")
def test_a_pipe_by_its_descriptor_takes_the_table(commanded, photos):
    """As a shell names it for `--csv >(gzip > faces.csv.gz)`; its resolved path is `pipe:[123]`, which is no place."""
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8", newline="") as file:
        check_target(f"/dev/fd/{write}", [])
        assert main([*photos, "--csv", f"/dev/fd/{write}"]) == 1
        os.close(write)
        assert len(list(csv.reader(file))) == 7
