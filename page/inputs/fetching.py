"""Fetches a photo from a public URL that a program gave, and protects the machine's own network (SSRF)."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from urllib.parse import unquote, urljoin

import httpx

from gender_age.errors import GenderAgeError

# Timeouts of a download in all, and between two packets. A photo has some megabytes.
SECONDS = 20
SILENT_SECONDS = 5
SLOW = "The address answers too slowly: upload the photo instead."
# Redirects from http to https and to the nearest mirror are usual.
MAX_REDIRECTS = 5
# IPv4 addresses as IPv6 (NAT64, RFC 6052).
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
# No compression: a compressed response could be a decompression bomb.
HEADERS = {"accept-encoding": "identity"}


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
    outcome: Future[bytes] = Future()

    def work() -> None:
        try:
            outcome.set_result(_follow(url, max_bytes, deadline))
        except (FetchError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            outcome.set_exception(error)

    # httpx has no total timeout; the caller gives up at the deadline, and the thread ends with the connection.
    threading.Thread(target=work, name="fetch", daemon=True).start()
    try:
        return outcome.result(timeout=max(0.0, deadline - time.monotonic()))
    except FutureTimeout:
        raise FetchError(SLOW) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise FetchError("The address does not answer: upload the photo instead.") from error


def url_name(url: str) -> str:
    """The last part of a URL's path, usually a file name; empty where there is none."""
    try:
        return unquote(httpx.URL(url).path).rstrip("/").rpartition("/")[2]
    except httpx.InvalidURL:
        return ""


def public_address(host: str) -> str:
    """An IP address of `host` that is public.

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


def is_public(address: str) -> bool:
    """Whether an IP address is a public one, not of this machine or a private network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and (ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in TRANSLATED):
        return False  # an embedded IPv4 address, which may be private
    return ip.is_global and not ip.is_multicast


class _PinnedTransport(httpx.HTTPTransport):
    """Connects to the address that was checked, so that a second DNS answer cannot redirect it (DNS rebinding)."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # The Host header is set already; the certificate is checked against the name.
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host=self._address)
        return super().handle_request(request)


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
    transport = _PinnedTransport(public_address(parsed.host))
    with (
        httpx.Client(transport=transport, timeout=SILENT_SECONDS, headers=HEADERS, trust_env=False) as client,
        client.stream("GET", parsed) as response,
    ):
        if response.has_redirect_location:
            return urljoin(url, response.headers["location"])
        if response.status_code != httpx.codes.OK:
            raise FetchError(f"The address answers with error {response.status_code}: upload the photo instead.")
        data = bytearray()
        for block in response.iter_raw():
            data += block
            if len(data) > max_bytes:
                raise FetchError(f"The file is too large: the limit is {max_bytes // 2**20} MB.")
            if time.monotonic() > deadline:
                raise FetchError(SLOW)
        return bytes(data)
