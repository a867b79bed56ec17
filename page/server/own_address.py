"""Where the page is served, as the command line and the environment say. Import this module before gradio.

Missing in gradio: it reads `GRADIO_SERVER_PORT` when it is imported, and ends over an empty one; it puts IPv6 addresses
into URLs without brackets; and it asks its own address through the environment's proxy.
Issues: gradio#4046 (closed) and others tell users to set `no_proxy`; none was found on the rest.
Can go when: the tests of gradio in tests/page/server/test_own_address.py fail.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

HOST, PORT = "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def hidden_from_gradio() -> Iterator[None]:
    """Hides host and port of the environment while gradio is imported; the command line reads and checks them."""
    hidden = {name: os.environ.pop(name) for name in (HOST, PORT) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def port_number(text: str) -> int:
    """The port that an argument names.

    Raises:
        argparse.ArgumentTypeError: it is no number above 0.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


def bracketed(host: str | None) -> str | None:
    """An IPv6 address as URLs have it; other hosts unchanged."""
    return f"[{host}]" if host and ":" in host and not host.startswith("[") else host


def ask_without_proxy(host: str | None) -> None:
    """Lets this process reach its own machine, and `host`, without the proxy that the environment names."""
    known = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    hosts = dict.fromkeys([*known, *LOOPBACK, *([host.strip("[]")] if host else [])])
    # "*" is for all hosts, to some libraries only where it stands alone.
    names = "*" if "*" in map(str.strip, known) else ",".join(each for each in hosts if each)
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = names
