"""What a stranger gets from the Hub: the folder alone, without this repository."""

import io
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from datasets import Dataset, Features
from datasets import Image as DatasetImage
from PIL import Image

from gender_age.checkpoint import load_checkpoint
from gender_age.errors import PhotoError
from gender_age.pipeline_gender_age import GenderAgePipeline
from gender_age.prediction import GenderAgePredictor
from tests import fakes
from tests.conftest import REPOSITORY
from trainer.push import push_to_folder

EXAMPLES = REPOSITORY / "examples"
STRANGER = """
import json, sys
from PIL import Image
from transformers import AutoModel, pipeline

folder, single, group = sys.argv[1:]
model = AutoModel.from_pretrained(folder, trust_remote_code=True)
pipe = pipeline(model=folder, trust_remote_code=True, device="cpu")
print(json.dumps({
    "repository": "gender_age" in sys.modules,
    "model": [type(model).__name__, str(model.dtype)],
    "task": pipe.task,
    "pipeline": [type(pipe).__name__, str(pipe.model.dtype)],
    "path": pipe(single),
    "image": pipe(Image.open(single)),
    "several": pipe([single, group, single]),
    "whole": pipe(single, whole_image=True),
}))
"""


@pytest.fixture
def pipe(tiny_model_folder) -> GenderAgePipeline:
    model, image_processor = load_checkpoint(tiny_model_folder, device="cpu")
    detector = fakes.FakeDetector(fakes.if_wide(fakes.detected_face(box=(20, 10, 70, 75))))
    return GenderAgePipeline(
        model=model, image_processor=image_processor, task="gender-age", detector=detector, device="cpu"
    )


@pytest.fixture
def photo() -> Image.Image:
    return fakes.noise((150, 100))


def test_a_photo_is_a_list_of_faces_and_several_a_list_of_lists(pipe, photo):
    faces = pipe(photo)
    assert faces == [face.to_dict() for face in pipe.predictor.predict(photo).faces]
    assert pipe([photo, photo.rotate(90, expand=True)]) == [faces, []]
    assert pipe((photo,)) == [faces]
    assert pipe([]) == []
    assert pipe(np.asarray(photo)) == faces


def test_a_column_of_datasets_is_several_photos(pipe, photo):
    column = Dataset.from_dict({"image": [photo, photo]}, features=Features({"image": DatasetImage()}))["image"]
    assert pipe(column) == [pipe(photo)] * 2
    with pytest.raises(PhotoError):
        pipe(b"no photo")


def test_faces_below_a_score_are_left_out(pipe, photo):
    (face,) = pipe(photo, min_score=0.0)
    assert pipe(photo, min_score=face["score"]) == pipe([photo], min_score=face["score"])[0] == [face]
    always = GenderAgePipeline(
        model=pipe.model, image_processor=pipe.image_processor, detector=pipe.predictor.detector, device="cpu",
        min_score=1.0,
    )  # fmt: skip
    assert always(photo) == pipe(photo, min_score=1.0) == []
    with pytest.raises(ValueError, match="min_score is 2"):
        pipe(photo, min_score=2)


def test_a_generator_is_answered_as_a_stream(pipe, photo):
    asked = []
    stream = pipe((asked.append(number) or photo for number in range(3)), batch_size=1)
    assert len(next(stream)) == 1
    assert asked == [0]
    assert len(list(stream)) == 2


def test_the_whole_image_for_a_call_or_for_all_calls(pipe, photo):
    (face,) = pipe(photo, whole_image=True)
    assert face["box"] == [0, 0, 150, 100]
    assert face["score"] is None
    always = GenderAgePipeline(
        model=pipe.model, image_processor=pipe.image_processor, detector=pipe.predictor.detector, device="cpu",
        whole_image=True,
    )  # fmt: skip
    assert always(photo) == [face]
    assert always([photo]) == [[face]]
    assert always(photo, whole_image=False)[0]["box"] == [20, 10, 70, 75]


def test_batch_size_counts_faces_across_photos(pipe, photo, monkeypatch):
    sizes = []
    forward = pipe.model.forward
    monkeypatch.setattr(
        pipe.model, "forward", lambda pixel_values: sizes.append(len(pixel_values)) or forward(pixel_values)
    )
    pipe([photo] * 5, batch_size=2)
    assert sizes == [2, 2, 1]


def test_an_unusable_photo_raises(pipe, photo, tmp_path):
    with pytest.raises(PhotoError, match="none.jpg"):
        pipe(str(tmp_path / "none.jpg"))
    with pytest.raises(PhotoError, match="none.jpg"):
        pipe([photo, str(tmp_path / "none.jpg")])


class Answering(BaseHTTPRequestHandler):
    """A server that has a photo and, at every other address, a page."""

    def do_GET(self):
        content = io.BytesIO(b"<html>no photo</html>")
        if self.path == "/photo.png":
            fakes.noise((150, 100)).save(content, "PNG")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content.getvalue())

    def log_message(self, *_):
        pass


def test_addresses_are_fetched_or_say_why_not(pipe, photo):
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_port}"
        assert pipe(f"{host}/photo.png") == pipe(f"{host}/photo.png", timeout=10) == pipe(photo)
        assert pipe([f"{host}/photo.png"], timeout=10) == [pipe(photo)]
        for given in (f"{host}/none.png", [photo, f"{host}/none.png"]):
            with pytest.raises(PhotoError, match=r"“none.png” cannot be fetched \(the server's answer is no picture\)"):
                pipe(given)
        server.shutdown()
    with pytest.raises(PhotoError, match=r"“photo.png” cannot be fetched \(.+\): check the address, or download"):
        pipe(f"{host}/photo.png")


def test_an_unknown_argument_is_refused(pipe, photo):
    with pytest.raises(TypeError, match="top_k"):
        pipe(photo, top_k=3)


@pytest.mark.slow
def test_a_stranger_gets_the_same_faces_from_the_folder_alone(tiny_model_folder, tmp_path):
    folder = push_to_folder(tiny_model_folder, tmp_path / "stranger")
    (tmp_path / "stranger.py").write_text(STRANGER)
    single, group = str(EXAMPLES / "collins.jpg"), str(EXAMPLES / "group.jpg")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"HF_MODULES_CACHE": str(tmp_path / "modules"), "HF_HUB_OFFLINE": "1"}
    # -I: neither the script's folder nor the working directory is on sys.path, and PYTHONPATH is not read.
    command = [sys.executable, "-I", str(tmp_path / "stranger.py"), str(folder), single, group]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["repository"] is False
    assert answer["model"] == ["GenderAgeModel", "torch.float32"]
    assert (answer["task"], answer["pipeline"]) == ("gender-age", ["GenderAgePipeline", "torch.float32"])
    predictor = GenderAgePredictor.from_pretrained(folder, device="cpu")
    ours = [face.to_dict() for face in predictor.predict(single).faces]
    assert len(ours) == 1
    assert answer["path"] == answer["image"] == json.loads(json.dumps(ours))
    assert [len(faces) for faces in answer["several"]] == [1, 3, 1]
    assert answer["whole"][0]["box"] == [0, 0, 512, 512]
