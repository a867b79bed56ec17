"""How long a live stream may keep its place while others wait."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Event


class Turns:
    """The running streams of a page, and since when each has had its place.

    gradio's own `time_limit` adds up the time that it computes (`Event.run_time`), not the time that passes: at 50 ms a
    picture a turn of a minute would last for minutes, and a slow visitor could keep a place for hours.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun_s: WeakKeyDictionary[Event, float] = WeakKeyDictionary()

    def end_if_over(self, request: gr.Request, time_s: float) -> None:
        """Lets gradio end the visitor's stream with the answer that is underway, if its turn is over at `time_s`.

        To be called at every picture, in gradio's own call of the event.
        """
        for event in _running_streams(request.session_hash):
            if time_s - self._begun_s.setdefault(event, time_s) >= self._seconds:
                event.closed = True  # as gradio's route does it that the button Stop calls


def _running_streams(session_hash: str | None) -> list[Event]:
    """The visitor's streams that have a place; those that wait for one are not among them."""
    jobs = LocalContext.blocks.get()._queue.active_jobs
    return [event for job in jobs if job for event in job if event.streaming and event.session_hash == session_hash]
