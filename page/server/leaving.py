"""Ends the work for visitors who have left.

Missing in gradio: a call that is no generator runs to its end, as does one over MCP; and a stream whose visitor leaves
keeps its concurrency slot until its time limit, unless the browser also kept a heartbeat.
Issues: gradio#5138 and others (closed) on events that were not cancelled; none was found on these.
Can go when: the tests of visitors who leave in tests/page/server/test_gradio_requests.py fail.
"""

from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr
from gradio.context import LocalContext


def has_left() -> bool:
    """Whether the visitor of the running event has left or cancelled it. Call it inside the event's function."""
    blocks, event_id = LocalContext.blocks.get(), LocalContext.event_id.get()
    if blocks is None or event_id is None:
        return False
    events = (event for job in list(blocks._queue.active_jobs) if job for event in job)
    return not any(event._id == event_id and event.alive for event in events)


def end_left_streams(demo: gr.Blocks) -> None:
    """Makes the page's queue end the streams of visitors who leave. Call it after `demo.queue`."""
    queue = demo._queue
    clean_events = queue.clean_events

    async def clean_and_end(*, session_hash: str | None = None, event_id: str | None = None) -> None:
        for job in list(queue.active_jobs):
            for event in job or ():
                if event.streaming and (event.session_hash == session_hash or event._id == event_id):
                    event.closed = True  # as in gradio's route for the Stop button
                    event.signal.set()
        await clean_events(session_hash=session_hash, event_id=event_id)

    queue.clean_events = clean_and_end  # type: ignore[method-assign]


def cancel_left_tools() -> None:
    """Makes gradio's MCP server cancel the calls of clients that leave."""
    try:
        from gradio.mcp import GradioMCPServer
    except ImportError:  # the extra `mcp` is not installed
        return

    tasks: set[asyncio.Task] = set()

    async def result_or_cancel(self: GradioMCPServer, job: Any) -> list[Any]:
        try:
            return [await asyncio.wrap_future(job.future)]
        except asyncio.CancelledError:
            # Not `job.cancel`, which asks this server and waits for its answer. All tool calls are of one session, so
            # only the event is ended.
            with job.communicator.lock:
                job.communicator.should_cancel = True
            ending = self.blocks._queue.clean_events(event_id=job.communicator.event_id)
            tasks.add(task := asyncio.get_running_loop().create_task(ending))
            task.add_done_callback(tasks.discard)
            raise

    GradioMCPServer._execute_tool_without_progress = result_or_cancel
