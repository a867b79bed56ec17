"""More flaws of plain gradio, in how it takes requests and ends them. Where a test fails, its workaround can go."""

import threading
import time
import traceback
from pathlib import Path

import gradio as gr
import httpx
import pytest
from fastapi.testclient import TestClient
from gradio import http_server, route_utils, routes
from starlette.datastructures import Headers

from tests.apart import run_apart

GONE_S = 1.5


def gradios_own(kind, module):
    """The class of gradio's from which it is derived."""
    return next(each for each in kind.__mro__ if each.__module__ == module.__name__)


@pytest.fixture
def plain(tmp_path, monkeypatch):
    """Plain gradio: `/echo` not queued, `/slow` queued, a stream; with its MCP server."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    may_end, ended = threading.Event(), []

    def slow(text):
        may_end.wait(20)
        ended.append(text)
        return text

    def fail(text):
        raise RuntimeError(text)

    with gr.Blocks(analytics_enabled=False) as demo:
        text, camera = gr.Textbox(), gr.Image(sources="webcam", streaming=True)
        gr.Button().click(lambda given: given, text, text, api_name="echo", queue=False)
        gr.Button().click(fail, text, text, api_name="fails", queue=False)
        gr.Button().click(slow, text, text, api_name="slow", concurrency_limit=1)
        camera.stream(lambda given: None, camera, camera, time_limit=30, api_name="stream")
    # Another test may have bound them.
    monkeypatch.setattr(http_server, "Server", gradios_own(http_server.Server, http_server))
    parser = gradios_own(route_utils.GradioMultiPartParser, route_utils)
    for module in (route_utils, routes):
        monkeypatch.setattr(module, "GradioMultiPartParser", parser)
    demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", mcp_server=True)
    demo.api, demo.may_end, demo.ended = f"{demo.local_url}gradio_api/", may_end, ended
    yield demo
    may_end.set()
    demo.close()


def test_an_unknown_event_prints_a_traceback(capfd, plain):
    """log_lines.OneLineErrors"""
    assert httpx.post(f"{plain.api}call/no%0Aforged", json={"data": []}).status_code == 500
    log, deadline = "", time.monotonic() + 10
    while "\nforged" not in log and time.monotonic() < deadline:  # it comes after the answer
        log += capfd.readouterr().err
        time.sleep(0.02)
    assert "Traceback" in log
    assert "\nforged" in log


def test_an_event_that_fails_prints_a_traceback(plain, capfd, monkeypatch):
    """log_lines.bound_log"""
    monkeypatch.setattr(routes, "traceback", traceback)  # another test may have bound it
    assert httpx.post(f"{plain.api}run/fails", json={"data": ["a\nforged"]}).status_code == 500
    log = capfd.readouterr().err
    assert "Traceback" in log
    assert "\nforged" in log


def test_answers_have_no_headers_for_browsers(plain):
    """response_headers.py"""
    headers = httpx.get(plain.local_url).headers
    assert "x-content-type-options" not in headers
    assert "content-security-policy" not in headers


def test_wrong_data_is_answered_with_the_data(plain):
    """request_limits.without_the_data"""
    answer = TestClient(plain.app).post("/gradio_api/run/echo", json={"data": "a" * 100_000})
    assert len(answer.content) > 100_000


def test_the_page_describes_itself_as_gradio_in_the_browsers_language(plain):
    """page_head.py; for the language: navigator.language is read by gradio's scripts."""
    answer = httpx.get(plain.local_url, headers={"accept-encoding": "gzip"})
    assert '<meta property="og:title" content="Gradio" />' in answer.text
    assert "content-encoding" not in answer.headers
    scripts = (Path(gr.__file__).parent / "templates/frontend/assets").glob("*.js")
    assert any("window.navigator.language" in script.read_text("utf-8") for script in scripts)


@pytest.mark.parametrize(
    ("query", "files"),
    [("", [("files", (None, "text"))]), ("?upload_id=a", [("note", (None, "text"))])],
    ids=["in place of a file", "with progress"],
)
def test_text_in_an_upload_is_an_error_of_the_server(plain, query, files):
    """request_limits.BoundedParser"""
    assert httpx.post(f"{plain.api}upload{query}", files=files).status_code == 500


def test_a_long_boundary_is_an_error_of_the_server(plain):
    """request_limits.BoundedParser"""
    kind = {"Content-Type": f"multipart/form-data; boundary={'x' * 5000}"}
    assert httpx.post(f"{plain.api}upload", content=b"--x", headers=kind).status_code == 500


@pytest.mark.parametrize("parts", ["0-1,3-4", b"\xb2-\xb3"])
def test_several_parts_of_a_file_are_an_error_of_the_server(plain, parts):
    """byte_ranges.py"""
    (path,) = httpx.post(f"{plain.api}upload", files={"files": ("a.txt", b"words")}).json()
    parts = parts if isinstance(parts, bytes) else parts.encode()
    answer = httpx.get(f"{plain.api}file={path}", headers=[(b"Range", b"bytes=" + parts)])
    assert answer.status_code == 500


def test_unknown_arguments_are_an_error_of_the_server(plain):
    """request_limits.unknown_arguments"""
    assert httpx.post(f"{plain.api}call/v2/echo", json={"other": "a"}).status_code == 500
    assert httpx.post(f"{plain.api}call/v2/no_such", json={}).status_code == 500
    assert httpx.post(f"{plain.api}call/no_such", json={"data": []}).status_code == 500
    unknown = {"fn_index": 999, "session_hash": "a", "data": []}
    assert httpx.post(f"{plain.api}queue/join", json=unknown).status_code == 500


def test_what_finds_no_space_stays(tmp_path, monkeypatch):
    """request_limits.BoundedParser"""
    plain = gradios_own(route_utils.GradioMultiPartParser, route_utils)

    async def no_space(self, data):
        raise OSError(28, "No space left on device")

    async def stream():
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\na face\r\n--b--\r\n'

    monkeypatch.setattr(route_utils.GradioUploadFile, "write", no_space)
    headers = Headers({"Content-Type": "multipart/form-data; boundary=b"})
    with pytest.raises(OSError, match="No space"):
        run_apart(plain(headers, stream(), max_file_size=1000, upload_dir=tmp_path).parse())
    assert len(list(tmp_path.iterdir())) == 1


def test_mcp_takes_four_mebibytes(plain, monkeypatch):
    """mcp_limits.py"""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    assert StreamableHTTPSessionManager(app=None).max_request_body_size == 4 * 2**20


def call(demo, text):
    event = httpx.post(f"{demo.api}call/slow", json={"data": [text]}).json()["event_id"]
    return event, f"{demo.api}call/slow/{event}"


def test_a_long_event_keeps_its_place(plain):
    """model_turns.py"""
    call(plain, "long")
    time.sleep(0.3)
    call(plain, "short")
    time.sleep(GONE_S)
    assert httpx.get(f"{plain.api}queue/status").json()["queue_size"] == 1


def test_the_call_of_a_visitor_who_leaves_runs_on(plain):
    """leaving.has_left"""
    _, url = call(plain, "left")
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, timeout=0.5)
    time.sleep(GONE_S)
    plain.may_end.set()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not plain.ended:
        time.sleep(0.05)
    assert plain.ended == ["left"]


def test_the_stream_of_a_visitor_who_leaves_keeps_its_place(plain):
    """leaving.end_left_streams"""
    (number,) = [number for number, fn in plain.fns.items() if fn.connection == "stream"]
    body = {"data": [None], "fn_index": number, "session_hash": "a visitor"}
    httpx.post(f"{plain.api}queue/join", json=body)
    with httpx.stream("GET", f"{plain.api}queue/data?session_hash=a%20visitor") as events:
        next(line for line in events.iter_lines() if "process_generating" in line or "process_streaming" in line)
    time.sleep(GONE_S)
    assert plain._queue.get_active_worker_count() == 1
