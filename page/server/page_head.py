"""The head of the page: its language, and what is shown where its address is sent to somebody.

Missing in gradio: the page describes itself to other sites as "Gradio", with gradio's picture, before it does so with
empty values; its components take the browser's language, in which the page's own words are not; the page, a quarter of
a megabyte of settings, is not compressed. What `launch(head=…)` holds is added by a script, after the language is
chosen and unseen by other sites.
Issues: none was found.
Can go when: `test_the_page_describes_itself_as_gradio_in_the_browsers_language` in
tests/page/server/test_gradio_requests.py fails.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from gradio.route_utils import get_root_url
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .root_path import path_in_page

PREVIEW = Path(__file__).resolve().parents[1] / "preview.jpg"
PREVIEW_PATH = "/preview.jpg"
PREVIEW_WH = (1200, 630)
TITLE = "Gender and age"
DESCRIPTION = (
    "Finds every face of a photo and estimates its apparent age, with an honest interval, and its perceived gender."
)
GRADIOS_DESCRIPTION = re.compile(rb'<meta\s+(property="og:|name="twitter:)[^>]*>\s*')
# Before gradio's own scripts, which run once the document is read.
ENGLISH = """<script>
for (const [name, value] of [['language', 'en'], ['languages', ['en']]]) {
  Object.defineProperty(navigator, name, { value });
}
</script>"""


class PageHead:
    """Middleware that puts `head_html` into the page, and serves its picture."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # The highest level takes twice as long, and saves four hundredths.
        self._compressed = GZipMiddleware(self._with_head, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        path = path_in_page(scope)
        if path == PREVIEW_PATH:
            await FileResponse(PREVIEW)(scope, receive, send)
        else:
            await (self._compressed if path in ("", "/") else self.app)(scope, receive, send)

    async def _with_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            request = Request(scope)
            root = get_root_url(request, "/", scope.get("root_path"))
            response = Response(bytes(body), start["status"])
            response.raw_headers = [each for each in start["headers"] if each[0] != b"content-length"]
            html = with_head(bytes(body), root)
            if scope["method"] == "GET":
                response.raw_headers.append((b"content-length", str(len(html)).encode()))
            response.body = html
            await response(scope, receive, send)

        await self.app(scope, receive, changed)


def with_head(page: bytes, root: str) -> bytes:
    """The page with this project's description in place of gradio's; `root` is its public address."""
    return GRADIOS_DESCRIPTION.sub(b"", page).replace(b"<head>", b"<head>\n" + head_html(root).encode(), 1)


def head_html(root: str) -> str:
    """Description and social preview (https://ogp.me), and the script for the language."""
    picture = {"image": f"{root}{PREVIEW_PATH}", "image:width": PREVIEW_WH[0], "image:height": PREVIEW_WH[1]}
    described = {"type": "website", "title": TITLE, "description": DESCRIPTION, "url": root, **picture}
    tags = [f'<meta property="og:{name}" content="{escape(str(value))}" />' for name, value in described.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    tags.append(f'<meta name="description" content="{escape(DESCRIPTION)}" />')
    return "\n".join([*tags, ENGLISH])


def page_head() -> Middleware:
    """The middleware, for `middleware` in gradio's `app_kwargs`."""
    return Middleware(PageHead)
