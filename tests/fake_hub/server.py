"""A small Hub on loopback, which the real clients talk to over a real socket.

`with HubServer() as hub:` serves models, datasets and Spaces as the Hub does, as far as huggingface_hub, transformers
and datasets ask for it. A client reads its address and token at import, so run it in a process of its own:

    hub.add_repo("user/model", "model", {"config.json": b"{}"})
    subprocess.run([...], env=hub.environment(token=TOKEN))

Faults: `cut` breaks a connection after so many bytes, `stall` goes silent instead, `refuse` answers with an error. All
three take an HTTP method and a regular expression for the request's path, and work `times` times, or always for -1.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from .repository import OTHER_TOKEN, TOKEN, Commit, Repository
from .routes import HubRequestHandler

__all__ = ["OTHER_TOKEN", "TOKEN", "HubServer"]
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Fault:
    """Something that goes wrong with requests of one kind, `times` times, or always for -1.

    Attributes:
        kind: "cut", "stall" or "refuse".
        after: bytes of the body that still pass: of the answer to a GET, of what a POST or PUT sends.
        status, code, message: of the answer, for "refuse".
        reached: set once a request has met it.
    """

    kind: str
    method: str
    path: re.Pattern
    times: int
    after: int = 0
    status: int = 0
    code: str = ""
    message: str = ""
    reached: threading.Event = field(default_factory=threading.Event)


class HubServer:
    """The server; a context manager. `requests` notes (method, path) of each request, in order of arrival."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.large_files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.connections: set[socket.socket] = set()
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self._faults: list[Fault] = []

    def __enter__(self) -> HubServer:
        self._homes = tempfile.TemporaryDirectory(prefix="hub-homes-")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), HubRequestHandler)
        self._server.daemon_threads = True
        self._server.hub = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self.close()
        self._homes.cleanup()

    def close(self) -> None:
        """Stops listening and ends all connections: from here on the network is dead."""
        if not self.stopped.is_set():
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()
            for connection in list(self.connections):
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cdn_url(self) -> str:
        """Where large files lie: another origin, as on the Hub, so that clients leave their token out."""
        return f"http://localhost:{self.port}/cdn"

    def environment(
        self, token: str | None = None, home: Path | None = None, url: str | None = None, **more: str
    ) -> dict:
        """A child process's environment: this server, `token`, and a cache of its own where no `home` is given."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "GENDER_AGE_"))}
        kept |= {
            "HF_ENDPOINT": url or self.url,
            "HF_HOME": str(home or tempfile.mkdtemp(dir=self._homes.name)),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(REPOSITORY),
        }
        return kept | ({"HF_TOKEN": token} if token else {}) | more

    def add_repo(
        self,
        repo_id: str,
        type: str = "model",
        files: Mapping[str, bytes] | Path | None = None,
        private: bool = False,
        gated: bool = False,
    ) -> Repository:
        """A new repository, with a second commit of `files` (a folder's, or path -> content) where given."""
        repository = Repository(repo_id, type, private, gated)
        if isinstance(files, Path):
            paths = [path for path in files.rglob("*") if path.is_file()]
            files = {path.relative_to(files).as_posix(): path.read_bytes() for path in paths}
        if files:
            repository.commit("files", repository.commits[-1].files | files)
        with self.lock:
            self.repositories[type, repo_id] = repository
        return repository

    def repo(self, repo_id: str, type: str = "model") -> Repository:
        """The repository; KeyError if there is none."""
        return self.repositories[type, repo_id]

    def commits(self, repo_id: str, type: str = "model") -> list[Commit]:
        """All commits, oldest first; the first is the Hub's own."""
        return list(self.repo(repo_id, type).commits)

    def files(self, repo_id: str, revision: str = "main", type: str = "model") -> dict[str, bytes]:
        """Path -> content of a revision, without the Hub's own .gitattributes."""
        files = dict(self.repo(repo_id, type).at(revision).files)
        files.pop(".gitattributes", None)
        return files

    def cut(self, method: str, path: str, after: int, times: int = 1) -> Fault:
        """The connection breaks after so many bytes of the body."""
        return self._add(Fault("cut", method, re.compile(path), times, after=after))

    def stall(self, method: str, path: str, after: int, times: int = 1) -> Fault:
        """Nothing more comes after so many bytes, and the connection stays open until the server stops."""
        return self._add(Fault("stall", method, re.compile(path), times, after=after))

    def refuse(
        self, method: str, path: str, status: int, message: str = "Refused", code: str = "", times: int = 1
    ) -> Fault:
        """An answer with an error; `code` is the Hub's own, such as "GatedRepo"."""
        return self._add(Fault("refuse", method, re.compile(path), times, status=status, code=code, message=message))

    def clear_faults(self) -> None:
        """All is well again."""
        with self.lock:
            self._faults.clear()

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, which then counts as met once more."""
        with self.lock:
            for fault in self._faults:
                if fault.times and fault.method == method and fault.path.search(path):
                    fault.times -= 1
                    return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        with self.lock:
            self._faults.append(fault)
        return fault
