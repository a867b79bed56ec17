"""One photo through a pipe."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from gender_age import standard_input
from gender_age.__main__ import main
from gender_age.errors import PhotoError
from gender_age.images import open_photo, photo_name, photo_path
from gender_age.standard_input import StandardInput

from .commands import command
from .pictures import encoded, is_upright, picture


@pytest.fixture
def piped(monkeypatch):
    """Puts bytes on standard input."""

    def pipe(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return pipe


def sentence() -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(StandardInput())
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_every_format_comes_through(piped, kind):
    piped(encoded(picture(), kind))
    assert is_upright(open_photo(StandardInput()))


def test_its_name_and_path():
    assert photo_name(StandardInput()) == photo_path(StandardInput()) == "-"


def test_what_is_no_photo_is_called_standard_input(piped, monkeypatch):
    piped(b"Dear all")
    assert sentence().startswith("Standard input is not a photo (it holds text)")
    piped(b"")
    assert sentence().startswith("Standard input is empty")
    piped(encoded(picture(), "PNG")[:90])
    assert sentence().startswith("Standard input is damaged")
    monkeypatch.setattr(standard_input, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(standard_input, "CHUNK", 1000)
    piped(bytes(1_100_000))
    assert sentence().startswith("Standard input cannot be read (it holds more than 1 MB)")
    monkeypatch.setattr("sys.stdin", None)
    assert sentence().startswith("Standard input cannot be read (it is closed)")


def test_it_stands_among_files(commanded, photos, piped, capsys):
    piped(Path("two.png").read_bytes())
    assert main(["none.png", "-", "./=cmd.jpg", "--json", "--csv", "faces.csv"]) == 1
    values = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(value["photo"], value["path"]) for value in values] == [
        ("none.png", "none.png"),
        ("-", "-"),
        ("=cmd.jpg", "./=cmd.jpg"),
    ]
    assert [len(value["faces"]) for value in values] == [0, 2, 0]
    assert Path("faces.csv").read_text().splitlines()[2].startswith("'-,'-,1,")
    piped(b"")
    assert main(["-"]) == 1
    assert "Standard input is empty" in capsys.readouterr().out


def test_a_file_of_that_name_is_read_by_its_path(commanded, photos, capsys):
    os.rename("two.png", "-")
    assert main(["./-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == "./-"


def test_more_than_it_holds_is_a_sentence_and_status_2(commanded, photos, piped, capsys, monkeypatch):
    piped(Path("two.png").read_bytes())
    assert main(["-", "none.png", "-"]) == 2
    assert "holds one photo" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(["-"]) == 2
    assert "which is the keyboard" in capsys.readouterr().err
    assert commanded.asked == []


@pytest.mark.slow
def test_a_real_pipe(photos, tiny_model_folder):
    arguments = ("-", "--whole-image", "--csv", "-", "--model", str(tiny_model_folder))
    piped = subprocess.run(
        **command(*arguments), input=Path("two.png").read_bytes(), capture_output=True, check=True, timeout=300
    )
    assert b"'-,'-,1,0,0,200,120" in piped.stdout
    assert piped.stderr == b""


def test_a_real_file(commanded, photos, monkeypatch, capsys):
    with open("two.png", encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["-", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 2
