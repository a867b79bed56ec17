"""Files outside the folder for uploads are out of reach of every route, and nothing is fetched from this machine."""

from __future__ import annotations

import os
import socket
import threading
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.page.many.visitor import Visitor

from .inputs import saved
from .pages import given

SECRET = "nobody may read this"


@pytest.fixture
def secret(tmp_path):
    """A file outside the folder for uploads."""
    path = tmp_path / "secret.jpg"
    path.write_text(SECRET)
    return path


def raw_get(page, path: str) -> httpx.Response:
    """The answer to a path as it is, without a client that tidies `..` away."""
    url = httpx.URL(page.url)
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {url.host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return httpx.Response(int(head.split()[1]), content=body)


def uploaded(page) -> str:
    return page.caller.upload("a.png", saved("PNG")).json()[0]


def test_an_upload_itself_is_served(served):
    """Otherwise the refusals below would say nothing."""
    answer = raw_get(served, f"/gradio_api/file={uploaded(served)}")
    assert answer.status_code == 200
    assert saved("PNG") in answer.content


@pytest.mark.parametrize(
    ("asked", "status"),
    [(b"0-1,3-4", 200), (b",".join([b"0-1"] * 5000), 200), (b"\xb2-\xb3", 200), (b"-3", 206), (b"1-4", 206)],
)
def test_parts_of_an_upload(served, asked, status):
    """Only one at once; who asks for several, or for none that there can be, gets the whole."""
    url = f"{served.url}gradio_api/file={uploaded(served)}"
    answer = httpx.get(url, headers=[(b"Range", b"bytes=" + asked)])
    assert answer.status_code == status
    assert (answer.content == saved("PNG")) == (status == 200)


ROUTES = ("/gradio_api/file=", "/gradio_api/file/", "/file=", "/static/", "/assets/", "/svelte/", "/gradio_api/proxy=")


@pytest.mark.parametrize("route", ROUTES)
def test_paths_of_the_server(served, secret, route):
    up = "../" * 12
    folder = os.path.dirname(uploaded(served))
    paths = [
        str(secret),
        f"/{secret}",
        f"file://{secret}",
        f"{up}{str(secret)[1:]}",
        f"{folder}/{up}{str(secret)[1:]}",
        f"{folder}/..%2f{quote(up + str(secret)[1:], safe='')}",
        quote(f"{folder}/{up}{str(secret)[1:]}", safe=""),
        quote(quote(f"{folder}/{up}{str(secret)[1:]}", safe=""), safe=""),
        f"{secret}%00.png",
        str(secret).upper(),
        "/proc/self/environ",
        "/etc/passwd",
        f"{REPOSITORY}/app.py",
        "app.py",
        "model/config.json",
        f"{REPOSITORY}/model/model.safetensors",
    ]
    for path in paths:
        answer = raw_get(served, route + path)
        assert answer.status_code != 200 or b"<!doctype html>" in answer.content[:200].lower(), path
        for text in (SECRET, "root:", "GRADIO_TEMP_DIR", "def build_demo", "model_type"):
            assert text.encode() not in answer.content, path


def test_a_link_in_the_folder_does_not_lead_out(served, secret):
    link = served.temporary / "link.jpg"
    link.symlink_to(secret)
    try:
        assert raw_get(served, f"/gradio_api/file={link}").status_code == 403
        event, answer = served.caller.call("predict", [given(str(link))])
        assert event == "error"
        assert SECRET not in str(answer)
    finally:
        link.unlink()


@pytest.mark.parametrize(
    "other", [{}, {"is_stream": True}, {"url": "/gradio_api/file=x"}, {"orig_name": "a.jpg", "mime_type": "image/jpeg"}]
)
def test_a_call_cannot_name_a_file_of_the_server(served, secret, other):
    """What is at stake: `/predict` would say “holds text”, or the size of a picture, of any file."""
    for endpoint, value in (("predict", given(str(secret), **other)), ("predict_batch", [given(str(secret), **other)])):
        event, answer = served.caller.call(endpoint, [value])
        assert event == "error"
        assert "holds text" not in str(answer)


def test_a_string_is_not_a_path(served, secret):
    for endpoint, value in (("predict", str(secret)), ("predict_batch", [str(secret)])):
        _, answer = served.caller.call(endpoint, [value])
        assert "holds text" not in str(answer)
        assert str(secret) not in str(answer)


@pytest.fixture
def internal():
    """A service on this machine; the connections that it got."""
    came, service = [], socket.create_server(("127.0.0.1", 0))
    service.settimeout(0.2)
    is_over = threading.Event()

    def listen():
        while not is_over.is_set():
            try:
                connection, _ = service.accept()
            except TimeoutError:
                continue
            came.append(connection)
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield f"http://127.0.0.1:{service.getsockname()[1]}/a.png", came
    is_over.set()
    thread.join()
    service.close()


def test_the_page_does_not_reach_into_its_own_network(served, internal):
    url, came = internal
    port = url.rpartition(":")[2]
    for address in (url, f"http://localhost:{port}", f"http://0.0.0.0:{port}", f"http://[::ffff:127.0.0.1]:{port}"):
        raw_get(served, f"/gradio_api/file={address}")
        raw_get(served, f"/gradio_api/proxy={address}")
        for value in (given(address), address, given("a.png", url=address)):
            served.caller.call("predict", [value])
            served.caller.call("predict_batch", [[value]])
    assert came == []


def test_private_events_take_no_file_of_the_server(served, secret):
    """The browser calls them by number; so may anybody."""
    visitor = Visitor(served.url, served.demo)
    assert "holds text" not in str(visitor.trigger("search", given(str(secret))))
    assert "holds text" not in str(visitor.trigger("analyse_files", [given(str(secret))], None))
