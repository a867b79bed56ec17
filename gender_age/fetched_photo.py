"""Fetches the photo at an `http(s)` address, as bytes: it is opened as every file is."""

from __future__ import annotations

import time

from .errors import PhotoError
from .photo_bytes import PhotoBytes
from .photo_names import shown_name
from .signatures import content_of, picture_of

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
    data, deadline_s = bytearray(), time.monotonic() + timeout_s
    try:
        with httpx.stream("GET", address, timeout=timeout_s, follow_redirects=True) as response:
            if not response.is_success:
                status = f"{response.status_code} {response.reason_phrase}".strip()
                raise _not_fetched(address, f"the server's answer is {status}")
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise _not_fetched(address, f"it has more than {MAX_BYTES >> 20} MB")
                # httpx has no total timeout.
                if time.monotonic() > deadline_s:
                    raise _not_fetched(address, f"it takes more than {timeout_s:g} seconds")
    except httpx.TimeoutException:
        raise _not_fetched(address, f"it takes more than {timeout_s:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise _not_fetched(address, str(error) or type(error).__name__) from error
    head = bytes(data[:HEAD_BYTES])
    if content_of(head) is not None and picture_of(head) is None:  # such as the page of a server that has no photo
        raise _not_fetched(address, "the server's answer is no picture")
    return PhotoBytes(bytes(data), address)


def _not_fetched(address: str, reason: str) -> PhotoError:
    return PhotoError(f"{shown_name(address)} cannot be fetched ({reason}): check the address, or download the photo.")


__all__ = ["fetched_photo"]
