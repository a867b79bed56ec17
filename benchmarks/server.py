"""Benchmarks the page in a separate process, over loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gradio_client import Client, handle_file

from .baseline import Baseline
from .settings import Settings
from .speed import OURS, THEIRS
from .timing import Stopwatch, Times, interleaved

ROOT = Path(__file__).resolve().parent.parent
READY = "Running on local URL"
STARTS_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class PageTimes:
    """Times and memory of the page.

    Attributes:
        first_answer_s: seconds from process start to first answer, for every start.
        round_trip: times of a 12 Mpx photo with five faces through `/predict`, and of the baseline without a page.
        peak_bytes: peak resident memory of the process, or None if unknown.
    """

    first_answer_s: tuple[float, ...]
    round_trip: dict[str, Times]
    peak_bytes: int | None


class PageServer:
    """`python app.py` as a subprocess with a temporary folder; both end with the context."""

    def __init__(self, model: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._log = Path(self._folder.name) / "log.txt"
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "app.py", "--model", model, "--host", "127.0.0.1", "--port", str(port)]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "GRADIO_TEMP_DIR": self._folder.name}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> PageServer:
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait()
        self._folder.cleanup()

    def client(self) -> Client:
        """A client of the page, once the page is ready."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while READY not in self._log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The page did not start:\n{self._log.read_text()}")
            time.sleep(0.02)
        return Client(self.url, verbose=False)

    def peak_bytes(self) -> int | None:
        """Peak resident memory (VmHWM) of the process; None outside Linux."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) * 1024


def measure_page(
    model: str,
    baseline: Baseline,
    settings: Settings,
    phone_paths: dict[int, list[Path]],
    say: Callable[[str], None],
) -> PageTimes:
    """Measures the start of the page, then its round trips and memory with all phone photos."""
    first_answers = []
    for start in range(settings.server_starts):
        say(f"the page, start {start + 1}")
        began = time.perf_counter()
        with PageServer(model) as server:
            client = server.client()
            client.predict(handle_file(ROOT / "examples" / "collins.jpg"), api_name="/predict")
            first_answers.append(time.perf_counter() - began)
            if start == settings.server_starts - 1:
                say("the page, round trips")
                round_trip = _round_trips(client, baseline, settings, phone_paths[5])
                for path in (path for faces in phone_paths if faces != 5 for path in phone_paths[faces]):
                    client.predict(handle_file(path), api_name="/predict")
                peak = server.peak_bytes()
    return PageTimes(tuple(first_answers), round_trip, peak)


def _round_trips(client: Client, baseline: Baseline, settings: Settings, paths: list[Path]) -> dict[str, Times]:
    def ours(repetition: int, watch: Stopwatch) -> int:
        return len(client.predict(handle_file(paths[repetition]), api_name="/predict")["faces"])

    def theirs(repetition: int, watch: Stopwatch) -> int:
        return len(baseline.predict(paths[repetition], watch))

    return interleaved({OURS: ours, THEIRS: theirs}, settings.round_trips, warm_ups=0)
