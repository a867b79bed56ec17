"""Runs coroutines where a browser test of the same process has left playwright's event loop running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_apart(coroutine: Coroutine) -> Any:
    """`asyncio.run` in a thread of its own; its result, or what it raised."""
    return call_apart(asyncio.run, coroutine)


def call_apart(function: Callable, *arguments: object) -> Any:
    """A call in a thread of its own; its result, or what it raised."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()
