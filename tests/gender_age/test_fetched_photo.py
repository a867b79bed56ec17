"""Photos at addresses are the files that the server has, opened as those at a path."""

import gzip
import io
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from threading import enumerate as enumerate_threads

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


BOMB = gzip.compress(bytes(50 << 20))


class Answering(BaseHTTPRequestHandler):
    """A server of `FILES`; `/slow.png` comes a byte at a time, and `/moved…` is elsewhere.

    The headers of `/head.png` come a byte at a time, `/bomb.png` is compressed, and `/round.png`, too, leads to itself.
    """

    def do_GET(self):
        if self.path in ("/bomb.png", "/round.png"):
            self.send_response(200 if self.path == "/bomb.png" else 302)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Location", self.path)
            self.end_headers()
            self.wfile.write(BOMB)
            return
        if self.path == "/head.png":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-")
            for _ in range(40):
                self.wfile.write(b"a")
                time.sleep(0.05)
            return
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
        ("/head.png", "it takes more than 0.4 seconds"),
        ("/bomb.png", "the server's answer is compressed"),
        ("/round.png", "it leads on to others more than 5 times"),
        ("/grey.png", "it has more than 0 MB"),
        (":x/photo.png", "Invalid port: '.+'"),
    ],
)
def test_why_a_photo_is_not_fetched(host, monkeypatch, place, reason):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(PhotoError, match=rf"png” cannot be fetched \({reason}\): check the address, or download"):
        fetched_photo(f"{host}{place}", 0.4)


def test_a_compressed_answer_is_not_unpacked(host, monkeypatch):
    unpacked = []
    monkeypatch.setattr("httpx.Response.iter_bytes", lambda *_: unpacked.append(1) or iter(()))
    for place in ("/bomb.png", "/round.png"):
        with pytest.raises(PhotoError):
            fetched_photo(f"{host}{place}")
    assert not unpacked


def test_a_thread_ends_soon_after_its_deadline(host):
    with pytest.raises(PhotoError, match="more than 0.2 seconds"):
        fetched_photo(f"{host}/head.png", 0.2)
    deadline_s = time.monotonic() + 1
    while (running := [each for each in enumerate_threads() if each.name == "fetch"]) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not running


def test_a_socks_proxy_without_its_package_is_a_sentence(host, monkeypatch):
    monkeypatch.setitem(sys.modules, "socksio", None)
    for name in ("all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    with pytest.raises(PhotoError, match=r'takes the package socksio: pip install "httpx\[socks\]"'):
        fetched_photo(f"{host}/grey.png")
