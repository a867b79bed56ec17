"""Runs this project's commands in a process of their own, with the real Hub clients pointed at the loopback Hub.

The clients read address and cache when they are imported, and imports take seconds: so one process runs many commands.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class Commands:
    """Runs `main(argv)` of one module again and again; a context manager.

    Args:
        module: "app" or "trainer.__main__". In "app", where a page would be served, `served` is printed instead.
        environment: the process's, such as `HubServer.environment` gives.
        folder: where it runs.
    """

    def __init__(self, module: str, environment: Mapping[str, str], folder: Path = REPOSITORY) -> None:
        self.module, self.environment, self.folder = module, environment, folder

    def __enter__(self) -> Commands:
        self._folder = tempfile.TemporaryDirectory(prefix="hub-commands-")
        self._process = start_python(
            ["-m", "tests.fake_hub.commands", self.module, self._folder.name], self.environment, self.folder
        )
        return self

    def __exit__(self, *exception) -> None:
        self.kill()
        self._folder.cleanup()

    def run(self, *argv: str, token: str | None = None) -> Done:
        """Runs the command to its end, as whoever `token` belongs to."""
        self.start(*argv, token=token)
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"{self.module} {argv} ended in an exception: {self._written('stderr')}")
        return Done(int(answer), self._written("stdout"), self._written("stderr"))

    def start(self, *argv: str, token: str | None = None) -> None:
        """Starts the command and does not wait for it."""
        self._process.stdin.write(json.dumps([argv, token]) + "\n")
        self._process.stdin.flush()

    def _written(self, name: str) -> str:
        return (Path(self._folder.name) / name).read_text()

    def kill(self) -> None:
        """Ends the process at once, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def start_python(arguments: list[str], environment: Mapping[str, str], folder: Path = REPOSITORY) -> subprocess.Popen:
    """Starts this Python with pipes to its stdin and stdout."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def serve(module: str, folder: Path) -> None:
    """In the process itself: takes commands from stdin, answers each with its exit status on what was stdout."""
    answers = os.fdopen(os.dup(1), "w")
    main = importlib.import_module(module).main
    if module == "app":
        import gradio

        gradio.Blocks.launch = lambda *_, **__: print("served")
    for line in sys.stdin:
        argv, token = json.loads(line)
        os.environ.pop("HF_TOKEN", None)
        if token:
            os.environ["HF_TOKEN"] = token
        for number, name in ((1, "stdout"), (2, "stderr")):
            with (folder / name).open("wb") as file:
                os.dup2(file.fileno(), number)
        status = main(argv)
        sys.stdout.flush()
        sys.stderr.flush()
        print(status, file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
