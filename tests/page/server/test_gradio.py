"""The flaws of plain gradio that the page works around. Where one of these tests fails, its workaround can go.

Each test asserts the flaw of the installed gradio; the module that works around it is named in its docstring.
"""

import asyncio
import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from fastapi.testclient import TestClient
from gradio import processing_utils, route_utils, routes, utils
from gradio.data_classes import FileData, ImageData, ListFiles
from gradio.queueing import Event
from gradio.state_holder import SessionState
from PIL import Image, UnidentifiedImageError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from tests.apart import run_apart


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """gradio's folder for files."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio").mkdir()
    return tmp_path / "gradio"


@pytest.fixture
def echo(folder):
    """Plain gradio with one endpoint, `/echo`."""
    with gr.Blocks(analytics_enabled=False) as demo:
        photo, answer = gr.Image(type="filepath"), gr.Textbox()
        photo.change(lambda given: "answered", photo, answer, api_name="echo", queue=False)
    demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", max_file_size=1000)
    yield demo
    demo.close()


def test_delete_cache_stops_when_a_file_appears(folder, monkeypatch):
    """janitor.py"""
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.Image()
    (known,) = [files for files in demo.temp_file_sets if files is not demo.upload_file_set][:1]
    known.add(str(folder / "old.jpg"))
    app = SimpleNamespace(get_blocks=lambda: demo)

    def lstat_while_another_comes(path):
        known.add(str(folder / f"{len(known)}.jpg"))
        return os.lstat(path)

    (folder / "old.jpg").write_text("a face")
    monkeypatch.setattr(Path, "lstat", lstat_while_another_comes)
    with pytest.raises(RuntimeError, match="changed size"):
        run_apart(asyncio.wait_for(route_utils.delete_files_on_schedule(app, 0, 0), 10))


def test_delete_cache_does_not_know_the_files_of_a_component_that_was_updated(folder):
    """janitor.py, pictures.py"""
    path = str(folder / "a.png")
    Image.new("RGB", (8, 8)).save(path)
    with gr.Blocks(analytics_enabled=False) as demo:
        button, image = gr.Button(), gr.Image(format="png")
        button.click(lambda: None, None, image)
    (event,) = demo.fns.values()
    session = SessionState(demo)

    def is_known(value):
        for files in demo.temp_file_sets:
            files.clear()
        run_apart(demo.postprocess_data(event, value, session))
        return path in set().union(*demo.temp_file_sets)

    assert is_known(path)
    assert is_known(gr.update(value=path))
    assert not is_known(path), "gradio no longer asks the session's copy of the component"


def test_sessions_stay_in_memory(echo):
    """janitor.py"""
    holder = echo.app.state_holder
    session = holder["a visitor"]
    session.is_closed = True
    holder.time_last_used["a visitor"] = datetime.now() - timedelta(days=1)
    holder.delete_all_expired_state()
    assert holder.session_data["a visitor"].config_values


def test_all_apps_share_one_folder_that_stays(monkeypatch):
    """private_folder.py"""
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    assert Path(utils.get_upload_folder()) == Path(tempfile.gettempdir(), "gradio").resolve()


def test_the_json_of_a_call_has_no_limit(echo):
    """request_limits.RequestLimit"""
    answer = TestClient(echo.app).post("/gradio_api/run/echo", json={"data": [None], "more": "a" * 100_000})
    assert answer.status_code == 200, "gradio has a limit now, not for files alone"


def parser_of(parts):
    """gradio's parser of an upload; an exception among the parts is raised."""

    async def stream():
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield part

    headers = Headers({"Content-Type": "multipart/form-data; boundary=b"})
    return route_utils.GradioMultiPartParser(headers, stream(), max_file_size=1000)


@pytest.fixture
def plain_parser(monkeypatch):
    """Undoes `bound_uploads`, which another test may have called."""
    plain = next(each for each in route_utils.GradioMultiPartParser.__mro__ if each.__module__ == route_utils.__name__)
    monkeypatch.setattr(route_utils, "GradioMultiPartParser", plain)


def test_the_text_of_an_upload_has_no_limit(plain_parser):
    """request_limits.BoundedParser"""
    head = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    parsed = run_apart(parser_of([head, b"a" * 100_000, b"\r\n--b--\r\n"]).parse())
    assert len(parsed["text"]) == 100_000


def test_an_aborted_upload_leaves_its_file(plain_parser, tmp_path, monkeypatch):
    """request_limits.BoundedParser"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    with pytest.raises(ClientDisconnect):
        run_apart(parser_of([head, b"a face", ClientDisconnect()]).parse())
    assert len(list(tmp_path.iterdir())) == 1


def test_unusable_data_prints_a_traceback(echo, capfd, monkeypatch):
    """request_limits.guard_inputs"""
    monkeypatch.setattr(routes, "traceback", traceback)  # another test may have bound it
    photo = {"path": "/etc/a\nforged line", "meta": {"_type": "gradio.FileData"}}
    TestClient(echo.app).post("/gradio_api/run/echo", json={"data": [photo]})
    log = "".join(capfd.readouterr())
    assert "Traceback" in log
    assert "\nforged line" in log


def test_a_call_without_the_last_argument_is_refused(folder, capfd):
    """call_defaults.py"""
    with gr.Blocks(analytics_enabled=False) as demo:
        first, second, answer = gr.Textbox(), gr.Number(0.6), gr.JSON()
        first.change(lambda *given: given, [first, second], answer, api_name="pair")
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    try:
        event = httpx.post(f"{url}gradio_api/call/pair", json={"data": ["a"]}).json()["event_id"]
        assert "event: error" in httpx.get(f"{url}gradio_api/call/pair/{event}", timeout=30).text
        (_, parameter) = demo.get_api_info()["named_endpoints"]["/pair"]["parameters"]
        assert parameter["parameter_default"] == 0.6, "gradio's own clients send it"
    finally:
        demo.close()


def test_the_time_limit_of_a_stream_is_not_the_clocks():
    """stream_turns.py"""
    event = Event("a visitor", SimpleNamespace(concurrency_id="live", connection="stream", time_limit=60), None, None)
    event.enqueue_time = time.monotonic() - 3600
    event.run_time = 59.0
    assert not event.is_finished


def test_the_photo_input_opens_what_is_no_photo(folder):
    """photo_input.py, camera.py"""
    (folder / "notes.jpg").write_text("Dear all,")
    with pytest.raises(UnidentifiedImageError):
        gr.Image(type="filepath").preprocess(ImageData(path=str(folder / "notes.jpg"), orig_name="notes.jpg"))


def test_the_file_input_leaves_an_empty_file(folder):
    """photo_files.photo_files"""
    (folder / "a.jpg").write_text("a face")
    files = gr.File(file_count="multiple", type="filepath")
    files.preprocess(ListFiles([FileData(path=str(folder / "a.jpg"))]))
    assert len(list(folder.iterdir())) == 2


def test_a_component_fetches_addresses_without_a_limit(folder, monkeypatch):
    """photo_files.fetch_here"""
    asked = []

    async def fetch(url, cache_dir):
        asked.append((url, cache_dir))
        return str(folder / "a.jpg")

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", fetch)
    url = "https://example.org/a.jpg"
    run_apart(gr.Image().async_move_resource_to_block_cache(url))
    assert asked == [(url, str(folder))], "there may be a limit of size or time now"


def test_a_subclass_of_a_component_writes_a_file_beside_its_source(tmp_path, monkeypatch):
    """photo_input.py, photo_files.py"""
    (tmp_path / "own_input.py").write_text(
        "import gradio as gr\n\n\nclass OwnInput(gr.File):\n    EVENTS = ['upload']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("own_input")
    sys.modules.pop("own_input")
    assert (tmp_path / "own_input.pyi").exists()


def test_tools_for_lists_of_files_have_a_schema_that_points_nowhere():
    """photo_files.GivenFiles"""
    mcp = pytest.importorskip("gradio.mcp")
    server = mcp.GradioMCPServer.__new__(mcp.GradioMCPServer)
    schema = {"type": "object", "properties": {"photos": ListFiles.model_json_schema()}}
    simple, _ = server.simplify_filedata_schema(schema)
    assert '"#/$defs/FileData"' in json.dumps(simple)
    assert "$defs" not in simple


def test_the_mcp_server_writes_where_it_chose_at_import(folder):
    """photo_input.GivenPhoto"""
    mcp = pytest.importorskip("gradio.mcp")
    assert Path(mcp.DEFAULT_TEMP_DIR) != folder


def test_a_number_out_of_range_fails(folder):
    """page/inputs/clamped_slider.py"""
    with pytest.raises(gr.Error):
        gr.Slider(1, 30).preprocess(50)
