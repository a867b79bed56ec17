"""The page's command line: which model, where it is served, and what is said when it cannot be."""

import socket
from pathlib import Path

import gradio as gr
import pytest

import app
from gender_age.prediction import DEFAULT_MODEL, GenderAgePredictor


def test_default_model_does_not_depend_on_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENDER_AGE_MODEL", raising=False)
    assert app.parse_arguments([]).model == DEFAULT_MODEL == Path(app.__file__).resolve().parent / "model"


def test_model_of_the_environment_and_of_the_command_line(monkeypatch):
    monkeypatch.setenv("GENDER_AGE_MODEL", "someone/model")
    assert app.parse_arguments([]).model == "someone/model"
    arguments = app.parse_arguments(
        ["--model", "other", "--revision", "v1", "--host", "0.0.0.0", "--port", "80", "--device", "cpu"]
    )
    given = {"model": "other", "revision": "v1", "device": "cpu", "host": "0.0.0.0", "port": 80}
    assert vars(arguments) == given


def test_the_revision_of_the_environment_goes_with_its_model(monkeypatch):
    monkeypatch.setenv("GENDER_AGE_MODEL", "someone/model")
    monkeypatch.setenv("GENDER_AGE_REVISION", "v1")
    assert app.parse_arguments([]).revision == "v1"
    assert app.parse_arguments(["--revision", "v2"]).revision == "v2"
    assert app.parse_arguments(["--model", "other"]).revision is None
    monkeypatch.setenv("GENDER_AGE_REVISION", "")
    assert app.parse_arguments([]).revision is None


@pytest.mark.parametrize("model", ["", None])
def test_a_revision_of_the_environment_without_a_model_is_not_the_defaults(monkeypatch, model):
    monkeypatch.setenv("GENDER_AGE_MODEL", model or "")
    if model is None:
        monkeypatch.delenv("GENDER_AGE_MODEL")
    monkeypatch.setenv("GENDER_AGE_REVISION", "v1")
    arguments = app.parse_arguments([])
    assert (arguments.model, arguments.revision) == (DEFAULT_MODEL, None)


def test_a_model_that_cannot_be_loaded_ends_before_serving(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gr.Blocks, "launch", lambda *_, **__: pytest.fail("served without a model"))
    assert app.main(["--model", str(tmp_path)]) != 0
    assert tmp_path.name in capsys.readouterr().err


def launched(monkeypatch, *arguments):
    """`app.main` with a fake model; the options that launch got."""
    seen = {}
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *_, **__: object())
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **options: seen.update(options))
    assert app.main(arguments) == 0
    return seen


def test_host_and_port_are_left_to_gradios_environment_unless_given(monkeypatch):
    options = launched(monkeypatch)
    assert options["server_name"] is None
    assert options["server_port"] is None
    options = launched(monkeypatch, "--host", "0.0.0.0", "--port", "8000")
    assert (options["server_name"], options["server_port"]) == ("0.0.0.0", 8000)
    assert options["max_file_size"] == "200mb"
    assert options["run_history"] is False


@pytest.mark.parametrize("given_by", ["option", "environment"])
def test_a_port_in_use_is_a_sentence(monkeypatch, capsys, given_by):
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *_, **__: object())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("GRADIO_SERVER_PORT", port if given_by == "environment" else "")
        assert app.main(["--host", "127.0.0.1", *(["--port", port] if given_by == "option" else [])]) == 1
    assert "cannot be served" in capsys.readouterr().err


def test_a_port_that_does_not_exist_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *_, **__: object())
    assert app.main(["--host", "127.0.0.1", "--port", "99999"]) == 1
    assert "cannot be served" in capsys.readouterr().err
