"""A video on the page over a real socket; the model is a tiny one, and the detector a fake."""

import csv
import io
import json
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from gender_age.checkpoint import load_checkpoint
from gender_age.errors import VideoError
from gender_age.prediction import GenderAgePredictor
from gender_age.video_reader import VideoReader
from gender_age.video_writers import PEOPLE_COLUMNS
from page.inputs import video_input
from page.many import tab as many_tab
from page.many import video_tab
from page.many.video_html import people_value, video_progress_html
from tests import fakes
from tests.gender_age.clips import Actor, still, write_clip

from .visitor import Visitor, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory, tiny_model_folder):
    found = fakes.if_wide(fakes.detected_face(box=(40, 30, 100, 100)), fakes.detected_face(box=(100, 30, 160, 100)))
    predictor = GenderAgePredictor(*load_checkpoint(tiny_model_folder, device="cpu"), fakes.FakeDetector(found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        demo, url = serve(predictor)
        yield demo, url
        demo.close()


@pytest.fixture
def visitor(served):
    demo, url = served
    return Visitor(url, demo)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    actors = [Actor(fakes.noise((64, 36)), still(0.5, height=1.0))]
    return write_clip(tmp_path_factory.mktemp("clips") / "a party.mp4", actors, seconds=1, size_wh=(320, 180))


def follow(visitor, *paths):
    """Values of the outputs at the end of a run, by their elements' ids."""
    visitor.trigger("start_video")
    (given,) = visitor.upload(*paths) or [None]
    outputs = visitor.trigger("follow_people", given, None)
    fn = next(fn for fn in visitor.demo.fns.values() if fn.name == "follow_people")
    names = (block.elem_id for block in fn.outputs)
    shown = dict(zip(names, outputs[-1]["data"], strict=True))
    return {name: value.get("value", value) if isinstance(value, dict) else value for name, value in shown.items()}


def test_a_table_a_copy_and_two_downloads(visitor, clip, capfd):
    end = follow(visitor, clip)
    assert "2 people found in 1 second" in end["video-status"]
    assert end["video-people"]["html"].count("<tr>") == 3
    assert len(end["video-people"]["files"]) == 2
    assert "<video" in end["video-copy"]["html"]
    copy = Path(end["video-copy"]["files"][0]["path"])
    with VideoReader(copy, 0) as reader:
        assert len(list(reader)) == 10
    rows = list(csv.reader(io.StringIO(visitor.download(end["video-csv"]).decode("utf-8-sig"))))
    assert rows[0] == list(PEOPLE_COLUMNS)
    assert [row[:2] for row in rows[1:]] == [["a party.mp4", "1"], ["a party.mp4", "2"]], "a path of the server"
    value = json.loads(visitor.download(end["video-json"]))
    assert "path" not in value
    assert (value["video"], len(value["people"])) == ("a party.mp4", 2)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_what_is_no_video_is_a_sentence(visitor, tmp_path):
    (tmp_path / "a.mp4").write_text("Dear all")
    assert "“a.mp4” is not a video" in follow(visitor, tmp_path / "a.mp4")["video-status"]
    assert "There is no video yet" in follow(visitor)["video-status"]


def test_limits_of_size_and_length(visitor, clip, monkeypatch):
    monkeypatch.setattr(video_tab, "LONGEST_VIDEO_S", 0.5)
    assert "too long: the limit is 0.5 seconds" in follow(visitor, clip)["video-status"]
    monkeypatch.setattr(video_input, "MAX_VIDEO_BYTES", 1000)
    assert "is too large" in follow(visitor, clip)["video-status"]


def test_a_path_of_the_server_is_no_upload(visitor, clip):
    outputs = visitor.trigger("follow_people", {"path": str(clip), "meta": {"_type": "gradio.FileData"}}, None)
    assert outputs[-1] is None or "error" in outputs[-1] or "no upload" in json.dumps(outputs[-1])


def test_cancel_keeps_nothing(visitor, clip, monkeypatch):
    this = video_tab.VideoRun
    monkeypatch.setattr(video_tab, "VideoRun", lambda: this(cancelled=True))
    end = follow(visitor, clip)
    assert "Stopped" in end["video-status"]
    assert not end["video-copy"] or not end["video-copy"].get("files")


@pytest.fixture
def half_drawn(monkeypatch):
    """Calls a function when the copy is half drawn, with its path."""
    whole = video_tab.annotate

    def patch(function):
        def half(*arguments):
            for number, reader in enumerate(whole(*arguments)):
                if number == 5:
                    function(Path(arguments[2]))
                yield reader

        monkeypatch.setattr(video_tab, "annotate", half)

    return patch


def test_a_copy_that_was_cancelled_is_gone_at_once(visitor, clip, monkeypatch, half_drawn):
    run, paths = video_tab.VideoRun(), []
    monkeypatch.setattr(video_tab, "VideoRun", lambda: run)

    def cancel(path):
        assert path.parent.is_dir()
        path.write_bytes(b"half of it")
        paths.append(path)
        run.cancelled = True

    half_drawn(cancel)
    assert "Stopped" in follow(visitor, clip)["video-status"]
    assert not paths[0].parent.exists()


def test_a_copy_that_fails_is_gone_at_once(visitor, clip, half_drawn):
    paths = []

    def fail(path):
        paths.append(path)
        raise VideoError("“a party.mp4” has vanished.")

    half_drawn(fail)
    assert "has vanished" in follow(visitor, clip)["video-status"]
    assert not paths[0].parent.exists()


def test_without_pyav_there_is_no_such_part(monkeypatch):
    monkeypatch.setattr(many_tab, "is_installed", lambda: False)
    with gr.Blocks(analytics_enabled=False) as demo:
        many_tab.build_many_tab(fakes.FakePredictor())
    assert "many-video" not in {block.elem_id for block in demo.blocks.values()}


def test_names_are_escaped_and_progress_has_an_end():
    person = fakes.person(crop=Image.new("RGB", (8, 8)))
    assert people_value([], [])["html"] == ""
    html = people_value([person], ["a.jpg"])["html"]
    assert 'alt="Face of person 1"' in html
    assert "<small>1 frame</small>" in html
    assert "second 3 of 10" in video_progress_html("Looking for faces", 3.2, 10.0)
    assert "width:100.0%" in video_progress_html("Looking for faces", 12.0, 10.0)


def test_progress_where_nobody_knows_the_length_has_no_end():
    html = video_progress_html("Looking for faces", 3.2, None)
    assert "second 3<" in html
    assert "aria-valuenow" not in html
    assert "width:0.0%" in html
