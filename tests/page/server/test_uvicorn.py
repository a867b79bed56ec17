"""The flaws of plain uvicorn that page/server/connections.py works around; and gradio's, which passes no setting on."""

import asyncio
import inspect
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from gradio import http_server

LONG_S = 1.5


async def answer(scope, receive, send):
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@pytest.fixture
def plain():
    """Plain uvicorn with its own limits at their strictest: two connections, one second."""
    config = uvicorn.Config(
        answer, port=0, log_level="error", limit_concurrency=2, timeout_keep_alive=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = server.force_exit = True
    thread.join(10)


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True


@pytest.mark.parametrize(
    "start",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"],
    ids=["silent", "half a head", "half a body"],
)
def test_a_request_may_take_for_ever(plain, start):
    """BoundedConnection._check"""
    with socket.create_connection(plain) as connection:
        connection.sendall(start)
        time.sleep(LONG_S)
        assert is_open(connection)


def test_idle_connections_keep_others_out(plain):
    """connections.make_room"""
    idle = [socket.create_connection(plain) for _ in range(5)]
    time.sleep(0.2)
    assert httpx.get(f"http://127.0.0.1:{plain[1]}/").status_code == 503
    assert all(map(is_open, idle))
    for connection in idle:
        connection.close()


def test_gradio_passes_no_setting_on():
    """connections.BoundedServer"""
    assert "timeout_keep_alive" not in inspect.getsource(http_server.start_server)
    assert not any("uvicorn" in name for name in inspect.signature(http_server.start_server).parameters)
