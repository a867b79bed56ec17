"""page/server/start.py, against a server on loopback whose first answer takes longer than gradio waits."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from gradio import networking

from page.server.start import answers, gradios_check, wait_for_first_page

GRADIO_WAITS_S = 3


@pytest.fixture
def slow_url():
    """The address of a server that is slow once."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.path)
            if len(asked) == 1:
                time.sleep(GRADIO_WAITS_S + 1)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_gradio_gives_up_on_a_slow_first_page(slow_url):
    assert not gradios_check(slow_url)


def test_a_slow_first_page_is_waited_for(slow_url, monkeypatch):
    monkeypatch.setattr(networking, "url_ok", gradios_check)
    wait_for_first_page()
    assert networking.url_ok is answers
    assert networking.url_ok(slow_url)
