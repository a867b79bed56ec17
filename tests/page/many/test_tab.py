"""The tab for many photos over a real socket, as a browser speaks to it; the model is a fake."""

import csv
import io
import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import gradio as gr
import httpx
import pyarrow.parquet
import pytest
from gradio_client import Client, handle_file

from gender_age.detection import MIN_SCORE
from gender_age.writers import COLUMNS
from page.many import batch
from page.many import tab as many_tab
from page.shared.settings import STATE_SECONDS
from tests import fakes

from .visitor import FACES, Visitor, serve


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
    assert {block.time_to_live for block in served[1].blocks.values() if isinstance(block, gr.State)} == {STATE_SECONDS}


def test_the_limit_is_in_the_description_for_assistants(served):
    (fn,) = [fn for fn in served[1].fns.values() if fn.name == "predict_batch"]
    assert f"at most {batch.MAX_PHOTOS} in all" in fn.fn.__doc__


def test_uploads_and_downloads_are_deleted(tmp_path, monkeypatch, files):
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))  # as app.py has it: what is unpacked lies there too
    portion = many_tab.predict_portion
    with_strips = lambda *given: [replace(answer, strip=b"faces") for answer in portion(*given)]  # noqa: E731
    monkeypatch.setattr(many_tab, "predict_portion", with_strips)
    demo, url = serve(fakes.FakePredictor(fakes.unless_white(*FACES)), delete_cache=(1, 1))
    try:
        visitor = Visitor(url, demo)
        end = visitor.analyse(*files)
        assert visitor.download(end["many-csv"])
        assert visitor.download({"path": end["photos"][0]["strip"]}) == b"faces"
        assert visitor.download(visitor.open(0, 1)["files"][0])
        Client(url, verbose=False).predict([handle_file(str(files[0]))], api_name="/predict_batch")
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline and any(path.is_file() for path in folder.rglob("*")):
            time.sleep(0.2)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == []
    finally:
        demo.close()
