"""Photos at addresses are the files that the server has, opened as those at a path."""

import io
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from gender_age import fetched_photo as module
from gender_age.errors import PhotoError
from gender_age.fetched_photo import fetched_photo
from gender_age.images import open_photo
from tests import fakes


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[274] = 6
    return encoded(fakes.noise((60, 40)), "JPEG", exif=exif)


GREY = np.linspace(0, 65535, 60 * 40).astype(np.uint16).reshape(40, 60)
FILES = {
    "/grey.png": encoded(Image.fromarray(GREY)),
    "/clear.png": encoded(Image.new("RGBA", (60, 40), (0, 0, 0, 0))),
    "/turned.jpg": turned(),
    "/page.png": b"<html>no photo here</html>",
    "/empty.png": b"",
}


class Answering(BaseHTTPRequestHandler):
    """A server of `FILES`; `/slow.png` comes a byte at a time, and `/moved…` is elsewhere."""

    def do_GET(self):
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved", "/"))
            self.end_headers()
            return
        self.send_response(200 if self.path in FILES or self.path == "/slow.png" else 404)
        self.end_headers()
        self.wfile.write(FILES.get(self.path, b""))
        for _ in range(100 if self.path == "/slow.png" else 0):
            self.wfile.write(b"\0")
            time.sleep(0.05)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def host():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ["grey.png", "clear.png", "turned.jpg", "movedgrey.png"])
def test_the_photo_is_that_at_a_path(host, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[f"/{name.removeprefix('moved')}"])
    assert np.array_equal(open_photo(fetched_photo(f"{host}/{name}")), open_photo(path))


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/page.png", "the server's answer is no picture"),
        ("/empty.png", "the server's answer is no picture"),
        ("/none.png", "the server's answer is 404 Not Found"),
        ("/slow.png", "it takes more than 0.4 seconds"),
        ("/grey.png", "it has more than 0 MB"),
        (":x/photo.png", "Invalid port: '.+'"),
    ],
)
def test_why_a_photo_is_not_fetched(host, monkeypatch, place, reason):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(PhotoError, match=rf"png” cannot be fetched \({reason}\): check the address, or download"):
        fetched_photo(f"{host}{place}", 0.4)
