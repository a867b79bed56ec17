"""Limits of connections: how many there are in all, and how long each may take to send a request or read its answer.

Missing in uvicorn: `limit_concurrency` counts open connections but closes none, so that idle ones keep all visitors
out, and `timeout_keep_alive` ends with the first byte of the next request; nothing bounds the time for a request's
head or body, or for an answer that is not read. gradio passes no setting of uvicorn's on.
Issues: Kludex/uvicorn#157 (closed) lists timeouts for heads and bodies, which were not added; gradio: none was found.
Can go when: the tests of connections in tests/page/server/test_uvicorn.py fail, each for its part.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from contextlib import suppress

from gradio import http_server
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from .log_lines import bound_server_log

# A visitor's browser has two connections while the page is open, and up to six while it loads.
MAX_CONNECTIONS = 400
# New connections that are taken in one turn of the loop.
BACKLOG = 128
# For each connection, a request in progress may have another two files open.
MIN_OPEN_FILES = 4096
# Seconds for the head of a request, from the connection's beginning or its first byte; for every `MIN_BYTES` of a body;
# for an answer of which nothing more is read; between two requests; and for the last answers when the page ends.
HEAD_S, BODY_S, ANSWER_S, IDLE_S, ENDING_S = 15.0, 20.0, 60.0, 5, 2
MIN_BYTES = 20_000
# What is thrown away of a request that was refused before it was read whole, so that its sender sees the answer.
MAX_REFUSED_BYTES = 100 * 2**20
CHECK_S = 1.0
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"


class BoundedConnection(H11Protocol):
    """uvicorn's protocol for one connection, with the limits of this module."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes the connection; with `MAX_CONNECTIONS` of them, another one is closed for it, or itself."""
        now = self.loop.time()
        self._head_since: float | None = now
        self._body_since, self._body_bytes, self._refused_bytes = now, 0, 0
        self._unread_since: float | None = None
        full = len(self.connections) >= MAX_CONNECTIONS and not make_room(self.connections)
        super().connection_made(transport)
        if full:
            transport.write(BUSY)
            transport.close()
        self.loop.call_later(CHECK_S, self._check)

    def data_received(self, data: bytes) -> None:
        """A part of a request."""
        now = self.loop.time()
        if self.is_between_requests:
            self._head_since = self._head_since or now
            self._refused_bytes += len(data)
            if self._refused_bytes > MAX_REFUSED_BYTES:
                self.end()
                return
        self._body_bytes += len(data)
        super().data_received(data)
        if self._head_since is not None and not self.is_between_requests:
            self._head_since, self._body_since, self._body_bytes, self._refused_bytes = None, now, len(data), 0

    def pause_writing(self) -> None:
        """The visitor does not read as fast as the page answers."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The visitor has read on."""
        self._unread_since = None
        super().resume_writing()

    @property
    def is_between_requests(self) -> bool:
        """Whether no request is known by its head that was not answered whole."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_sending(self) -> bool:
        """Whether the page waits for more of a request's body."""
        return not self.is_between_requests and self.cycle.more_body and not self.flow.read_paused

    def usefulness(self) -> tuple[int, float]:
        """Sorts the connections that may be closed for another one: idle ones, those without a head, slow bodies."""
        if self.is_between_requests:
            return (0, 0.0) if self._head_since is None else (1, self._head_since)
        return 2, self._body_bytes / (self.loop.time() - self._body_since + 0.1)

    def end(self) -> None:
        """Closes the connection at once."""
        self.connections.discard(self)
        self.transport.abort()

    def _check(self) -> None:
        if self not in self.connections:
            return
        now = self.loop.time()
        if self.transport.is_closing():  # what was written last is not read
            self._unread_since = self._unread_since or now
        if self._is_late(now):
            self.end()
        else:
            self.loop.call_later(CHECK_S, self._check)

    def _is_late(self, now: float) -> bool:
        if not self.is_sending or (self._body_bytes >= MIN_BYTES and now - self._body_since >= BODY_S):
            self._body_since, self._body_bytes = now, 0
        return (
            (self._head_since is not None and now - self._head_since >= HEAD_S)
            or now - self._body_since >= BODY_S
            or (self._unread_since is not None and now - self._unread_since >= ANSWER_S)
        )


def make_room(connections: Iterable) -> bool:
    """Closes the least useful connection whose request is not there whole yet; whether there was one."""
    closable = [
        each
        for each in connections
        if isinstance(each, BoundedConnection) and (each.is_between_requests or each.is_sending)
    ]
    if not closable:
        return False
    min(closable, key=BoundedConnection.usefulness).end()
    return True


class BoundedServer(http_server.Server):
    """gradio's server with these limits, in uvicorn's own settings where it has them."""

    def __init__(self, config: Config, *arguments, **options) -> None:
        config.http, config.ws = BoundedConnection, "none"  # the page has no WebSockets
        config.backlog = BACKLOG
        config.timeout_keep_alive, config.timeout_graceful_shutdown = IDLE_S, ENDING_S
        super().__init__(config, *arguments, **options)
        bound_server_log()


def bound_connections() -> None:
    """Makes gradio serve with `BoundedServer`; it has no option for that."""
    http_server.Server = BoundedServer
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MIN_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MIN_OPEN_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
