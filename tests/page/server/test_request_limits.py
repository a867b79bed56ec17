"""Large requests at the same time; what limits each by itself is in tests/robustness/test_security_uploads.py."""

import asyncio

import pytest

from page.server import request_limits
from page.server.request_limits import LARGE_BYTES, TOO_MANY, RequestLimit
from tests.apart import run_apart

PHOTO = b'["data:image/png;base64,' + b"A" * (LARGE_BYTES + 2**20) + b'"]'
BLOCK = 2**20
SCOPE = {"type": "http", "method": "POST", "path": "/gradio_api/run/predict", "headers": []}
TAKEN = (200, "")
LONGEST_S = 30


@pytest.fixture(autouse=True)
def _room_for_two(monkeypatch):
    monkeypatch.setattr(request_limits, "MAX_LARGE_BYTES", 2 * len(PHOTO))


class Page:
    """The middleware around an application that answers when it may."""

    def __init__(self):
        self.limit, self.may_answer = RequestLimit(self._answer, 2 * len(PHOTO)), asyncio.Event()
        self.asking = 0

    async def _answer(self, scope, receive, send):
        assert (await receive())["body"]
        self.asking += 1
        await self.may_answer.wait()
        if scope.get("fails"):
            raise RuntimeError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, body, leaves=False, **scope):
        """Status and text of an answer; None for a visitor who leaves before the body's end."""
        blocks = [body[start : start + BLOCK] for start in range(0, len(body), BLOCK)]
        messages = [{"type": "http.request", "body": block, "more_body": True} for block in blocks]
        messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "more_body": False})
        sent = []

        async def receive():
            await asyncio.sleep(0)
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        await self.limit(SCOPE | scope, receive, send)
        return (sent[0]["status"], sent[1]["body"].decode()) if sent else None

    async def holding(self, count):
        """Tasks of large requests that the application has, and has not answered."""
        tasks = [asyncio.create_task(self.ask(PHOTO)) for _ in range(count)]
        while self.asking < count:
            await asyncio.sleep(0)
        return tasks


def test_large_requests_have_a_limit_together_until_they_are_answered():
    async def visit():
        page = Page()
        tasks = await page.holding(2)
        assert await page.ask(PHOTO) == (503, TOO_MANY)
        small = asyncio.create_task(page.ask(b'["a small one"]'))
        page.may_answer.set()
        assert await asyncio.gather(*tasks, small) == [TAKEN] * 3
        assert await page.ask(PHOTO) == TAKEN
        assert page.limit.large.num_bytes == 0

    run_apart(asyncio.wait_for(visit(), LONGEST_S))


def test_room_comes_back_however_a_large_request_ends():
    async def visit():
        page = Page()
        page.may_answer.set()
        assert await page.ask(PHOTO, leaves=True) is None
        assert (await page.ask(b"[" + b"1," * LARGE_BYTES + b"1]"))[0] == 413
        assert (await page.ask(PHOTO * 3))[0] == 413
        with pytest.raises(RuntimeError):
            await page.ask(PHOTO, fails=True)
        assert page.limit.large.num_bytes == 0

    run_apart(asyncio.wait_for(visit(), LONGEST_S))
