"""The page as tests ask it: in this process around a fake model, or as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import httpx

from tests.conftest import REPOSITORY

START_S = 120


class Caller:
    """Uploads and calls as a program does that has no client library.

    Args:
        url: of the page.
    """

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/gradio_api/"
        self.http = httpx.Client(timeout=60)

    def upload(self, name: str, data: bytes) -> httpx.Response:
        """The answer to an upload, whose JSON is a list with one path."""
        return self.http.post(self.url + "upload", files={"files": (name, data)})

    def call(self, name: str, data: list) -> tuple[str, object]:
        """Calls an endpoint: `complete` or `error`, and the answer."""
        posted = self.http.post(f"{self.url}call/{name}", json={"data": data})
        posted.raise_for_status()
        text = self.http.get(f"{self.url}call/{name}/{posted.json()['event_id']}").text
        event, _, answer = text.strip().rpartition("\n")
        return event.rpartition("event: ")[2].strip(), json.loads(answer.removeprefix("data: "))

    def predict(self, name: str, data: bytes) -> dict:
        """The JSON of a photo."""
        (path,) = self.upload(name, data).raise_for_status().json()
        event, answer = self.call("predict", [given(path)])
        assert event == "complete", (event, answer)
        return answer[0]

    def predict_batch(self, *files: tuple[str, bytes]) -> list[dict]:
        """The JSON of every photo."""
        paths = [self.upload(name, data).raise_for_status().json()[0] for name, data in files]
        event, answer = self.call("predict_batch", [[given(path) for path in paths]])
        assert event == "complete", (event, answer)
        return answer[0]


def given(path: str, **others: object) -> dict:
    """A file of the server as a call names it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **others}


class PageProcess:
    """`page_process` in a process of its own; a context manager.

    Args:
        folder: for its log and its files.
        arguments: of the module.
        module: what is run, if it is another one.
        environment: more variables.

    Attributes:
        pid, url: of the page.
        folder: holds its log, and `temporary`, below which it keeps its files.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        module: str = "tests.robustness.page_process",
        **environment: str,
    ) -> None:
        self.folder, self.temporary, self._log = folder, folder / "temporary", folder / "log.txt"
        self._working = folder / "cwd"
        self._working.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "-m", module, *arguments]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        variables = os.environ | {"GRADIO_TEMP_DIR": str(self.temporary), "PYTHONPATH": str(REPOSITORY)} | environment
        variables.pop("OMP_NUM_THREADS", None)  # the tests' own
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._working,
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Tests that a shell has put into the background ignore it, and so would the page.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def __enter__(self) -> PageProcess:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.is_alive():
            try:
                with urlopen(self.url, timeout=5):
                    return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise AssertionError(f"the page is not served: {self.log[-2000:]}")

    def __exit__(self, *exception: object) -> None:
        self._process.send_signal(signal.SIGINT)  # as Ctrl-C: the page tidies up
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
