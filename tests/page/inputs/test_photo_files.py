"""The input for many files: uploads and the strings that assistants give; and what it fetches from the web."""

import base64
import http.server
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio.data_classes import FileData

from gender_age import fetch_rules
from page.inputs import fetching, photo_files
from page.inputs.fetching import FetchError, fetch, is_public, url_name
from page.inputs.photo_files import GivenFile, GivenFiles
from tests.apart import run_apart

DATA = base64.b64encode(b"bytes of a photo").decode()


@pytest.fixture
def given(tmp_path, monkeypatch):
    """What the component makes of a payload."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    with gr.Blocks(analytics_enabled=False):
        component = photo_files.photo_files()

    def given(*payload):
        return component.preprocess(GivenFiles.model_validate(list(payload)))

    given.component = component
    given.folder = tmp_path / "gradio"
    return given


def test_nothing(given):
    assert given() == []
    assert given.component.preprocess(None) == []


def test_an_upload_comes_with_its_base_name_and_leaves_no_file_behind(given):
    given.folder.mkdir()
    path = given.folder / "a\x07b.jpg"
    path.write_bytes(b"bytes of a photo")
    assert given(FileData(path=str(path))) == [GivenFile("a?b.jpg", str(path))]
    assert list(given.folder.rglob("*")) == [path]


def test_an_upload_that_is_no_longer_kept_says_so(given):
    gone = FileData(path=str(given.folder / "a" / "IMG_1.jpg"), meta={"_type": "gradio.FileData"})
    assert given(gone) == [GivenFile("IMG_1.jpg", None, "“IMG_1.jpg” is no longer kept here: choose it again.")]


def test_a_scheme_may_begin_with_a_capital(given, monkeypatch):
    asked = []
    monkeypatch.setattr(photo_files, "fetch", lambda address, *limits: asked.append(address) or b"bytes")
    (file,) = given("Https://photos.invalid/A.jpg")
    assert (asked, file.name) == (["https://photos.invalid/A.jpg"], "A.jpg")


def test_a_data_uri_is_a_file_that_gradio_deletes(given):
    (file,) = given(f"data:image/jpeg;base64,{DATA}")
    assert file.name == "photo 1.jpg"
    assert Path(file.path).name == "photo 1.jpg"
    assert Path(file.path).read_bytes() == b"bytes of a photo"
    assert file.path in given.component.temp_files


def test_an_archive_may_come_as_a_data_uri(given):
    assert [file.name for file in given(f"data:application/zip;base64,{DATA}")] == ["photo 1.zip"]


@pytest.mark.parametrize(
    ("string", "sentence"),
    [
        ("data:image/png;base64,@@@", "something else than base64"),
        ("data:image/png,abc", "has to start with data:image/jpeg;base64,"),
        ("data:../../x;base64,AAAA", "has to start with data:image/jpeg;base64,"),
        ("/etc/passwd", "neither a web address nor a data: address"),
        ("file:///etc/passwd", "neither a web address nor a data: address"),
        ("http://127.0.0.1:9/a.jpg", "not a public one"),
        ("http://[::1]/a.jpg", "not a public one"),
        ("http:///a.jpg", "neither http nor https"),
        ("http://[/a.jpg", "does not answer"),
    ],
)
def test_an_unusable_string_is_a_sentence(given, string, sentence):
    first, second = given(string, f"data:image/png;base64,{DATA}")
    assert first.path is None
    assert sentence in first.error
    assert second.error is None


def test_a_data_uri_has_a_limit(given, monkeypatch):
    monkeypatch.setattr(photo_files, "MAX_PHOTO_BYTES", 10)
    (file,) = given(f"data:image/png;base64,{DATA}")
    assert "too large" in file.error


def test_the_address_of_a_file(given, monkeypatch):
    monkeypatch.setattr(photo_files, "fetch", lambda url, *_: url.encode())
    (file,) = given("https://example.org/a%20b/=1<2>.jpg?size=3")
    assert file.name == "=1<2>.jpg"
    assert Path(file.path).read_bytes().startswith(b"https://example.org/")
    assert file.path in given.component.temp_files


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_is_public(address, answer):
    assert is_public(address) is answer


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        if self.path == "/drip":
            while not self.server.closing:
                self.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                time.sleep(0.05)
            return
        while self.path == "/silence" and not self.server.closing:
            time.sleep(0.05)
        status, location = {
            "/moved": (302, "/photo.jpg"),
            "/loop": (302, "/loop"),
            "/in": (302, "http://10.0.0.1/"),
        }.get(self.path, (200 if self.path == "/photo.jpg" else 404, None))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(b"x" * 1000 if status == 200 else b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def site(monkeypatch):
    """A web site on loopback that is taken for a public one with the name `photos.example`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.hosts, server.closing = [], False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known = {"photos.example": "127.0.0.1", "10.0.0.1": "10.0.0.1"}
        monkeypatch.setattr(fetching, "addresses", lambda host: [known[host]])
        monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
        yield server, f"http://photos.example:{server.server_port}"
        server.closing = True
        server.shutdown()


def test_fetch(site):
    server, url = site
    assert fetch(url + "/photo.jpg", 2000) == b"x" * 1000
    assert fetch(url + "/moved", 2000) == b"x" * 1000
    assert server.hosts == [httpx.URL(url).netloc.decode()] * 3


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/gone", "error 404"), ("/loop", "without end"), ("/in", "not a public one"), ("/photo.jpg", "too large")],
)
def test_what_cannot_be_fetched(site, path, sentence):
    with pytest.raises(FetchError, match=sentence):
        fetch(site[1] + path, 500)


def test_who_never_comes_to_the_point_is_left_in_time(site):
    start = time.monotonic()
    with pytest.raises(FetchError, match="too slowly"):
        fetch(site[1] + "/drip", 500, seconds=1.5)  # on a busy machine, half a second may pass before the first byte
    assert time.monotonic() - start < 3


def test_silence_until_the_deadline_is_slowness_whoever_notices_it_first(site, monkeypatch):
    class Patient(Future):  # the thread's read ends at the same moment as the caller's wait, and may be first
        def result(self, timeout=None):
            return super().result(timeout + 5)

    monkeypatch.setattr(fetch_rules, "Future", Patient)
    with pytest.raises(FetchError, match="too slowly"):
        fetch(site[1] + "/silence", 500, seconds=0.5)


def test_all_addresses_of_a_call_have_one_limit(given, monkeypatch):
    asked = []

    def fetched(url, max_bytes, seconds):
        asked.append((max_bytes, seconds))
        return bytes(600)

    monkeypatch.setattr(photo_files, "fetch", fetched)
    monkeypatch.setattr(photo_files, "MAX_PHOTOS", 3)
    monkeypatch.setattr(photo_files, "MAX_FETCHED_BYTES", 1000)
    files = given(*(f"https://example.org/{number}.jpg" for number in range(5)))
    assert [max_bytes for max_bytes, _ in asked] == [1000, 400, -200]
    assert all(0 < seconds <= photo_files.FETCH_SECONDS for _, seconds in asked)
    assert [file.error is None for file in files] == [True, True, True, False, False]
    assert "3 photos are the limit" in files[3].error


def test_addresses_among_uploads_are_fetched_here_and_not_by_gradio(given, monkeypatch):
    monkeypatch.setattr(photo_files, "fetch", lambda *_: b"a face")
    url = "https://example.org/a/me.jpg"
    assert run_apart(given.component.async_move_resource_to_block_cache(url)) == url
    (file,) = given(FileData(path=url))
    assert file.name == "me.jpg"
    assert Path(file.path).read_bytes() == b"a face"


def test_only_uploads_are_opened(given, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"a face")
    assert given(FileData(path=str(tmp_path / "secret.jpg"))) == [GivenFile("photo 1", None, "“photo 1” is no upload.")]


def test_url_name():
    assert url_name("https://example.org/a/b%20c.jpg?x=1") == "b c.jpg"
    assert url_name("https://example.org") == ""
