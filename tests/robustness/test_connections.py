"""Connections of a page in a process of its own: how many, how slow; what it logs, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from urllib.parse import quote

import httpx
import pytest

from page.server import connections, log_lines, request_limits
from tests.conftest import REPOSITORY

from .inputs import saved
from .pages import Caller, PageProcess, given

SLOW_WH = (66, 44)
SHORT = f"""
import time
from page.server import connections
from tests import fakes
connections.HEAD_S, connections.BODY_S, connections.ANSWER_S, connections.CHECK_S = 2.0, 2.0, 2.0, 0.2
connections.MAX_CONNECTIONS = 40
at_once = fakes.size_as_age
fakes.size_as_age = lambda image: time.sleep(30 if image.size == {SLOW_WH} else 0) or at_once(image)
import sys
from tests.robustness import page_process
sys.exit(page_process.main(sys.argv[1:]))
"""
HALF_A_HEAD = b"POST /gradio_api/run/predict HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = (
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b'Content-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with shorter times and fewer connections, whose model takes half a minute for a photo of `SLOW_WH`."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "short_times.py").write_text(SHORT)
    path = os.pathsep.join((str(REPOSITORY), str(folder)))
    with PageProcess(folder, "--fake", module="short_times", PYTHONPATH=path) as running:
        yield running


def connect(page) -> socket.socket:
    url = httpx.URL(page.url)
    return socket.create_connection((url.host, url.port), timeout=20)


def is_open(connection) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def seconds_for_a_photo(page) -> float:
    begun = time.monotonic()
    assert Caller(page.url).predict("a.png", saved("PNG"))["error"] is None
    return time.monotonic() - begun


@pytest.mark.parametrize("start", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["silent", "half a head", "half a body"])
def test_many_unfinished_requests_keep_nobody_out(page, start):
    seconds_for_a_photo(page)
    idle = [connect(page) for _ in range(150)]
    for connection in idle:
        try:
            connection.sendall(start)
        except ConnectionError:  # it was closed for another one
            continue
    assert seconds_for_a_photo(page) < 3
    assert sum(map(is_open, idle)) <= 40
    for connection in idle:
        connection.close()


def test_a_request_has_a_time(page):
    with contextlib.ExitStack() as stack:
        connections = {start: stack.enter_context(connect(page)) for start in (b"", HALF_A_HEAD, HALF_A_BODY)}
        for start, connection in connections.items():
            connection.sendall(start)
            assert is_open(connection), start
        for _ in range(8):  # a byte now and then is no progress
            time.sleep(0.5)
            for connection in connections.values():
                with contextlib.suppress(ConnectionError):
                    connection.send(b"a")
        assert [start for start, connection in connections.items() if is_open(connection)] == []


def test_who_does_not_read_has_a_time(page):
    caller = Caller(page.url)
    (path,) = caller.upload("large.jpg", os.urandom(30_000_000)).json()
    with connect(page) as connection:
        connection.sendall(f"GET /gradio_api/file={quote(path)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(5)
        connection.settimeout(5)
        received = 0
        try:
            while block := connection.recv(2**20):
                received += len(block)
        except ConnectionError:
            pass
        assert received < 30_000_000


def test_who_sends_too_much_reads_why_and_is_not_read_for_ever(page):
    answer = httpx.post(f"{page.url}gradio_api/call/predict", content=bytes(request_limits.MAX_CALL_BYTES + 1))
    assert (answer.status_code, answer.text) == (413, request_limits.TOO_LARGE)
    block, sent = bytes(2**20), 0
    with connect(page) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"POST /gradio_api/upload/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\n")
        while sent < 2_000_000_000:
            sent += connection.send(block)
    assert sent < connections.MAX_REFUSED_BYTES + 20_000_000


def test_a_slow_but_steady_upload_is_taken(page):
    body = HALF_A_BODY.partition(b"\r\n\r\n")[2] + b"x" * 70_000 + b"\r\n--b--\r\n"
    head = HALF_A_BODY.partition(b"\r\n\r\n")[0].replace(b"1000000", str(len(body)).encode()) + b"\r\n\r\n"
    with connect(page) as connection:
        connection.sendall(head)
        for start in range(0, len(body), 10_000):
            connection.sendall(body[start : start + 10_000])
            time.sleep(0.4)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_odd_requests_make_one_line_each_and_no_more_than_a_minute_has(page):
    before = page.log.count("\n")
    forged = "no\nforged line\r\n"
    with httpx.Client(base_url=page.url + "gradio_api/") as http:
        answer = http.post(f"call/v2/{quote(forged)}", json={forged: 1})
        assert (answer.status_code, answer.text) == (500, log_lines.FAILED)
        for route, body in (
            (f"run/{quote(forged)}", {"data": []}),
            (f"call/{quote(forged)}", {"data": []}),
            ("queue/join", {"data": [], "fn_index": 9999, "session_hash": forged}),
            ("run/predict", {"data": forged}),
            ("call/v2/predict", {forged: 1}),
        ):
            answer = http.post(route, json=body)
            assert answer.status_code == 422
            assert "forged" not in answer.text
        assert http.get(f"queue/data?session_hash={quote(forged)}").status_code == 200
        http.post("upload", files={"files": (forged, saved("PNG"))}).raise_for_status()
    assert Caller(page.url).call("predict", [given(forged)])[0] == "error"
    log = page.log
    assert "forged" not in log
    assert "Traceback" not in log
    assert log.count("\n") - before <= 7
    with httpx.Client(base_url=page.url + "gradio_api/") as http:
        for _ in range(3 * log_lines.LINES_A_MINUTE):
            http.post(f"call/v2/{quote(forged)}", json={})
    assert page.log.count("\n") - before <= 2 * log_lines.LINES_A_MINUTE + 1


def test_every_answer_has_headers_for_browsers(page):
    for route in ("", "config", "gradio_api/info", "nowhere", "gradio_api/mcp/", "theme.css"):
        headers = httpx.get(page.url + route).headers
        assert headers["x-content-type-options"] == "nosniff", route
        assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in headers["content-security-policy"]


def test_sigterm_ends_it_in_time_with_work_in_flight(page):
    """The last that asks this page."""
    caller, slow = Caller(page.url), saved("PNG", size_wh=SLOW_WH)
    asking = threading.Thread(target=lambda: suppressed(caller, slow), daemon=True)
    asking.start()
    (path,) = Caller(page.url).upload("b.png", slow).json()
    httpx.post(f"{page.url}gradio_api/call/predict_batch", json={"data": [[given(path)] * 5]}).raise_for_status()
    time.sleep(1)
    begun = time.monotonic()
    os.kill(page.pid, signal.SIGTERM)
    while page.is_alive() and time.monotonic() - begun < 20:
        time.sleep(0.05)
    assert time.monotonic() - begun < 5
    assert page.exit_status == 0
    assert not list(page.temporary.rglob("*.png"))


def suppressed(caller, photo) -> None:
    try:
        caller.predict("a.png", photo)
    except (httpx.HTTPError, AssertionError):  # the page has ended
        return


def test_the_limits_are_those_that_are_documented():
    text = (REPOSITORY / "docs" / "reliability.md").read_text()
    assert f"{connections.MAX_CONNECTIONS} connections" in text
    assert f"{log_lines.LINES_A_MINUTE} lines a minute" in text
