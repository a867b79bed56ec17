"""The tab for many photos over a real socket, as a browser speaks to it; the model is a fake."""

import csv
import io
import json
import os
import threading
import time
import uuid
import zipfile
from pathlib import Path

import gradio as gr
import httpx
import pyarrow.parquet
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from gender_age.detection import MIN_SCORE
from gender_age.writers import COLUMNS
from page.many import batch
from page.many import tab as many_tab
from page.shared.settings import STATE_SECONDS
from tests import fakes

FACES = (
    fakes.face(box=(5, 10, 25, 40), age=34.6, age_interval=(25.6, 43.6)),
    fakes.face(box=(30, 10, 50, 40), score=0.8, gender="male", uncertain=True, age=100.0, age_interval=(91.0, 109.0)),
)


class Visitor:
    """A browser session: uploads files and triggers the tab's events by the names of their functions."""

    def __init__(self, url, demo):
        self.url, self.demo, self.session = f"{url}gradio_api/", demo, uuid.uuid4().hex
        self.http = httpx.Client(timeout=30)

    def upload(self, *paths):
        files = [("files", (path.name, path.read_bytes())) for path in paths]
        if not files:
            return None
        return [
            {"path": path, "meta": {"_type": "gradio.FileData"}}
            for path in self.http.post(self.url + "upload", files=files).json()
        ]

    def trigger(self, name, *data, event_data=None):
        """The events of one function, to the last."""
        number = next(number for number, fn in self.demo.fns.items() if fn.name == name)
        body = {"fn_index": number, "data": data, "session_hash": self.session, "event_data": event_data}
        if not self.demo.fns[number].queue:
            return [self.http.post(self.url + "run/predict", json=body).raise_for_status().json()]
        self.http.post(self.url + "queue/join", json=body).raise_for_status()
        events = []
        with self.http.stream("GET", self.url + "queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                if line.startswith("data:"):
                    events.append(json.loads(line[5:]))
                    if events[-1]["msg"] == "process_completed":
                        break
        return [event["output"] for event in events if event["msg"] in ("process_generating", "process_completed")]

    def analyse(self, *paths, min_score=MIN_SCORE):
        """Values of the tab's outputs at the end of a run, by their elements' ids, and how often they were shown."""
        self.trigger("start")
        outputs = self.trigger("analyse_files", self.upload(*paths), min_score, None)
        fn = next(fn for fn in self.demo.fns.values() if fn.name == "analyse_files")
        assert outputs[-1]["data"], outputs
        shown = dict(zip((block.elem_id for block in fn.outputs), outputs[-1]["data"], strict=True))
        shown = {name: value.get("value", value) if isinstance(value, dict) else value for name, value in shown.items()}
        return shown | {
            "photos": [json.loads(line) for line in shown["many-table"].get("lines", "").split("\n") if line]
        }

    def open(self, photo, asked):
        """The value of the dialog after a press on a row of this photo."""
        (output,) = self.trigger("show_photo", None, event_data={"photo": photo, "asked": asked})[-1:]
        return output["data"][0]

    def download(self, value):
        return self.http.get(f"{self.url}file={value['path']}").raise_for_status().content


def serve(predictor, **blocks):
    with gr.Blocks(analytics_enabled=False, **blocks) as demo:
        many_tab.build_many_tab(predictor)
    _, url, _ = demo.queue().launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", ssr_mode=False)
    return demo, url


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        predictor = fakes.FakePredictor(fakes.unless_white(*FACES))
        demo, url = serve(predictor)
        yield predictor, demo, url
        demo.close()


@pytest.fixture
def visitor(served):
    predictor, demo, url = served
    predictor.seconds = 0.0
    return Visitor(url, demo)


@pytest.fixture
def files(tmp_path):
    """A photo, a photo without a face, a text, and an archive with a photo in it."""
    Image.new("RGB", (60, 50), "teal").save(tmp_path / "a beach.jpg")
    Image.new("RGB", (60, 50), "white").save(tmp_path / "snow.png")
    (tmp_path / "notes.jpg").write_text("Dear all")
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        packed.write(tmp_path / "a beach.jpg", "=1+1/<b>.jpg")
    return [tmp_path / name for name in ("a beach.jpg", "snow.png", "notes.jpg", "trip.zip")]


def test_a_row_a_face_and_three_downloads(visitor, files, capfd):
    end = visitor.analyse(*files)
    table = end["photos"]
    assert [(photo["name"], photo["folder"]) for photo in table] == [
        ("a beach.jpg", ""),
        ("snow.png", ""),
        ("notes.jpg", ""),
        ("<b>.jpg", "trip.zip › =1+1"),
    ]
    assert [face["age"] for face in table[0]["faces"]] == [34.6, 100.0]
    assert table[1]["problem"] == "No face found"
    assert "holds text" in table[2]["problem"]
    assert "4 faces found in 3 photos" in end["many-status"]
    found = list(csv.reader(io.StringIO(visitor.download(end["many-csv"]).decode("utf-8-sig"))))
    assert found[0] == list(COLUMNS)
    names = ["a beach.jpg"] * 2 + ["snow.png", "notes.jpg"] + ["'=1+1/<b>.jpg"] * 2
    assert [row[1] for row in found[1:]] == names
    assert [row[0] for row in found[1:]] == [""] * 4 + ["'=1+1/<b>.jpg"] * 2, "a path of the server got out"
    photos = json.loads(visitor.download(end["many-json"]))
    assert [photo["photo"] for photo in photos] == ["a beach.jpg", "snow.png", "notes.jpg", "=1+1/<b>.jpg"]
    assert photos[0]["faces"] == [face.to_dict() for face in FACES]
    assert not [photo for photo in photos if "path" in photo]
    parquet = pyarrow.parquet.read_table(io.BytesIO(visitor.download(end["many-parquet"])))
    assert parquet.column("age").to_pylist() == [34.6, 100.0, None, None, 34.6, 100.0]
    assert parquet.column("path").to_pylist() == [None] * 4 + ["=1+1/<b>.jpg"] * 2
    assert Path(end["many-csv"]["path"]).name == "faces.csv"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_faces_below_the_slider_do_not_count(visitor, files):
    end = visitor.analyse(*files, min_score=0.9)
    assert "2 faces found in 3 photos" in end["many-status"]
    faces = [face for photo in end["photos"] for face in photo["faces"]]
    assert [face["age"] for face in faces] == [34.6] * 2


def test_no_files(visitor):
    end = visitor.analyse()
    assert "There are no photos yet" in end["many-status"]


def test_results_come_while_it_runs(visitor, served, files, monkeypatch):
    monkeypatch.setattr(batch, "PORTION_S", 0.1)
    served[0].seconds = 0.2
    visitor.trigger("start")
    outputs = visitor.trigger("analyse_files", visitor.upload(*[files[0]] * 8), MIN_SCORE, None)
    assert 4 <= len(outputs) <= 10


def test_cancel_keeps_what_is_done(visitor, served, files, monkeypatch):
    monkeypatch.setattr(batch, "PORTION_S", 0.2)
    served[0].seconds = 0.1
    begun = time.monotonic()
    timer = threading.Timer(1.0, lambda: visitor.trigger("stop", None))
    timer.start()
    end = visitor.analyse(*[files[0]] * 60)
    timer.join()
    assert time.monotonic() - begun < 3
    num_photos = len(end["photos"])
    assert 2 <= num_photos < 30
    assert f"Stopped after {num_photos} of 60 photos" in end["many-status"]
    assert len(json.loads(visitor.download(end["many-json"]))) == num_photos
    assert "ga-many-charts" in end["many-charts"]


def test_a_row_opens_its_photo_with_boxes(visitor, files):
    visitor.analyse(*files)
    shown = visitor.open(0, 7)
    assert 'data-asked="7"' in shown["html"]
    assert shown["html"].count("<li>") == len(FACES)
    picture = Image.open(io.BytesIO(visitor.download(shown["files"][0])))
    assert max(picture.size) == 480, "it is not drawn as large as a photo is shown"
    assert "No face was found." in visitor.open(1, 8)["html"]
    inside = visitor.open(3, 9)
    assert "=1+1/&lt;b&gt;.jpg" in inside["html"]
    assert visitor.download(inside["files"][0]) == visitor.download(shown["files"][0])


@pytest.mark.parametrize("asked", [2, 4, -1, None, "0", [0], 10**30])
def test_what_cannot_be_opened_gets_a_sentence(visitor, files, asked):
    visitor.analyse(*files)
    shown = visitor.open(asked, 1)
    assert shown["files"] == []
    assert 'role="alert"' in shown["html"]
    assert ("holds text" in shown["html"]) == (asked == 2)


def test_a_photo_that_was_deleted_is_said_to_be_gone(visitor, files):
    visitor.analyse(files[0])
    for path in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("a beach.jpg"):
        path.unlink()
    assert "no longer kept" in visitor.open(0, 1)["html"]


def test_a_new_run_is_not_stopped_by_the_last_cancel(visitor, files):
    visitor.trigger("start")
    visitor.trigger("stop", None)
    assert "Stopped after 0 of 1 photo" in json.dumps(
        visitor.trigger("analyse_files", visitor.upload(files[0]), MIN_SCORE, None)[-1]["data"]
    )
    assert "2 faces found in 1 photo" in visitor.analyse(files[0])["many-status"]


def test_the_buttons_come_back_and_a_broken_run_says_so(visitor, files):
    visitor.trigger("start")
    assert "Try again in a minute" in json.dumps(visitor.trigger("end", None))
    visitor.analyse(files[0])
    assert "Try again" not in json.dumps(visitor.trigger("end", None))


def test_the_end_follows_a_run_however_it_ends_and_waits_for_no_place(served):
    events = served[1].fns.values()
    (run,) = [event for event in events if event.name == "analyse_files"]
    ends = [event for event in events if event.trigger_after == run._id]
    assert [(event.name, event.queue) for event in ends] == [("end", False)] * 2
    kinds = sorted((event.trigger_only_on_success, event.trigger_only_on_failure) for event in ends)
    assert kinds == [(False, False), (False, True)]


def test_predict_batch(served, files, tmp_path):
    client = Client(served[2], verbose=False)
    served[0].seconds = 0.0
    answer = client.predict([handle_file(str(path)) for path in files], api_name="/predict_batch")
    assert [photo["photo"] for photo in answer] == ["a beach.jpg", "snow.png", "notes.jpg", "=1+1/<b>.jpg"]
    assert answer[0] == fakes.photo(photo="a beach.jpg", width=60, height=50, faces=FACES).to_dict()
    assert answer[1]["faces"] == []
    assert answer[1]["error"] is None
    assert "holds text" in answer[2]["error"]
    assert "path" not in answer[3]
    assert client.predict([], api_name="/predict_batch") == []
    answer = client.predict([handle_file(str(files[0]))], min_score=0.9, api_name="/predict_batch")
    assert answer[0]["faces"] == [FACES[0].to_dict()]
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/predict_batch"]


@pytest.mark.parametrize("path", ["/etc/hostname", {"path": "/etc/hostname"}])
def test_files_of_the_server_are_out_of_reach(served, path):
    data = [[path if isinstance(path, str) else path | {"meta": {"_type": "gradio.FileData"}}]]
    posted = httpx.post(f"{served[2]}gradio_api/call/predict_batch", json={"data": data})
    events = httpx.get(f"{served[2]}gradio_api/call/predict_batch/{posted.json()['event_id']}", timeout=30).text
    assert Path("/etc/hostname").read_text().strip() not in events
    assert "event: error" in events or "neither a web address nor a data: address" in events


def test_runs_leave_the_places_of_single_photos(served):
    runs = [fn for fn in served[1].fns.values() if fn.name in ("analyse_files", "predict_batch")]
    assert [(fn.concurrency_id, fn.concurrency_limit) for fn in runs] == [("many", 2)] * 2
    assert [block.time_to_live for block in served[1].blocks.values() if isinstance(block, gr.State)] == [STATE_SECONDS]


def test_the_limit_is_in_the_description_for_assistants(served):
    (fn,) = [fn for fn in served[1].fns.values() if fn.name == "predict_batch"]
    assert f"at most {batch.MAX_PHOTOS} in all" in fn.fn.__doc__


def test_uploads_and_downloads_are_deleted(tmp_path, monkeypatch, files):
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))  # as app.py has it: what is unpacked lies there too
    demo, url = serve(fakes.FakePredictor(fakes.unless_white(*FACES)), delete_cache=(1, 1))
    try:
        visitor = Visitor(url, demo)
        end = visitor.analyse(*files)
        assert visitor.download(end["many-csv"])
        Client(url, verbose=False).predict([handle_file(str(files[0]))], api_name="/predict_batch")
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline and any(path.is_file() for path in folder.rglob("*")):
            time.sleep(0.2)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == []
    finally:
        demo.close()
