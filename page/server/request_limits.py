"""What visitors send is bounded, and what cannot be used of it is a sentence and no traceback in the log.

gradio bounds the files of an upload only: text in their place, and the JSON of a call, it keeps in memory however large
they are; what an upload that breaks off has left, it never deletes; and of a call that it cannot use it prints a
traceback that quotes the caller, line breaks included.
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

# As many photos as an assistant gives with one call, as `data:` addresses.
MOST_CALL_BYTES = 200 * 2**20
# Names and numbers beside the files of an upload.
MOST_TEXT_BYTES = 2**20
TOO_LARGE = f"The request is too large: the limit is {MOST_CALL_BYTES // 2**20} MB."
UNUSABLE = "The request cannot be used: upload the photo again, and send what the upload answers."
# What gradio raises for a call's data: paths that are no uploads, other types, too many arguments. Its own errors are
# children of ValueError, as is pydantic's.
NOT_USABLE = (ValueError, TypeError, LookupError, AttributeError, OSError)


class RequestLimit:
    """Middleware that refuses requests, uploads of files aside, over a limit: at once where they say so."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self.app, self.most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/").endswith("/upload"):
            await self.app(scope, receive, send)
            return
        if int(Headers(scope=scope).get("content-length", "0")) > self.most_bytes:
            await PlainTextResponse(TOO_LARGE, 413)(scope, receive, send)
            return
        left = self.most_bytes

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self.app(scope, counted, send)


class BoundedParser(GradioMultiPartParser):
    """gradio's reader of uploads, with a limit for text, and without a trace of what broke off."""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None and len(self._current_part.data) + end - start > MOST_TEXT_BYTES:
            raise MultiPartException(f"Text exceeded maximum allowed size of {MOST_TEXT_BYTES} bytes.")
        super().on_part_data(data, start, end)

    async def parse(self):
        try:
            return await super().parse()
        except ClientDisconnect:
            for file in self._files_to_close_on_error:
                file.close()
                Path(file.name).unlink(missing_ok=True)
            raise MultiPartException("The upload broke off.") from None


def request_limit() -> Middleware:
    """For the `middleware` of gradio's `app_kwargs`."""
    return Middleware(RequestLimit, most_bytes=MOST_CALL_BYTES)


def bound_uploads() -> None:
    """Makes gradio read uploads with `BoundedParser`, which it offers no option for."""
    route_utils.GradioMultiPartParser = routes.GradioMultiPartParser = BoundedParser


def guard_inputs(demo: gr.Blocks) -> None:
    """Makes a sentence of whatever gradio cannot use of a call to this page."""
    inner = demo.preprocess_data

    async def preprocess_data(*arguments, **options):
        try:
            return await inner(*arguments, **options)
        except gr.Error:
            raise
        except NOT_USABLE:
            raise gr.Error(UNUSABLE, print_exception=False) from None

    demo.preprocess_data = preprocess_data
