"""What a stranger saves and pushes with transformers' own methods is a repository that the next stranger can load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.conftest import REPOSITORY
from tests.fake_hub.server import TOKEN, HubServer
from trainer.push import push_to_folder

PHOTO = str(REPOSITORY / "examples" / "hopper.jpg")
DETECTOR = "mtcnn.safetensors"
ALONE = """
import sys
sys.modules["gender_age"] = sys.modules["trainer"] = None  # even if they are installed
import json
from transformers import pipeline

photo, *names = sys.argv[1:]
def load(name, **given):
    return pipeline(model=name, trust_remote_code=True, device="cpu", **given)
"""
SAVE = (
    ALONE
    + """
from transformers import AutoModel

(repo, token) = names
pipe = load(repo, token=token)
print(json.dumps(pipe(photo)))
pipe.save_pretrained("saved")
pipe.push_to_hub("user/pipeline", token=token)
pipe.save_pretrained("saved-pushed", push_to_hub=True, repo_id="user/pipeline-saved", token=token)
model = AutoModel.from_pretrained(repo, trust_remote_code=True, token=token)
model.save_pretrained("saved-model")
model.push_to_hub("user/model", token=token)
model.save_pretrained("model-saved-pushed", push_to_hub=True, repo_id="user/model-saved", token=token)
"""
)
LOAD = (
    ALONE
    + """
for name in names:
    print(json.dumps(load(name)(photo)))
"""
)

LOAD_AGAIN = (
    ALONE
    + """
from transformers import AutoModel

AutoModel.from_pretrained("user/bare", trust_remote_code=True)
for _ in range(2):
    print(json.dumps(load("user/model")(photo)))
try:
    load("user/without")(photo)
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
)


@pytest.fixture(scope="module")
def pushed(tiny_model_folder, tmp_path_factory):
    return push_to_folder(tiny_model_folder, tmp_path_factory.mktemp("pushed") / "model")


def run(code: str, environment: dict, folder, *names: str) -> list:
    """What the program prints, a line of JSON each."""
    done = subprocess.run(
        # -I: neither the working directory nor PYTHONPATH is on the path.
        [sys.executable, "-I", "-c", code, PHOTO, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def test_saved_and_pushed_models_load_with_their_detector(hub: HubServer, pushed, tmp_path):
    """From a private repository, whose token is given to `pipeline` alone."""
    hub.add_repo("user/private", files=pushed, private=True)
    (faces,) = run(SAVE, hub.environment(), tmp_path, "user/private", TOKEN)
    assert len(faces) == 1
    names = ("saved", "saved-model", "user/pipeline", "user/model", "user/pipeline-saved", "user/model-saved")
    for name in names[:2]:
        assert (tmp_path / name / DETECTOR).read_bytes() == (pushed / DETECTOR).read_bytes()
    for name in names[2:]:
        assert hub.files(name)[DETECTOR] == (pushed / DETECTOR).read_bytes()
    for found in run(LOAD, hub.environment(), tmp_path, *names):
        assert found == faces


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one stranger's process printed, and the requests for detectors that it made; then the same offline."""

    online: list
    detectors: list[tuple[str, str]]
    offline: list
    requests_offline: int


@pytest.fixture(scope="module")
def loaded(pushed, tmp_path_factory) -> Loaded:
    folder = tmp_path_factory.mktemp("stranger")
    files = {path.name: path.read_bytes() for path in pushed.iterdir()}
    with HubServer() as hub:
        for name in ("user/bare", "user/model"):
            hub.add_repo(name, files=files)
        hub.add_repo("user/without", files={name: data for name, data in files.items() if name != DETECTOR})
        environment = hub.environment(home=folder / "home")
        online = run(LOAD_AGAIN, environment, folder)
        before = len(hub.requests)
        offline = run(LOAD, environment | {"HF_HUB_OFFLINE": "1"}, folder, "user/model")
        detectors = [request for request in hub.requests if DETECTOR in request[1]]
        return Loaded(online, detectors, offline, len(hub.requests) - before)


def test_a_pipeline_that_was_fetched_loads_offline(loaded):
    assert loaded.offline == loaded.online[:1]
    assert loaded.requests_offline == 0


def test_the_detector_is_fetched_once_and_by_the_pipeline_only(loaded):
    assert loaded.online[0] == loaded.online[1]
    assert not [path for _, path in loaded.detectors if "user/bare" in path]
    assert len([method for method, path in loaded.detectors if "user/model" in path and method == "GET"]) == 1


def test_a_repository_without_the_detector_is_a_sentence(loaded):
    kind, sentence = loaded.online[2]
    assert kind == "ModelError"
    assert sentence.startswith("mtcnn.safetensors of the model user/without cannot be had (")
