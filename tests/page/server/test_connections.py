"""When a connection is closed, as its own loop sees it. Over sockets: tests/robustness/test_connections.py."""

import asyncio

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from page.server import connections
from tests.apart import run_apart


class Transport(asyncio.Transport):
    """What is written last waits for a visitor who reads no more: less than would stop the page from writing."""

    def __init__(self):
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.closing, self.aborted = False, False

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    def abort(self):
        self.aborted = True

    def write(self, data):
        pass


async def checked(monkeypatch, end):
    """The connection and its transport, one second after `end` was called with both."""
    monkeypatch.setattr(connections, "ANSWER_S", 0.3)
    monkeypatch.setattr(connections, "CHECK_S", 0.05)
    config = Config(app=None, lifespan="off")
    config.load()
    connection, transport = connections.BoundedConnection(config, ServerState(), {}), Transport()
    connection.connection_made(transport)
    end(connection, transport)
    await asyncio.sleep(1)
    return connection, transport


@pytest.mark.parametrize(
    ("end", "aborted"),
    [
        (lambda connection, transport: transport.close(), True),
        (lambda connection, transport: None, False),
    ],
    ids=["the last answer is not read", "open"],
)
def test_an_answer_has_a_time_after_the_page_has_closed_its_connection(monkeypatch, end, aborted):
    connection, transport = run_apart(checked(monkeypatch, end))
    assert transport.aborted == aborted
    assert (connection in connection.connections) != aborted


def test_a_connection_that_is_gone_is_kept_by_nothing(monkeypatch):
    gone = []

    def lose(connection, transport):
        transport.close()
        connection.connection_lost(None)
        gone.append(connection)

    async def count_timers():
        await checked(monkeypatch, lose)
        return sum(timer._callback == gone[0]._check for timer in asyncio.get_running_loop()._scheduled)

    assert run_apart(count_timers()) == 0
