"""gradio's check, at its start, whether its page answers.

Missing in gradio: it asks once, and gives up after three seconds. On a busy machine the first page takes longer, and a
server that runs well ends with a `ValueError` that speaks of `share=True`.
Issues: none was found.
Can go when: `test_gradio_gives_up_on_a_slow_first_page` in tests/page/server/test_start.py fails.
"""

from __future__ import annotations

from gradio import networking

# Each waits for three seconds at most.
ATTEMPTS = 20
gradios_check = networking.url_ok


def answers(url: str) -> bool:
    """Whether the page at `url` answers within a minute."""
    return any(gradios_check(url) for _ in range(ATTEMPTS))


def wait_for_first_page() -> None:
    """Puts `answers` in place of gradio's check."""
    networking.url_ok = answers
