"""Limits how long a live stream keeps its concurrency slot, by the clock.

Missing in gradio: `time_limit` of a stream adds up processing time (`Event.run_time`), not elapsed time. At 50 ms a
picture, a limit of a minute lasts for minutes, and a slow visitor could keep a slot for hours.
Issue: none was found; gradio's guide to streaming documents it so.
Can go when: `test_the_time_limit_of_a_stream_is_not_the_clocks` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Event


class Turns:
    """The running streams of a page, and when each got its slot.

    Args:
        seconds: how long a stream may keep it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun_s: WeakKeyDictionary[Event, float] = WeakKeyDictionary()

    def end_if_over(self, request: gr.Request, time_s: float) -> None:
        """Makes gradio end the visitor's stream after the current answer, if its time is over at `time_s`.

        Call it for every picture, inside the event's function.
        """
        for event in _running_streams(request.session_hash):
            if time_s - self._begun_s.setdefault(event, time_s) >= self._seconds:
                event.closed = True  # as in gradio's route for the Stop button


def _running_streams(session_hash: str | None) -> list[Event]:
    """The visitor's streams that have a slot, without those that wait for one."""
    jobs = LocalContext.blocks.get()._queue.active_jobs
    return [event for job in jobs if job for event in job if event.streaming and event.session_hash == session_hash]
