"""Fetches the photo at an `http(s)` address, as bytes: it is opened as every file is."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import closing
from typing import TYPE_CHECKING

from .errors import PhotoError
from .fetch_rules import HEADERS, MAX_REDIRECTS, within
from .photo_bytes import PhotoBytes
from .photo_names import shown_name
from .signatures import content_of, picture_of

if TYPE_CHECKING:
    import httpx

# As for an upload of the page, and for all addresses of one of its calls.
MAX_BYTES, TIMEOUT_S = 200 << 20, 30.0
HEAD_BYTES = 512


def fetched_photo(address: str, timeout_s: float = TIMEOUT_S) -> PhotoBytes:
    """The file at an address, after redirects.

    Args:
        timeout_s: seconds for all of it.

    Raises:
        PhotoError: it cannot be fetched, has more than `MAX_BYTES`, or is no picture.
    """
    try:
        import httpx  # which huggingface_hub needs as well
    except ImportError:
        raise _not_fetched(address, "it takes the package httpx: pip install httpx") from None
    deadline_s = time.monotonic() + timeout_s
    errors = (PhotoError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
    try:
        # Closing ends what a thread still reads after the deadline.
        with httpx.Client(timeout=timeout_s, headers=HEADERS) as client:
            data = within(timeout_s, lambda: _followed(client, address, deadline_s), errors)
    except ImportError:
        raise _not_fetched(address, 'a SOCKS proxy takes the package socksio: pip install "httpx[socks]"') from None
    except (httpx.TimeoutException, FutureTimeout):
        raise _not_fetched(address, f"it takes more than {timeout_s:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise _not_fetched(address, str(error) or type(error).__name__) from error
    head = data[:HEAD_BYTES]
    if content_of(head) is not None and picture_of(head) is None:  # such as the page of a server that has no photo
        raise _not_fetched(address, "the server's answer is no picture")
    return PhotoBytes(data, address)


def _followed(client: httpx.Client, address: str, deadline_s: float) -> bytes:
    """The content at an address, or where it leads to. httpx would read, and unpack, all that a redirect holds."""
    request = client.build_request("GET", address)
    for _ in range(MAX_REDIRECTS + 1):
        with closing(client.send(request, stream=True)) as response:
            if response.next_request is None:
                return _content(response, address, deadline_s)
            request = response.next_request
    raise _not_fetched(address, f"it leads on to others more than {MAX_REDIRECTS} times")


def _content(response: httpx.Response, address: str, deadline_s: float) -> bytes:
    if not response.is_success:
        status = f"{response.status_code} {response.reason_phrase}".strip()
        raise _not_fetched(address, f"the server's answer is {status}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _not_fetched(address, "the server's answer is compressed")
    data = bytearray()
    for chunk in response.iter_raw():
        data += chunk
        if len(data) > MAX_BYTES:
            raise _not_fetched(address, f"it has more than {MAX_BYTES >> 20} MB")
        if time.monotonic() > deadline_s:  # nobody waits any more
            break
    return bytes(data)


def _not_fetched(address: str, reason: str) -> PhotoError:
    return PhotoError(f"{shown_name(address)} cannot be fetched ({reason}): check the address, or download the photo.")


__all__ = ["fetched_photo"]
