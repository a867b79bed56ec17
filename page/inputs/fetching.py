"""Fetches a photo from a public URL that a program gave, and protects the machine's own network (SSRF)."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any
from urllib.parse import unquote, urljoin

import httpcore
import httpx

from gender_age.errors import GenderAgeError
from gender_age.fetch_rules import HEADERS, MAX_REDIRECTS, within

from .public_addresses import is_public

# Timeouts of a download in all, and between two packets. A photo has some megabytes.
SECONDS = 20
SILENT_SECONDS = 5
SLOW = "The address answers too slowly: upload the photo instead."
# Threads that fetch, for all visitors. A resolver cannot be interrupted: its thread may outlive the deadline.
MAX_THREADS = 16
UNREACHABLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    OSError,
    ValueError,
)

_threads = threading.BoundedSemaphore(MAX_THREADS)


class FetchError(GenderAgeError):
    """The URL cannot be used; the message is a sentence for the user."""


def fetch(url: str, max_bytes: int, seconds: float = SECONDS) -> bytes:
    """The content of a public http or https URL.

    Args:
        max_bytes: size limit of the response.
        seconds: total timeout, at most `SECONDS`.

    Raises:
        FetchError: it is not public, times out, or answers with an error or with too many bytes.
    """
    deadline = time.monotonic() + min(seconds, SECONDS)

    def work() -> bytes:
        try:
            return _follow(url, max_bytes, deadline)
        finally:
            _threads.release()

    # The caller gives up at the deadline. Connections end with it.
    if not _threads.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise FetchError("Too many addresses are being fetched just now: try again in a minute.")
    try:
        return within(deadline - time.monotonic(), work, (FetchError, *UNREACHABLE))
    except FutureTimeout:
        raise FetchError(SLOW) from None
    except UNREACHABLE as error:
        if time.monotonic() >= deadline:
            raise FetchError(SLOW) from None
        raise FetchError("The address does not answer: upload the photo instead.") from error


def url_name(url: str) -> str:
    """The last part of a URL's path, usually a file name; empty where there is none."""
    try:
        return unquote(httpx.URL(url).path).rstrip("/").rpartition("/")[2]
    except httpx.InvalidURL:
        return ""


def public_address(host: str) -> str:
    """An IP address of `host` that is public, and not one of this machine's.

    Raises:
        FetchError: it has none.
    """
    for address in addresses(host):
        if is_public(address):
            return address
    raise FetchError("The address is not a public one: upload the photo instead.")


def addresses(host: str) -> list[str]:
    """The IP addresses of a host."""
    return [place[0] for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which nothing takes longer than until the deadline, on the clock of `time.monotonic`.

    httpx bounds single operations only: a server that sends a byte every few seconds kept its thread for ever.
    """

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to the address that was checked, so that a second DNS answer cannot redirect it (DNS rebinding)."""

    def __init__(self, address: str, deadline: float) -> None:
        self._inner, self._address, self._deadline = httpcore.SyncBackend(), address, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(
            self._address, port, _left(self._deadline, timeout), local_address, socket_options
        )
        return _DeadlineStream(stream, self._deadline)


def _left(deadline: float, timeout: float | None) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise FetchError(SLOW)
    return seconds if timeout is None else min(seconds, timeout)


def _follow(url: str, max_bytes: int, deadline: float) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        if time.monotonic() > deadline:
            raise FetchError(SLOW)
        answer = _get(url, max_bytes, deadline)
        if isinstance(answer, bytes):
            return answer
        url = answer
    raise FetchError("The address leads on to others without end: upload the photo instead.")


def _get(url: str, max_bytes: int, deadline: float) -> bytes | str:
    """The content, or the URL of a redirect."""
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise FetchError("The address is neither http nor https: upload the photo instead.")
    backend = _PinnedBackend(public_address(parsed.host), deadline)
    target = httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
    limits = dict.fromkeys(("connect", "read", "write", "pool"), SILENT_SECONDS)
    headers = {**HEADERS, "host": parsed.netloc.decode("ascii")}
    with (
        httpcore.ConnectionPool(network_backend=backend) as pool,
        pool.stream("GET", target, headers=headers, extensions={"timeout": limits}) as response,
    ):
        head = httpx.Response(response.status, headers=response.headers)
        if head.has_redirect_location:
            return urljoin(url, head.headers["location"])
        if response.status != httpx.codes.OK:
            raise FetchError(f"The address answers with error {response.status}: upload the photo instead.")
        data = bytearray()
        for block in response.iter_stream():
            data += block
            if len(data) > max_bytes:
                raise FetchError(f"The file is too large: the limit is {max_bytes // 2**20} MB.")
            if time.monotonic() > deadline:
                raise FetchError(SLOW)
        return bytes(data)
