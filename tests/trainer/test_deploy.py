"""The Space: its settings, what is uploaded, and that just those files start and serve."""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import httpx
import pytest
import yaml
from gradio_client import Client, handle_file
from huggingface_hub import SpaceHardware

from gender_age.checkpoint import DEFAULT_MODEL
from gender_age.errors import ModelError
from tests.page.server.test_strange_places import AS_USER, folders, is_other_user_possible
from tests.test_imports import modules_imported
from trainer import deploy
from trainer.errors import TrainerError

SPACE_MODULES = ("app", "page", "gender_age")

SERVE = """
import sys
import app
folder, port = sys.argv[1:]
own = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("app", "page", "gender_age")]
strays = [module.__file__ for module in own if not module.__file__.startswith(folder)]
print("strays", strays, "trainer" in sys.modules, "datasets" in sys.modules, flush=True)
sys.exit(app.main(["--host", "127.0.0.1", "--port", port]))
"""


def front_matter(text):
    return yaml.safe_load(text.split("---\n", 2)[1])


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def space(tiny_model_folder, tmp_path):
    return deploy.deploy_to_folder(tmp_path / "space", str(tiny_model_folder))


def test_front_matter_has_all_that_a_gradio_space_needs():
    front = front_matter((deploy.ROOT / "README.md").read_text("utf-8"))
    requirements = (deploy.ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert (front["sdk"], front["app_file"], front["license"]) == ("gradio", "app.py", "apache-2.0")
    assert f"gradio[mcp]=={front['sdk_version']}" in requirements
    assert isinstance(front["python_version"], str)
    assert front["python_version"].startswith("3.12")
    assert 0 < len(front["short_description"]) <= 60
    assert front["title"]
    assert front["tags"]
    assert front["suggested_hardware"] in [each.value for each in SpaceHardware]
    assert "models" not in front


def test_the_space_holds_the_page_and_its_model_and_nothing_else(space, tiny_model_folder):
    files = files_of(space)
    assert {name.partition("/")[0] for name in files} == {
        "README.md", "LICENSE", "app.py", "requirements.txt", "page", "gender_age", "examples", "model"
    }  # fmt: skip
    model = {f"model/{name}": content for name, content in files_of(tiny_model_folder).items()}
    assert {name: content for name, content in files.items() if name.startswith("model/")} == model
    for name in files.keys() - model.keys() - {"README.md"}:
        assert files[name] == (deploy.ROOT / name).read_bytes()
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyc", ".pt", ".bin"))]


def test_every_module_and_file_that_the_page_names_is_in_the_space(space):
    waiting, seen = ["app.py"], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += local_imports(name)
    assert {"app.py", "page/shared/drawing.py", "gender_age/modeling_gender_age.py", "gender_age/__init__.py"} <= seen
    deployed = files_of(space)
    assert seen <= deployed.keys()
    for folder in ("page", "examples"):
        kept = {name for name in files_of(deploy.ROOT / folder) if "__pycache__" not in name}
        assert {f"{folder}/{name}" for name in kept} == {name for name in deployed if name.startswith(f"{folder}/")}


def local_imports(name):
    """Files of this repository that a file's imports read: modules, and the `__init__.py` of each package above."""
    found = []
    for module in modules_imported(deploy.ROOT / name, deploy.ROOT):
        package, *parts = module.split(".")
        if package not in (*SPACE_MODULES, "trainer"):
            continue
        folders = ["/".join([package, *parts[:depth]]) for depth in range(len(parts) + 1)]
        places = [f"{module.replace('.', '/')}.py", *(f"{folder}/__init__.py" for folder in folders)]
        found += [place for place in places if (deploy.ROOT / place).is_file()]
    return found


def test_all_that_the_readme_shows_and_links_to_is_in_the_default_models_space(tmp_path):
    space = deploy.deploy_to_folder(tmp_path / "space", str(DEFAULT_MODEL))
    readme = (space / "README.md").read_text("utf-8")
    assert readme == (deploy.ROOT / "README.md").read_text("utf-8")
    places = {place.partition("#")[0] for place in re.findall(r"\]\(([^)\s]+)\)", readme) if "://" not in place}
    assert any(place.endswith(".png") for place in places)
    assert any(place.endswith(".md") for place in places)
    assert {place for place in places if place} <= files_of(space).keys()


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("page/photo/tab.py", True),
        ("page/old.py", True),
        ("page/photo/photo.css", True),
        ("page/photo/notes.md", False),
        ("gender_age/mtcnn.safetensors", True),
        ("gender_age/deep/module.py", False),
        ("model/model.safetensors", True),
        ("model/deep/model.safetensors", False),
        ("my_page/tab.py", False),
    ],
)
def test_patterns_keep_to_their_folder(name, belongs):
    assert deploy.belongs_to_space(name) == belongs


def test_deploying_again_replaces_only_a_space(space, tiny_model_folder):
    (space / "page" / "__pycache__").mkdir()
    (space / "page" / "__pycache__" / "cards.cpython-312.pyc").touch()
    (space / "page" / "old.py").touch()
    before = files_of(space)
    deploy.deploy_to_folder(space, str(tiny_model_folder))
    assert before.keys() - files_of(space).keys() == {"page/old.py", "page/__pycache__/cards.cpython-312.pyc"}
    assert sorted(path.name for path in space.parent.iterdir()) == ["space"]

    (space / ".git").mkdir()
    (space / ".git" / "config").touch()
    with pytest.raises(TrainerError, match=r"\.git/config"):
        deploy.deploy_to_folder(space, str(tiny_model_folder))
    assert (space / ".git" / "config").exists()


def test_another_project_is_not_replaced(tiny_model_folder, tmp_path):
    (tmp_path / "other").mkdir()
    for name in ("README.md", "app.py"):
        (tmp_path / "other" / name).write_text("theirs")
    for folder in (tmp_path / "other", tmp_path / "other" / "app.py"):
        with pytest.raises(TrainerError, match="not replaced"):
            deploy.deploy_to_folder(folder, str(tiny_model_folder))
    assert files_of(tmp_path / "other") == {"README.md": b"theirs", "app.py": b"theirs"}


def test_a_model_that_cannot_be_used_is_not_deployed(tiny_model_folder, tmp_path):
    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / "broken").mkdir(exist_ok=True)
        (tmp_path / "broken" / name).write_bytes((tiny_model_folder / name).read_bytes())
    with pytest.raises(ModelError, match="safetensors"):
        deploy.deploy_to_folder(tmp_path / "space", str(tmp_path / "broken"))
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


def test_a_hub_out_of_reach_is_a_sentence(tiny_model_folder):
    parser = argparse.ArgumentParser()
    deploy.add_arguments(parser)
    with pytest.raises(TrainerError, match="nothing was published"):  # the tests' environment is offline
        deploy.main(parser.parse_args(["--to", "user/space", "--model", str(tiny_model_folder)]))
    with pytest.raises(TrainerError, match="no name a Hub Space can have"):
        deploy.main(parser.parse_args(["--to", "user/space/more", "--model", str(tiny_model_folder)]))


def serve_and_ask(python, space, tmp_path):
    """Starts the page from `space` alone and asks it about one of its examples; returns the answer.

    Where root runs the tests, the page is another user's. It has no home, and only temporary files can be written.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = files_of(space)
    with tempfile.TemporaryDirectory() as base, open(tmp_path / "log", "w") as log:
        Path(base).chmod(0o1777)
        environment = {"PATH": os.environ["PATH"], "TMPDIR": base, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        page = subprocess.Popen(
            [*(AS_USER if is_other_user_possible() else []), str(python), "-c", SERVE, str(space), str(port)],
            cwd=space,
            env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            umask=0o777,
        )
        try:
            for _ in range(1200):
                assert page.poll() is None, (tmp_path / "log").read_text()
                try:
                    httpx.get(f"http://127.0.0.1:{port}/config")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            client = Client(f"http://127.0.0.1:{port}", verbose=False)
            answer = client.predict(handle_file(str(space / "examples" / "hopper.jpg")), api_name="/predict")
        finally:
            page.terminate()
            status = page.wait(60)
        assert (status, folders(Path(base))) == (0, [])
    assert files_of(space) == before
    printed = (tmp_path / "log").read_text()
    assert "strays [] False False" in printed
    assert "Traceback" not in printed
    assert "weights" not in printed
    return answer


def test_just_those_files_start_and_serve(space, tmp_path):
    answer = serve_and_ask(sys.executable, space, tmp_path)
    assert answer["error"] is None
    assert len(answer["faces"]) == 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_just_those_files_serve_in_an_environment_made_from_their_requirements(space, tmp_path):
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", space / "requirements.txt"], check=True)
    assert len(serve_and_ask(python, space, tmp_path)["faces"]) == 1
