"""`python -m gender_age` on videos: lines, tables, files, and what it refuses to write over."""

import csv
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from gender_age import video_command, video_formats
from gender_age.__main__ import main
from gender_age.video_command import CropWriter
from gender_age.video_reader import VideoReader
from gender_age.video_writers import FRAME_COLUMNS, PEOPLE_COLUMNS
from tests import fakes

from .clips import Actor, frame_at, still, write_clip

PERSON = [Actor(fakes.noise((64, 36)), still(0.5, height=1.0))]
"""Fills the frame: wherever the detector finds a face, it looks like something."""


@pytest.fixture
def folder(commanded, tmp_path, monkeypatch) -> Path:
    """The current one, with a clip, a photo and an animation; two faces are found in each of their frames."""
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", PERSON, seconds=1, rate=5)
    fakes.noise((200, 120)).save("photo.png")
    frames = [frame_at(PERSON, 0, (160, 90)), Image.new("RGB", (160, 90))]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:] * 3, duration=200)
    return tmp_path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_json_is_a_line_each_in_the_order_of_the_command(folder, capsys):
    assert main(["photo.png", "clip.mp4", "none.mp4", "photo.png", "--json"]) == 1
    photo, video, missing, again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert photo == again
    assert len(photo["faces"]) == 2
    assert list(video) == ["video", "path", "width", "height", "duration", "people", "error"]
    assert [(person["first"], person["frames"]) for person in video["people"]] == [(0.0, 5)] * 2
    assert missing["people"] == []
    assert "does not exist" in missing["error"]


def test_the_table_has_a_line_a_person(folder, capsys):
    assert main(["photo.png", "clip.mp4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["photo", "photo.png", "photo.png", "clip.mp4", "clip.mp4"]
    assert "0.0-0.8 s, 5 frames" in lines[3]
    assert lines[3].index("(80%)") == lines[1].index("(80%)")


def test_all_files(folder, capsys):
    options = ["--csv", "people.csv", "--frames", "frames.csv", "--crops", "faces/best", "--annotate", "copy.mp4"]
    assert main(["clip.mp4", *options]) == 0
    people, frames = rows_of("people.csv"), rows_of("frames.csv")
    assert list(people[0]) == list(PEOPLE_COLUMNS)
    assert list(frames[0]) == list(FRAME_COLUMNS)
    assert [row["person"] for row in people] == ["1", "2"]
    assert [(row["time"], row["person"]) for row in frames][:3] == [("0.0", "1"), ("0.0", "2"), ("0.2", "1")]
    assert sorted(os.listdir("faces/best")) == ["clip-1.jpg", "clip-2.jpg"]
    assert Image.open("faces/best/clip-1.jpg").size == (32, 32)
    with VideoReader("copy.mp4", 0) as reader:
        assert len(list(reader)) == 5
    assert [name for name in os.listdir() if name.startswith(".")] == []


def test_animations_are_photos_unless_asked_for(folder, capsys):
    main(["moving.gif", "--json"])
    main(["moving.gif", "--json", "--video"])
    main(["moving.gif", "--json", "--annotate", "copy.mp4"])
    keys = [next(iter(json.loads(line))) for line in capsys.readouterr().out.splitlines()]
    assert keys == ["photo", "video", "video"]
    assert Path("copy.mp4").stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--annotate", "clip.mp4"], "would overwrite a video"),
        (["--annotate", "./clip.mp4"], "would overwrite a video"),
        (["--annotate", "link.mp4"], "would overwrite a video"),
        (["--annotate", "hard.mp4"], "would overwrite a video"),
        (["--frames", "hard.csv"], "would overwrite a video"),
        (["--csv", "link.csv"], "would overwrite a video"),
        (["--csv", "new.mov"], "would overwrite a video"),
        (["--frames", "photo.png"], "would overwrite a photo"),
        (["--annotate", "copy.txt"], "ends in .mp4"),
        (["--annotate", "-"], "cannot be printed"),
        (["--frames", "-"], "cannot be printed"),
        (["--annotate", "missing/copy.mp4"], "folder does not exist"),
        (["--frames", "same.csv", "--csv", "./same.csv"], "name one file"),
        (["--frames", "hard-1.csv", "--csv", "hard-2.csv"], "--csv and --frames name one file"),
        (["--csv", "new", "--crops", "new"], "--crops new names the file of --csv, or a folder inside"),
        (["--frames", "new.csv", "--crops", "./new.csv/faces"], "names the file of --frames, or a folder inside"),
        (["--annotate", "new.mp4", "--crops", "new.mp4"], "names the file of --annotate"),
        (["--crops", "photo.png"], "is no folder"),
        (["--crops", "clip.mp4"], "is no folder"),
        (["gone.mp4", "--crops", "gone.mp4"], "is no folder"),
        (["--csv", "new.csv", "--crops", "clip.mp4/faces"], "cannot be written to (Not a directory)"),
        (["--csv", "new.csv", "--crops", "x" * 300], "cannot be written to (File name too long)"),
        (["--whole-image"], "--whole-image is for photos"),
        (["photo.png", "--csv", "a.csv"], "in two commands"),
        (["clip.mp4", "--annotate", "copy.mp4"], "2 are named"),
    ],
)
def test_what_is_refused_before_anything_is_done(folder, commanded, capsys, options, sentence):
    os.link("clip.mp4", "hard.mp4")
    os.link("clip.mp4", "hard.csv")
    os.symlink("clip.mp4", "link.mp4")
    os.symlink("clip.mp4", "link.csv")
    Path("hard-1.csv").write_text("old")
    os.link("hard-1.csv", "hard-2.csv")
    names, before = sorted(os.listdir()), Path("clip.mp4").read_bytes()
    assert main(["clip.mp4", *options]) == 2
    assert sentence in capsys.readouterr().err
    assert Path("clip.mp4").read_bytes() == before
    assert sorted(os.listdir()) == names
    assert Path("hard-1.csv").read_text() == "old"
    assert commanded.asked == []


@pytest.mark.parametrize("option", ["--frames", "--crops"])
def test_photos_alone_have_neither_frames_nor_people(folder, commanded, capsys, option):
    assert main(["photo.png", "moving.gif", option, "new"]) == 2
    assert f"{option} is for videos, and none is named: name one" in capsys.readouterr().err
    assert not os.path.exists("new")
    assert commanded.asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder of Linux in which nobody can make a file")
@pytest.mark.parametrize(
    ("option", "place", "sentence"),
    [
        ("--annotate", "/proc/copy.mp4", "/proc/copy.mp4 cannot be written (No such file or directory)"),
        ("--crops", "/proc/self", "/proc/self cannot be written to (No such file or directory)"),
        ("--crops", "/proc/faces", "/proc/faces cannot be written to (No such file or directory)"),
        ("--frames", "/proc/frames.csv", "/proc/frames.csv cannot be written (No such file or directory)"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_analysis(folder, commanded, capsys, option, place, sentence):
    Path("people.csv").write_text("old")
    assert main(["clip.mp4", "--csv", "people.csv", option, place]) == 2
    assert sentence in capsys.readouterr().err
    assert Path("people.csv").read_text() == "old"
    assert commanded.asked == []


def test_crops_take_other_names_than_those_of_inputs(folder, capsys):
    os.makedirs("faces")
    os.rename("photo.png", "faces/clip-1.jpg")
    before = Path("faces/clip-1.jpg").read_bytes()
    main(["clip.mp4", "faces/clip-1.jpg", "--crops", "faces"])
    assert Path("faces/clip-1.jpg").read_bytes() == before
    assert sorted(os.listdir("faces")) == ["clip-1-2.jpg", "clip-1.jpg", "clip-2.jpg"]


def test_crops_overwrite_no_file_that_is_there(folder, capsys):
    os.makedirs("faces")
    Path("faces/clip-1.jpg").write_bytes(b"a photo")
    os.symlink("nowhere", "faces/clip-2.jpg")
    for _ in range(2):
        assert main(["clip.mp4", "--crops", "faces"]) == 0
    assert Path("faces/clip-1.jpg").read_bytes() == b"a photo"
    names = [f"clip-{person}{run}.jpg" for person in (1, 2) for run in ("", "-2", "-3")]
    assert sorted(os.listdir("faces")) == sorted(names)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("09.41\u202fAM", "09.41\u202fAM"),
        ('a:b?"c"', "a_b__c_"),
        ("caf\udce9\n", "caf__"),
        ("写" * 80, "写" * 66),
    ],
)
def test_crops_are_named_as_the_video_is(tmp_path, name, stem):
    person = SimpleNamespace(crop=Image.new("RGB", (8, 8)))
    CropWriter(tmp_path).add(SimpleNamespace(path=f"videos/{name}.mov", people=[person]))
    assert os.listdir(tmp_path) == [f"{stem}-1.jpg"]


def test_a_link_in_the_place_of_an_output_is_replaced_and_not_followed(folder, capsys):
    os.symlink("photo.png", "copy.mp4.png")
    Path("keep.bin").write_bytes(b"mine")
    os.symlink("keep.bin", "copy.mp4")
    assert main(["clip.mp4", "--annotate", "copy.mp4"]) == 0
    assert Path("keep.bin").read_bytes() == b"mine"
    assert not Path("copy.mp4").is_symlink()


def test_without_the_extra_a_sentence_names_it(folder, monkeypatch, capsys):
    for module in (video_formats, video_command):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    monkeypatch.setattr("gender_age.video_reader.is_installed", lambda: False)
    assert main(["clip.mp4", "photo.png"]) == 1
    assert 'pip install -U "av>=17.1"' in capsys.readouterr().out
    assert main(["clip.mp4", "--annotate", "copy.mp4"]) == 2
    sentence = '--annotate needs the package PyAV from 17.1 on: run pip install -U "av>=17.1" and try again.'
    assert sentence in capsys.readouterr().err


def test_faces_of_lower_scores_are_left_out(folder, capsys):
    main(["clip.mp4", "--json", "--min-score", "0.95"])
    assert len(json.loads(capsys.readouterr().out)["people"]) == 1
