"""Hosts, ports and proxies with which gradio alone does not start, or not know that it has."""

import importlib.util
import os
import socket
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

import app
from page.server.own_address import ask_without_proxy, bracketed, hidden_from_gradio

CANNOT_BE_SERVED = 1


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A plain page, and an environment with a proxy that answers nobody."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name in ("http_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.setenv(name, "")  # so that what is set meanwhile goes afterwards
        monkeypatch.delenv(name)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.Textbox()
        yield demo
        demo.close()


def launch(demo, host):
    return demo.launch(server_name=host, prevent_thread_lock=True, quiet=True)


def test_gradio_asks_its_own_page_through_the_proxy(demo):
    with pytest.raises(httpx.ConnectError):
        launch(demo, "127.0.0.1")


def test_gradio_has_no_address_for_ipv6(demo):
    ask_without_proxy("::1")
    with pytest.raises(httpx.InvalidURL):
        launch(demo, "::1")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_the_page_starts_on_any_host_beside_a_proxy(demo, monkeypatch, host):
    if ":" in host and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    monkeypatch.setenv("NO_PROXY", "photos.invalid")
    ask_without_proxy(host)
    assert "photos.invalid" in os.environ["no_proxy"].split(",")
    _, url, _ = launch(demo, bracketed(host))
    assert httpx.get(url).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("given", "wanted"), [("::1", "[::1]"), ("[::]", "[::]"), ("0.0.0.0", "0.0.0.0"), ("localhost", "localhost")]
)
def test_the_host_of_the_command_line_and_of_the_environment(monkeypatch, given, wanted):
    assert app.parse_arguments(["--host", given]).host == wanted
    monkeypatch.setenv("GRADIO_SERVER_NAME", given)
    assert app.parse_arguments([]).host == wanted


@pytest.mark.parametrize("port", ["0", "-1", "abc", "²"])
@pytest.mark.parametrize("is_option", [True, False])
def test_what_is_no_port_is_a_sentence(monkeypatch, capsys, port, is_option):
    monkeypatch.setenv("GRADIO_SERVER_PORT", "" if is_option else port)
    with pytest.raises(SystemExit) as ended:
        app.parse_arguments([f"--port={port}"] if is_option else [])
    assert ended.value.code == 2
    assert f"argument --port: a port is a number from 1 to 65535, not '{port}'" in capsys.readouterr().err


@pytest.mark.parametrize("error", [httpx.ConnectError("no way"), httpx.InvalidURL("no way")])
def test_an_address_that_cannot_be_asked_is_a_sentence(monkeypatch, capsys, error):
    def launch(*_, **__):
        raise error

    # Without what changes this process for good: its log, gradio, its environment.
    for name in ("bound_log", "wait_for_first_page", "ask_without_proxy", "hide_weight_bars"):
        monkeypatch.setattr(app, name, lambda *_: None)
    monkeypatch.setattr(app, "Janitor", lambda *_: SimpleNamespace(start=lambda: None))
    monkeypatch.setattr(app, "build_demo", lambda _: SimpleNamespace(launch=launch))
    monkeypatch.setattr(app.GenderAgePredictor, "from_pretrained", lambda *_, **__: object())
    assert app.main([]) == CANNOT_BE_SERVED
    assert "The page cannot be served: no way" in capsys.readouterr().err


def test_gradio_ends_at_its_import_over_an_empty_port_unless_it_is_hidden(monkeypatch):
    """tests/test_hub_page.py starts app.py with one."""
    monkeypatch.setenv("GRADIO_SERVER_PORT", "")
    spec = importlib.util.find_spec("gradio.http_server")
    with pytest.raises(ValueError, match="invalid literal for int"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    with hidden_from_gradio():
        spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    assert module.INITIAL_PORT_VALUE == 7860
    assert os.environ["GRADIO_SERVER_PORT"] == ""


@pytest.mark.parametrize("known", ["*", "photos.invalid, *"])
def test_no_proxy_for_any_host_stays_so(monkeypatch, known):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, known)
    ask_without_proxy("0.0.0.0")
    assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == ("*", "*")
