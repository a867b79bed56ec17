"""Runs something after an event, however the event ended.

Missing in gradio: `then` does not run after a failure, although its description says that it does.
Issue: gradio#4113 was fixed in 2023; 6.31.0 has the same flaw again, for which no new issue was found.
Can go when: `test_then_does_not_run_after_a_failure` in tests/browser/test_gradio.py fails.
"""

from __future__ import annotations

from collections.abc import Callable

from gradio.events import Dependency


def endings(event: Dependency) -> tuple[Callable, Callable]:
    """The listeners of `event` that together run after every end of it. Give both the same function."""
    return event.then, event.failure
