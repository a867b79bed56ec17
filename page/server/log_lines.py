"""Keeps the log to one line an event, and to a number of lines a minute.

Missing in gradio and uvicorn: a request for an unknown event or with an odd name prints a traceback that quotes it,
line breaks included, and anybody can send such requests without end.
Issues: gradio#6393 (closed) and others report single tracebacks; none was found on the log as a whole.
Can go when: `test_an_unknown_event_prints_a_traceback` in tests/page/server/test_gradio_requests.py fails.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from types import SimpleNamespace, TracebackType

from gradio import queueing, routes
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINES_A_MINUTE, MAX_CHARACTERS, NUM_FRAMES = 60, 500, 4
FAILED = "The request failed."

logger = logging.getLogger(__name__)


class LineLimit(logging.Filter):
    """Makes one short line of every record, and drops those beyond `LINES_A_MINUTE`; the next line counts them."""

    def __init__(self) -> None:
        super().__init__()
        self._minute, self._lines, self._dropped = 0, 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record; whether it is written."""
        if (minute := int(time.monotonic() // 60)) != self._minute:
            self._minute, self._lines = minute, 0
        self._lines += 1
        if self._lines > LINES_A_MINUTE:
            self._dropped += 1
            return False
        line = one_line(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            line += f" {summary(record.exc_info[1])}"
        if self._dropped:
            line += f" ({self._dropped} more lines were left out.)"
            self._dropped = 0
        record.msg, record.args, record.exc_info, record.exc_text, record.stack_info = line, (), None, None, None
        return True


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, and not longer than a line may be."""
    shown = "".join(each if each.isprintable() else " " for each in text[:MAX_CHARACTERS].strip())
    return f"{shown} …" if len(text) > MAX_CHARACTERS else shown


def summary(error: BaseException) -> str:
    """What an error is and where it comes from. Not its message, which may quote a visitor or the name of a photo."""
    frames = traceback.extract_tb(error.__traceback__)[-NUM_FRAMES:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
    return one_line(f"{type(error).__name__} at {places}")


class OneLineErrors:
    """Middleware that answers a failed request with a sentence, and logs a line in place of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = has_ended = False

        async def noted(message: Message) -> None:
            nonlocal has_started, has_ended
            has_started = True
            has_ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, noted)
        except Exception as error:  # whatever it is, uvicorn would print it with its traceback
            logger.warning("A request failed: %s", summary(error))
            if not has_started:
                await PlainTextResponse(FAILED, 500)(scope, receive, send)
            elif not has_ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def one_line_errors() -> Middleware:
    """The middleware, for `middleware` in gradio's `app_kwargs`."""
    return Middleware(OneLineErrors)


class _ToStderr(logging.Handler):
    """Writes to what `sys.stderr` is at the moment: the page replaces it once."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


_handler = _ToStderr()
_handler.addFilter(LineLimit())


def bound_log() -> None:
    """Bounds all that this process logs from now on."""
    logging.getLogger().addHandler(_handler)  # which adds it once
    # gradio prints errors of events with `traceback.print_exc`.
    queueing.traceback = routes.traceback = SimpleNamespace(print_exc=_log_error)  # type: ignore[assignment]


def bound_server_log() -> None:
    """The same for uvicorn, which makes handlers of its own for every server."""
    for name in ("uvicorn", "uvicorn.access"):
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(LineLimit())


def _log_error() -> None:
    error: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] = sys.exc_info()
    if error[1] is not None:
        logger.error("An event failed: %s", summary(error[1]))
