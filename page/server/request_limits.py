"""Request limits: bounds the size of requests, and answers unusable ones with a sentence.

Missing in gradio: `max_file_size` (gradio#7825) bounds the files of an upload only. Text fields of an upload and the
JSON of a call are kept in memory whatever their size; an aborted upload leaves its temporary file for ever; and a call
with unusable data prints a traceback that quotes the caller, line breaks included.
Issues: gradio#6393 (closed) reports the traceback of an aborted upload; on the rest none was found.
Can go when: the four tests of limits in tests/page/server/test_gradio.py fail, each for its part.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio import route_utils, routes
from gradio.route_utils import GradioMultiPartParser, MultiPartException
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Enough for the photos of one call over MCP, as `data:` URLs.
MAX_CALL_BYTES = 200 * 2**20
# The text fields of an upload: names and numbers.
MAX_TEXT_BYTES = 2**20
TOO_LARGE = f"The request is too large: the limit is {MAX_CALL_BYTES // 2**20} MB."
UNUSABLE = "The request cannot be used: upload the photo again, and send what the upload answers."
# What gradio raises for unusable data: paths that are not uploads, wrong types, too many arguments. Its own errors are
# subclasses of ValueError, as is pydantic's.
NOT_USABLE = (ValueError, TypeError, LookupError, AttributeError, OSError)


class RequestLimit:
    """Middleware that refuses requests over a limit, at once where their Content-Length says so; uploads are exempt."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/").endswith("/upload"):
            await self.app(scope, receive, send)
            return
        if int(Headers(scope=scope).get("content-length", "0")) > self.max_bytes:
            await PlainTextResponse(TOO_LARGE, 413)(scope, receive, send)
            return
        left = self.max_bytes

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self.app(scope, counted, send)


class BoundedParser(GradioMultiPartParser):
    """gradio's parser of uploads, with a limit for text fields; deletes the files of aborted uploads."""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None and len(self._current_part.data) + end - start > MAX_TEXT_BYTES:
            raise MultiPartException(f"Text exceeded maximum allowed size of {MAX_TEXT_BYTES} bytes.")
        super().on_part_data(data, start, end)

    async def parse(self):
        try:
            return await super().parse()
        except ClientDisconnect:
            for file in self._files_to_close_on_error:
                file.close()
                Path(file.name).unlink(missing_ok=True)
            raise MultiPartException("The upload was aborted.") from None


def request_limit() -> Middleware:
    """The middleware, for `middleware` in gradio's `app_kwargs`."""
    return Middleware(RequestLimit, max_bytes=MAX_CALL_BYTES)


def bound_uploads() -> None:
    """Makes gradio parse uploads with `BoundedParser`; it has no option for that."""
    route_utils.GradioMultiPartParser = routes.GradioMultiPartParser = BoundedParser


def guard_inputs(demo: gr.Blocks) -> None:
    """Answers calls to this page whose data gradio cannot use with a sentence, without a traceback in the log."""
    inner = demo.preprocess_data

    async def preprocess_data(*arguments, **options):
        try:
            return await inner(*arguments, **options)
        except gr.Error:
            raise
        except NOT_USABLE:
            raise gr.Error(UNUSABLE, print_exception=False) from None

    demo.preprocess_data = preprocess_data
