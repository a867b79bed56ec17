"""Uploads and calls over the limit are refused before they are read whole, and leave nothing behind."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import time

import httpx
import pytest

from page.inputs.archive import MAX_PHOTO_BYTES
from page.server.request_limits import NOT_UTF8, TOO_MUCH_ELSE

from .inputs import saved

LIMIT = 2_000_000
# What lies in buffers on the way when the refusal comes.
ON_THE_WAY = 12_000_000
BOUNDARY = "limit-of-parts"


@pytest.fixture
def limited(served, monkeypatch):
    """The page with a smaller limit, so that a test need not send 200 MB."""
    monkeypatch.setattr(served.demo, "max_file_size", LIMIT)
    return served


def part(disposition: str) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


def send(page, route: str, kind: str, start: bytes, total: int) -> tuple[int, int]:
    """Sends `total` bytes until an answer comes: the status, 0 without one, and how many bytes had left by then."""
    url = httpx.URL(page.url)
    sent, block, answer = 0, b"a" * 65536, b""
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        head = f"POST {route} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {kind}\r\nContent-Length: {total}\r\n\r\n"
        connection.sendall(head.encode() + start)
        # Who refuses without reading may cut the line at once; its answer is there all the same.
        with contextlib.suppress(ConnectionError):
            while sent < total and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(block[: total - sent])
        with contextlib.suppress(ConnectionError, TimeoutError):
            answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 0, sent


def temporary_files(page) -> set:
    return {path for path in page.temporary.rglob("*") if path.is_file()}


def test_a_file_over_the_limit_is_refused_early_and_gone(limited):
    before = temporary_files(limited)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    status, sent = send(limited, "/gradio_api/upload", kind, part('name="files"; filename="a.jpg"'), 400_000_000)
    assert status == 413
    assert sent < LIMIT + ON_THE_WAY
    assert temporary_files(limited) == before


def test_text_over_the_limit_is_refused_early_too(limited):
    """Without a file's name gradio keeps a part in memory, however large it is."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    status, sent = send(limited, "/gradio_api/upload", kind, part('name="files"'), 400_000_000)
    assert status == 413
    assert sent < LIMIT + ON_THE_WAY


@pytest.mark.parametrize("route", ["/gradio_api/call/predict", "/gradio_api/queue/join", "/gradio_api/run/predict"])
def test_a_call_over_the_limit_is_refused_at_once(served, route):
    status, sent = send(served, route, "application/json", b'{"data": ["', 400_000_000)
    assert status == 413
    assert sent < ON_THE_WAY


def test_what_an_upload_that_breaks_off_has_left_is_gone(served):
    before = temporary_files(served)
    url = httpx.URL(served.url)
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 9000000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        connection.sendall(head.encode() + part('name="files"; filename="a.jpg"') + b"a" * 3_000_000)
        time.sleep(0.3)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and temporary_files(served) != before:
        time.sleep(0.1)
    assert temporary_files(served) == before


def test_usual_uploads_and_calls_are_taken(limited):
    assert limited.caller.predict("a.png", saved("PNG"))["error"] is None
    assert limited.caller.upload("a.jpg", bytes(LIMIT - 1000)).status_code == 200


OTHER_ROUTES = ["upload/", "upload/x", "uploads", "run/upload", "call/upload", "x/upload", "upload%2Fx", "uploa%64/x"]


@pytest.mark.parametrize("route", OTHER_ROUTES)
def test_a_path_like_that_of_uploads_is_none(served, route):
    status, sent = send(served, f"/gradio_api/{route}", "multipart/form-data; boundary=b", b"", 400_000_000)
    assert status in (413, 404)
    assert sent < ON_THE_WAY


JSON_ROUTES = ["run/predict", "call/predict", "call/v2/predict", "queue/join", "mcp/", "component_server", "nowhere"]


@pytest.mark.parametrize("route", JSON_ROUTES)
def test_json_that_is_no_photo_is_refused_before_it_is_parsed(served, route):
    url = f"{served.url}gradio_api/{route}"
    kinds = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    begun = time.process_time()
    for text in (b'{"data": [' + b"[]," * 7_000_000 + b"[]]}", b"[" + b'"data:image/",' * 1_500_000 + b"1]"):
        answer = httpx.post(url, content=text, headers=kinds)
        assert (answer.status_code, answer.text) == (413, TOO_MUCH_ELSE)
    assert time.process_time() - begun < 3, "it was parsed"
    answer = httpx.post(url, content='{"data": [[]]}'.encode("utf-16"), headers=kinds)
    assert (answer.status_code, answer.text) == (400, NOT_UTF8)


def test_millions_of_parameters_are_no_address(served):
    begun = time.process_time()
    event, (photo,) = served.caller.call("predict", ["data:image/jpeg" + ";a=b" * 3_000_000 + ";base64,AAAA"])
    assert event == "complete"
    assert "has to start with data:image/jpeg;base64," in photo["error"]
    assert time.process_time() - begun < 3


def test_a_photo_in_an_address_may_have_the_size_that_is_promised(served):
    photo = saved("PNG").ljust(MAX_PHOTO_BYTES - 2, b"\0")
    event, (answer,) = served.caller.call("predict", ["data:image/png;base64," + base64.b64encode(photo).decode()])
    assert (event, answer["error"]) == ("complete", None)


def test_wrong_data_is_not_sent_back(served):
    answer = httpx.post(f"{served.url}gradio_api/run/predict", json={"data": "data:image/" + "A" * 3_000_000})
    assert answer.status_code == 422
    assert len(answer.content) < 200


@pytest.mark.parametrize("query", ["", "?upload_id=a"])
def test_text_in_place_of_a_file_is_refused_and_leaves_nothing(served, query):
    before = temporary_files(served)
    files = [("files", ("a.png", saved("PNG"))), ("files", (None, "text"))]
    answer = httpx.post(f"{served.url}gradio_api/upload{query}", files=files)
    assert (answer.status_code, answer.text) == (400, "The field “files” must hold files.")
    assert temporary_files(served) == before


def test_text_beside_a_file_whose_progress_is_asked_for_is_left_out(served):
    files = [("note", (None, "text")), ("files", ("a.png", saved("PNG")))]
    answer = httpx.post(f"{served.url}gradio_api/upload?upload_id=b", files=files)
    assert answer.status_code == 200
    assert len(answer.json()) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/v2/predict", {"foto": None}),
        ("call/v2/predict", {}),
        ("call/v2/no_such", {"photo": None}),
        ("call/no_such", {"data": []}),
        ("run/no_such", {"data": []}),
        ("run/predict", {"data": [], "fn_index": 999}),
        ("queue/join", {"data": [], "fn_index": -1, "session_hash": "a"}),
    ],
)
def test_unknown_arguments_and_functions_are_refused(served, capfd, path, body):
    answer = httpx.post(f"{served.url}gradio_api/{path}", json=body)
    assert answer.status_code == 422
    assert answer.text.startswith("The call cannot be used")
    assert not capfd.readouterr().err


def test_an_unusual_boundary_is_answered_with_a_sentence(served):
    kind = {"Content-Type": f"multipart/form-data; boundary={'x' * 5000}"}
    answer = httpx.post(f"{served.url}gradio_api/upload", content=b"--x", headers=kind)
    assert (answer.status_code, answer.text) == (400, "The boundary between the parts is no usual one.")
