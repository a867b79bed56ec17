import io
import re

import httpx
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from page.server.page_head import DESCRIPTION, PREVIEW_WH, page_head, with_head

GRADIOS = b"""<!doctype html><html><head>
<meta property="og:title" content="Gradio" /><meta
  name="twitter:image"
  content="https://example.invalid/gradio.jpg" />
<meta name="viewport" content="width=device-width" /></head><body>the page</body></html>"""


@pytest.fixture
def client():
    paths = [Route(path, lambda request: HTMLResponse(GRADIOS * 20)) for path in ("/", "/other")]
    return TestClient(Starlette(routes=paths, middleware=[page_head()]), base_url="http://page.invalid")


def test_the_page_describes_itself(client):
    answer = client.get("/", headers={"x-forwarded-proto": "https"})
    assert answer.headers["content-encoding"] == "gzip"
    described = dict(re.findall(r'<meta property="og:([^"]+)" content="([^"]*)"', answer.text))
    assert described["title"] == "Gender and age"
    assert described["description"] == DESCRIPTION
    assert described["image"] == "https://page.invalid/preview.jpg"
    assert "gradio" not in answer.text.lower()
    assert "viewport" in answer.text


def test_only_the_page_is_changed(client):
    assert client.get("/other").content == GRADIOS * 20
    assert client.head("/").status_code == 200
    plain = client.get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)


def test_a_host_is_no_markup():
    head = with_head(GRADIOS, 'http://a"><script>alert(1)</script>').decode()
    assert "<script>alert" not in head


def test_the_preview_is_a_picture_of_the_usual_size(client):
    answer = client.get("/preview.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(answer.content) < 100_000
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == PREVIEW_WH


def test_a_missing_page_stays_missing(client):
    assert client.get("/nowhere").status_code == httpx.codes.NOT_FOUND
