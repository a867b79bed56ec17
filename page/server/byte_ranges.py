"""Requests for parts of a file: all but a single part with both ends get the file whole, as HTTP allows.

Missing in gradio: its route for files fails over several parts, and over ends in other digits. Issues: none was found.
Can go when: `test_several_parts_of_a_file_are_an_error_of_the_server` in tests/page/server/test_gradio_requests.py
fails.
"""

from __future__ import annotations

import re

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

ONE_PART = re.compile(rb"\s*bytes=[0-9]{0,18}-[0-9]{0,18}\s*")


class ByteRanges:
    """Middleware that takes every other `Range` header out of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = [each for each in scope["headers"] if each[0] != b"range" or ONE_PART.fullmatch(each[1])]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, send)


def byte_ranges() -> Middleware:
    """The middleware, for `middleware` in gradio's `app_kwargs`."""
    return Middleware(ByteRanges)
