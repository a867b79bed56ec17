"""Request limits: bounds the size of requests, and answers unusable ones with a sentence.

Missing in gradio: `max_file_size` (gradio#7825) bounds the files of an upload only. Text fields of an upload and the
JSON of a call are kept in memory whatever their size; an upload that is aborted, or that the disk has no space for,
leaves its temporary file for ever; text in place of a file, or beside one whose progress is asked for, is an error of
the server, and so are a long boundary and unknown names of functions and arguments; and a call with unusable data
prints a traceback that quotes the caller, line breaks included, or is answered with all of the data.
Issues: gradio#6393 (closed) reports the traceback of an aborted upload; on the rest none was found.
Can go when: the tests of limits in tests/page/server/test_gradio.py and test_gradio_requests.py fail, each for its
part.
"""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio import route_utils, routes
from gradio.route_utils import GradioMultiPartParser, MultiPartException
from python_multipart.exceptions import FormParserError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .json_limits import MAX_OTHER_BYTES, OtherBytes, is_utf8
from .root_path import path_in_page

# The photos of one call over MCP, as `data:` URLs: the largest one has 67 MB of base64, and takes eight times that.
MAX_CALL_BYTES = 100 * 2**20
# Bodies over the first limit share the second, from their reading to their answer.
LARGE_BYTES, MAX_LARGE_BYTES = 4 * 2**20, 300 * 2**20
# The text fields of an upload: names and numbers.
MAX_TEXT_BYTES = 2**20
UPLOAD_PATH = "/gradio_api/upload"
TOO_LARGE = f"The request is too large: the limit is {MAX_CALL_BYTES // 2**20} MB."
TOO_MANY = "Too many large requests just now: upload the photo instead, or try again in a minute."
TOO_MUCH_ELSE = (
    f"The request is too large: {MAX_OTHER_BYTES // 2**20} MB is the limit for all but photos in data:image/ addresses."
)
NOT_UTF8 = "The request cannot be used: JSON has to be in UTF-8."
UNUSABLE = "The request cannot be used: upload the photo again, and send what the upload answers."
UNKNOWN_ARGUMENTS = "The call cannot be used: the page has no such function, or it takes other arguments."
DISK_FULL = "There is no space for the upload just now: try again in some minutes."
# What gradio raises for unusable data: paths that are not uploads, wrong types, too many arguments. Its own errors are
# subclasses of ValueError, as is pydantic's.
NOT_USABLE = (ValueError, TypeError, LookupError, AttributeError, OSError)


class LargeBodies:
    """Counts the bytes of all large bodies that are held at the same time.

    Only what has come counts: a request that declares a large body, and has not sent it, keeps nobody out.
    """

    def __init__(self) -> None:
        self.num_bytes = 0

    @contextmanager
    def held(self) -> Iterator[Callable[[int], bool]]:
        """A function that takes the size of one body whenever it has grown: whether there is room for it."""
        counted = 0

        def has_room(size: int) -> bool:
            nonlocal counted
            if size <= LARGE_BYTES:
                return True
            self.num_bytes += size - counted
            counted = size
            return self.num_bytes <= MAX_LARGE_BYTES

        try:
            yield has_room
        finally:
            self.num_bytes -= counted


class RequestLimit:
    """Middleware that reads the body of a request, or refuses it, before anything parses it; uploads are exempt.

    It refuses more than `max_bytes`, at once where their Content-Length says so, and JSON over the limits of
    json_limits.py. (The application would read the body whole as well: there is no second copy.) Large bodies have a
    limit together, too.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes
        self.large = LargeBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_upload(scope):
            await self.app(scope, receive, send)
            return
        refused = 413, TOO_LARGE
        if int(Headers(scope=scope).get("content-length", "0")) <= self.max_bytes:
            with self.large.held() as has_room:
                answer = await self._read(receive, has_room)
                if answer is None:
                    return
                if isinstance(answer, bytes):
                    await self.app(scope, _replay(answer, receive), send)
                    return
            refused = answer
        # Without closing the connection: who still sends would miss the answer.
        await PlainTextResponse(refused[1], refused[0])(scope, receive, send)

    async def _read(self, receive: Receive, has_room: Callable[[int], bool]) -> bytes | tuple[int, str] | None:
        """The body, or the status and sentence of a refusal, or None where the visitor has left."""
        body, other = io.BytesIO(), OtherBytes()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            block = message.get("body", b"")
            body.write(block)
            other.feed(block)
            if body.tell() > self.max_bytes:
                return 413, TOO_LARGE
            if other.count > MAX_OTHER_BYTES:
                return 413, TOO_MUCH_ELSE
            if not has_room(body.tell()):
                return 503, TOO_MANY
            if not message.get("more_body", False):
                whole = body.getvalue()
                return whole if is_utf8(whole) else (400, NOT_UTF8)


def is_upload(scope: Scope) -> bool:
    """Whether a request goes to gradio's route for uploads, and not to a path that is like it."""
    return path_in_page(scope) == UPLOAD_PATH and scope["method"] == "POST"


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    del body

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


class BoundedParser(GradioMultiPartParser):
    """gradio's parser of uploads, with a limit for text fields; deletes the files of uploads that were not finished."""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            super().on_part_data(data, start, end)
            return
        if len(self._current_part.data) + end - start > MAX_TEXT_BYTES:
            raise MultiPartException(f"Text exceeded maximum allowed size of {MAX_TEXT_BYTES} bytes.")
        # gradio's own fails where progress is asked for, as text has no file name.
        self._current_part.data += data[start:end]

    async def parse(self):
        try:
            form = await super().parse()
            # gradio's route fails over text.
            if any(isinstance(file, str) for file in form.getlist("files")):
                raise MultiPartException("The field “files” must hold files.")
            return form
        except MultiPartException:
            self._delete_files()
            raise
        except FormParserError:
            raise MultiPartException("The boundary between the parts is no usual one.") from None
        except ClientDisconnect:
            self._delete_files()
            raise MultiPartException("The upload was aborted.") from None
        except OSError:
            self._delete_files()
            raise HTTPException(507, DISK_FULL) from None

    def _delete_files(self) -> None:
        for file in self._files_to_close_on_error:
            with suppress(OSError):  # what is left in its buffer finds no space either
                file.close()
            Path(file.name).unlink(missing_ok=True)  # Windows deletes no open file


async def without_the_data(request: Request, error: RequestValidationError) -> PlainTextResponse:
    """FastAPI's own answer repeats the data, which may have 200 MB."""
    return PlainTextResponse("The request cannot be used: it has another form than this address takes.", 422)


async def unknown_arguments(request: Request, error: Exception) -> PlainTextResponse:
    """Answers calls by names of arguments that a function lacks, or by name or number of one that the page lacks."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    if last.name not in ("construct_args", "get_fn") and last.filename != routes.__file__:
        raise error
    return PlainTextResponse(UNKNOWN_ARGUMENTS, 422)


def exception_handlers() -> dict:
    """Kind of error -> what answers the call that raised it, for `exception_handlers` in gradio's `app_kwargs`."""
    unknown = (TypeError, KeyError, route_utils.FnIndexInferError)
    return {RequestValidationError: without_the_data, **dict.fromkeys(unknown, unknown_arguments)}


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
