"""The tab for many photos over a real socket, as a browser speaks to it."""

from __future__ import annotations

import json
import uuid

import gradio as gr
import httpx

from gender_age.detection import MIN_SCORE
from page.many import tab as many_tab
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
