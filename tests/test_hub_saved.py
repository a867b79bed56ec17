"""What a stranger saves and pushes with transformers' own methods is a repository that the next stranger can load."""

from __future__ import annotations

import json
import subprocess
import sys

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
LOAD_EACH = """
for name in names:
    print(json.dumps(load(name)(photo)))
"""
# The next stranger is the same process, as imports take longest; each repository's code is imported anew.
SAVE = (
    ALONE
    + """
from transformers import AutoModel

repo, token, *names = names
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
    + LOAD_EACH
)
LOAD = ALONE + LOAD_EACH


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
    names = ("saved", "saved-model", "user/pipeline", "user/model", "user/pipeline-saved", "user/model-saved")
    faces, *found = run(SAVE, hub.environment(), tmp_path, "user/private", TOKEN, *names)
    assert len(faces) == 1
    for name in names[:2]:
        assert (tmp_path / name / DETECTOR).read_bytes() == (pushed / DETECTOR).read_bytes()
    for name in names[2:]:
        assert hub.files(name)[DETECTOR] == (pushed / DETECTOR).read_bytes()
    assert found == [faces] * len(names)


@pytest.mark.slow
def test_the_detector_is_fetched_once_and_by_the_pipeline_only_which_then_loads_offline(hub, pushed, tmp_path):
    hub.add_repo("user/model", files=pushed)
    environment = hub.environment(home=tmp_path / "home")
    model_only = ALONE + "from transformers import AutoModel\nAutoModel.from_pretrained(*names, trust_remote_code=True)"
    run(model_only, environment, tmp_path, "user/model")
    assert not [path for _, path in hub.requests if DETECTOR in path]
    online, again = run(LOAD, environment, tmp_path, "user/model", "user/model")
    assert again == online
    assert len([method for method, path in hub.requests if DETECTOR in path and method == "GET"]) == 1
    before = len(hub.requests)
    assert run(LOAD, environment | {"HF_HUB_OFFLINE": "1"}, tmp_path, "user/model") == [online]
    assert len(hub.requests) == before


@pytest.mark.slow
def test_a_repository_without_the_detector_is_a_sentence(hub, pushed, tmp_path):
    files = {path.name: path.read_bytes() for path in pushed.iterdir() if path.name != DETECTOR}
    hub.add_repo("user/model", files=files)
    with pytest.raises(
        AssertionError, match=r"ModelError: mtcnn\.safetensors of the model user/model cannot be had \("
    ):
        run(LOAD, hub.environment(), tmp_path, "user/model")
