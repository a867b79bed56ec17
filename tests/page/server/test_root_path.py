"""The page under a path of a proxy, which removes that path from what it passes on, or does not."""

import json
import re

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request

import app
from page.server.page_head import page_head
from page.server.request_limits import TOO_MUCH_ELSE, request_limit

PHOTO = b"\xff\xd8" + b"x" * 3_000_000


@pytest.mark.parametrize("is_stripped", [True, False])
@pytest.mark.parametrize("root", ["", "/", "/app", "/gradio"])
def test_uploads_and_the_preview_are_known_under_every_root_path(root, is_stripped):
    page = FastAPI(middleware=[request_limit(), page_head()])
    page.root_path = root  # as gradio's `App.configure_app` does

    @page.post("/gradio_api/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())

    client = TestClient(page)
    before = "" if is_stripped else root.rstrip("/")
    assert client.post(f"{before}/gradio_api/upload", content=PHOTO).text == str(len(PHOTO))
    refused = client.post(f"{before}/gradio_api/upload/x", content=PHOTO)
    assert (refused.status_code, refused.text) == (httpx.codes.REQUEST_ENTITY_TOO_LARGE, TOO_MUCH_ELSE)
    assert client.get(f"{before}/preview.jpg").headers["content-type"] == "image/jpeg"


def test_the_page_is_served_under_the_path_of_the_environment(tmp_path, monkeypatch):
    """As docs/scale.md says."""
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/faces")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.Image()
    options = app.launch_options() | {"mcp_server": False, "prevent_thread_lock": True, "quiet": True}
    _, url, _ = demo.launch(server_name="127.0.0.1", **options)
    forwarded = {"x-forwarded-host": "photos.invalid", "x-forwarded-proto": "https"}
    try:
        for path in ("", "faces/"):
            html = httpx.get(url + path, headers=forwarded).text
            assert json.loads(re.search(r"window.gradio_config = (\{.*?\});<", html)[1])["root"] == (
                "https://photos.invalid/faces"
            )
            assert 'property="og:image" content="https://photos.invalid/faces/preview.jpg"' in html
            sent = httpx.post(f"{url}{path}gradio_api/upload", files={"files": ("a.jpg", PHOTO)})
            assert sent.status_code == httpx.codes.OK
    finally:
        demo.close()
