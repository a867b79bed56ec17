"""What fetches an address ends with its deadline, whatever the other side does; everything is on loopback."""

import socket
import threading
import time

import pytest

from page.inputs import fetching
from page.inputs.fetching import FetchError, fetch

SECONDS = 0.7


@pytest.fixture
def listening(monkeypatch):
    """A function that listens on loopback and does something with every connection, and returns the port."""
    monkeypatch.setattr(fetching, "addresses", lambda host: ["127.0.0.1"])
    monkeypatch.setattr(fetching, "is_public", lambda address: True)
    sockets, over = [], threading.Event()

    def listen(talk):
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve():
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                sockets.append(connection)
                threading.Thread(target=talk, args=(connection, over), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield listen
    over.set()
    for each in sockets:
        each.close()


def drip(data):
    """Sends a beginning, and then a byte now and then."""

    def talk(connection, over):
        try:
            connection.sendall(data)
            while not over.wait(0.1):
                connection.sendall(b"a")
        except OSError:
            return

    return talk


def fetch_threads():
    return [thread for thread in threading.enumerate() if thread.name == "fetch"]


@pytest.mark.parametrize(
    ("scheme", "talk"),
    [
        ("http", drip(b"HTTP/1.1 200 OK\r\nX-")),
        ("http", drip(b"HTTP/1.1 200 OK\r\n\r\n")),
        ("http", drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")),
        ("http", lambda connection, over: over.wait(20)),
        ("https", drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")),
        ("https", lambda connection, over: over.wait(20)),
    ],
    ids=["head", "body", "chunk", "silence", "handshake", "silent handshake"],
)
def test_threads_end_with_their_deadline(listening, scheme, talk):
    url = f"{scheme}://photos.example:{listening(talk)}/a.jpg"
    before = len(fetch_threads())
    begun = time.monotonic()
    with pytest.raises(FetchError):
        fetch(url, 10_000, SECONDS)
    assert time.monotonic() - begun < SECONDS + 0.5
    deadline = time.monotonic() + 1
    while len(fetch_threads()) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(fetch_threads()) == before


def test_a_slow_resolver_keeps_a_bounded_number_of_threads(monkeypatch):
    may_answer = threading.Event()
    monkeypatch.setattr(fetching, "addresses", lambda host: may_answer.wait(20) and [])
    monkeypatch.setattr(fetching, "_threads", threading.BoundedSemaphore(2))
    for sentence in ("too slowly", "too slowly", "Too many addresses"):
        begun = time.monotonic()
        with pytest.raises(FetchError, match=sentence):
            fetch("http://photos.example/a.jpg", 1000, 0.2)
        assert time.monotonic() - begun < 1
    assert len(fetch_threads()) == 2
    may_answer.set()
    deadline = time.monotonic() + 5
    while fetch_threads() and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(FetchError, match="not a public one"):
        fetch("http://photos.example/a.jpg", 1000, 1)


def test_the_name_is_asked_once_and_the_checked_address_is_used(listening, monkeypatch):
    """A resolver that says something else the second time (DNS rebinding) is not asked again."""
    asked, seen = [], []

    def talk(connection, over):
        seen.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na face")

    port = listening(talk)
    monkeypatch.setattr(fetching, "addresses", lambda host: asked.append(host) or ["127.0.0.1"])
    assert fetch(f"http://b\u00fccher.example:{port}/\u00e4?b#c", 1000, 5) == b"a face"
    assert asked == ["xn--bcher-kva.example"] or asked == ["b\u00fccher.example"]
    head = seen[0].decode("ascii")
    assert head.startswith("GET /%C3%A4?b HTTP/1.1\r\n")
    assert f"host: xn--bcher-kva.example:{port}\r\n" in head.lower()
