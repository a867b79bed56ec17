"""`python app.py --model user/repo`, from a Hub on loopback: no remote code, and every failure is a sentence."""

from __future__ import annotations

import hashlib
import json
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from safetensors.torch import load, save

from tests.fake_hub.commands import Commands, start_python
from tests.fake_hub.server import OTHER_TOKEN, TOKEN, HubServer
from trainer.push import push_to_folder

WEIGHTS = "model.safetensors"
# (repository, revision, token, what the sentence says)
FAILURES = {
    "another model type": ("user/bert", None, None, "is of type 'bert', not 'gender_age': give a checkpoint"),
    "a head weight missing": ("user/headless", None, None, "(1 missing: age_head.weight): fetch or train it again"),
    "a pickle only": ("user/pickle", None, None, "no weights in a .safetensors file, the only kind read here"),
    "an unknown name, nobody asking": ("user/none", None, None, "no such model on the Hub: check the name"),
    "an unknown name": ("user/none", None, TOKEN, "no such model on the Hub: check the name"),
    "a private model, nobody asking": ("user/private", None, None, "run `hf auth login` if it is private"),
    "a private model of another user": ("user/private", None, OTHER_TOKEN, "run `hf auth login` if it is private"),
    "a gated model, nobody asking": ("user/gated", None, None, "asks for its terms to be accepted: do so at its page"),
    "a gated model, terms not accepted": ("user/gated", None, OTHER_TOKEN, "asks for its terms to be accepted"),
    "an expired token": ("user/private", None, "hf_expired", "does not know the token"),
    "an unknown revision": ("user/model", "v9", None, "has no revision v9: name one of its branches, tags or commits"),
    "a name that no model can have": ("user name", None, None, "use owner/name"),
}


@pytest.fixture(scope="module")
def mark(tmp_path_factory) -> Path:
    """The file that code of the repositories would write."""
    return tmp_path_factory.mktemp("poison") / "was-run"


@pytest.fixture(scope="module")
def hub(tiny_model_folder, tmp_path_factory, mark):
    """Repositories whose code files are poisoned, most of them unusable in some way."""
    folder = push_to_folder(tiny_model_folder, tmp_path_factory.mktemp("pushed") / "model")
    poison = f"open({str(mark)!r}, 'w').close()\nraise SystemExit('remote code was run')\n".encode()
    good = {path.name: poison if path.suffix == ".py" else path.read_bytes() for path in folder.iterdir()}
    config = json.loads(good["config.json"])
    headless = {name: tensor for name, tensor in load(good[WEIGHTS]).items() if name != "age_head.weight"}
    with HubServer() as hub:
        model = hub.add_repo("user/model", files=good)
        model.tags["v1"] = model.commits[-1].oid
        hub.add_repo("user/private", files=good, private=True)
        hub.add_repo("user/gated", files=good, gated=True)
        hub.add_repo("user/bert", files=good | {"config.json": json.dumps(config | {"model_type": "bert"}).encode()})
        hub.add_repo("user/headless", files=good | {WEIGHTS: save(headless, {"format": "pt"})})
        pickled = {name: content for name, content in good.items() if name != WEIGHTS}
        hub.add_repo("user/pickle", files=pickled | {"pytorch_model.bin": b"a pickle"})
        yield hub


@pytest.fixture(scope="module")
def page(hub):
    with Commands("app", hub.environment()) as page:
        yield page


def is_sentence(done) -> bool:
    """Whether the command failed with one line on stderr, and served nothing."""
    return (done.status, done.stdout, done.stderr.count("\n")) == (1, "", 1) and "Traceback" not in done.stderr


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_is_one_sentence_and_nothing_is_served(page, case):
    repo_id, revision, token, sentence = FAILURES[case]
    done = page.run("--model", repo_id, *(["--revision", revision] if revision else []), token=token)
    assert sentence in done.stderr
    assert is_sentence(done), done


@pytest.mark.parametrize(
    ("repo_id", "revision", "token"),
    [
        ("user/model", None, None),
        ("user/model", "v1", None),
        ("user/private", None, TOKEN),
        ("user/gated", None, TOKEN),
    ],
)
def test_a_model_of_the_hub_is_served_without_its_code(hub, page, mark, repo_id, revision, token):
    done = page.run("--model", repo_id, *(["--revision", revision] if revision else []), token=token)
    assert (done.status, done.stdout) == (0, "served\n"), done.stderr
    assert not mark.exists()
    assert not [path for _, path in hub.requests if path.endswith((".py", ".bin"))]


@pytest.mark.slow
def test_the_command_itself_serves_a_model_of_the_hub(hub, mark):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = hub.environment() | {"GRADIO_SERVER_PORT": ""}  # which gradio alone does not take
    process = start_python(["app.py", "--model", "user/model", "--port", str(port)], environment)
    try:
        for _ in range(2000):
            assert process.poll() is None, "the page has ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/gradio_api/info") as answer:
                    assert "/predict" in json.load(answer)["named_endpoints"]
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        else:
            pytest.fail("the page is not served")
    finally:
        process.kill()
        process.communicate()
    assert not mark.exists()


def test_a_connection_cut_in_the_middle_of_a_file_is_taken_up_again(hub, page):
    hub.add_repo("user/cut", files=hub.files("user/model"))
    fault = hub.cut("GET", f"/cdn/.*/{WEIGHTS}", after=2000)
    done = page.run("--model", "user/cut")
    assert fault.reached.is_set()
    assert (done.status, done.stdout) == (0, "served\n"), done.stderr


def test_a_file_that_the_hub_does_not_give_is_a_sentence(hub, page):
    hub.add_repo("user/broken", files=hub.files("user/model"))
    hub.refuse("GET", f"/cdn/.*/{WEIGHTS}", 500, "Internal error")
    done = page.run("--model", "user/broken")
    assert "could not be fetched" in done.stderr
    assert "try again later" in done.stderr
    assert is_sentence(done), done


@pytest.mark.slow
@pytest.mark.timeout(600)  # three processes, each of which imports the page
def test_what_a_killed_download_leaves_and_what_the_cache_is_good_for(tiny_model_folder, hub, tmp_path):
    files = hub.files("user/model")
    with HubServer() as own:
        own.add_repo("user/model", files=files)
        own.add_repo("user/other", files=files)
        environment = own.environment(home=tmp_path)
        with Commands("app", environment) as page:
            stalled = own.stall("GET", f"/cdn/.*/{WEIGHTS}", after=2000)
            page.start("--model", "user/model")
            assert stalled.reached.wait(200)
            page.kill()
        assert not [path for path in tmp_path.rglob(f"snapshots/*/{WEIGHTS}")]
        whole = {hashlib.sha256(content).hexdigest() for content in files.values()}
        large = [path for path in tmp_path.rglob("blobs/*") if len(path.name) == 64]
        assert {path.name for path in large} <= whole
        assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in large)

        with Commands("app", environment) as page:
            done = page.run("--model", "user/model")
            assert (done.status, done.stdout) == (0, "served\n"), done.stderr
            own.close()
            done = page.run("--model", "user/model")
            assert (done.status, done.stdout) == (0, "served\n"), done.stderr
            done = page.run("--model", "user/other")
            assert "the Hub could not be reached" in done.stderr
            assert is_sentence(done), done

    with Commands("app", environment | {"HF_HUB_OFFLINE": "1"}) as page:
        done = page.run("--model", "user/model")
        assert (done.status, done.stdout) == (0, "served\n"), done.stderr
        done = page.run("--model", "user/other")
        assert "the Hub could not be reached" in done.stderr
        assert is_sentence(done), done
