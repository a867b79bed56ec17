"""What is asked of the Hub for a new repository."""

import pytest
from huggingface_hub import HfApi, constants

from tests.fake_hub.server import TOKEN, HubServer
from trainer import deploy
from trainer.__main__ import main
from trainer.publishing.hub import publish


@pytest.mark.parametrize("hardware", [None, "zero-a10g"])
def test_a_new_space_gets_the_hardware_that_it_is_published_with(hardware, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    (tmp_path / "README.md").write_text("---\nsdk: gradio\n---\n# Page\n")
    options = {"kind": "space", "message": "page", "is_stale": lambda name: False}
    with HubServer() as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        for each in (hardware, "cpu-upgrade"):  # the second time it is there, and keeps what it has
            publish("user/space", {"README.md": tmp_path / "README.md"}, hardware=each, api=api, **options)
        assert hub.repo("user/space", "space").hardware == hardware


def test_deploy_passes_the_hardware_on(monkeypatch):
    seen = {}
    monkeypatch.setattr(deploy, "write_space", lambda folder, *_: (folder / "README.md").write_text("---\n---\n"))
    monkeypatch.setattr(deploy, "publish", lambda space_id, files, **options: seen.update(options))
    assert main(["deploy", "--to", "user/space", "--hardware", "zero-a10g"]) == 0
    assert seen["hardware"] == "zero-a10g"
