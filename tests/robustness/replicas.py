"""Replicas of the page behind nginx, as `docs/scale/nginx.conf` has them, on ports and with files of the tests' own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.conftest import REPOSITORY

from .pages import Caller, PageProcess

CONFIG = REPOSITORY / "docs" / "scale" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OWN_FILES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def config_for(folder: Path, port: int, replicas: list[int]) -> Path:
    """`CONFIG` with these ports, and with nginx's files in `folder`."""
    text = CONFIG.read_text()
    server = re.search(r"\n *server 127\.0\.0\.1:7861([^;]*);", text)
    text = re.sub(r"\n *server 127\.0\.0\.1:786[12][^;]*;", "", text)
    servers = "".join(f"\n    server 127.0.0.1:{each}{server[1]};" for each in replicas)
    text = text.replace("hash $remote_addr consistent;", f"hash $remote_addr consistent;{servers}")
    text = text.replace("listen 127.0.0.1:7860;", f"listen 127.0.0.1:{port};")
    paths = "".join(f"\n  {name}_temp_path {folder / name};" for name in OWN_FILES)
    text = text.replace("http {", f"http {{\n  access_log off;{paths}", 1)
    path = folder / "nginx.conf"
    path.write_text(f"pid {folder / 'nginx.pid'};\nerror_log {folder / 'error.log'};\ndaemon off;\n{text}")
    return path


class Replicas:
    """Pages behind nginx; a context manager.

    Args:
        folder: for their files.
        count: of the pages.
        arguments: of `page_process`.

    Attributes:
        url: of nginx.
        pages: by number.
    """

    def __init__(self, folder: Path, count: int, *arguments: str) -> None:
        self._folder, self._count, self._arguments, self._opened = folder, count, arguments, ExitStack()

    def __enter__(self) -> Replicas:
        self.pages = []
        for number in range(self._count):
            place = self._folder / f"replica-{number}"
            place.mkdir()
            self.pages.append(self._opened.enter_context(PageProcess(place, *self._arguments)))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = config_for(self._folder, port, [urlsplit(page.url).port for page in self.pages])
        self._nginx = subprocess.Popen([NGINX, "-c", str(config)], stderr=subprocess.PIPE, text=True)
        self._opened.callback(self._stop)
        self.url = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(self.url, timeout=20).raise_for_status()
                return self
            except httpx.TransportError:
                if self._nginx.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def _stop(self) -> None:
        self._nginx.terminate()
        self._nginx.wait(20)

    def visitor(self, number: int) -> Caller:
        """A program with an address of its own."""
        caller = Caller(self.url)
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{number + 1}")
        caller.http = httpx.Client(timeout=60, transport=transport)
        return caller

    def of_visitor(self, number: int) -> PageProcess:
        """The page that has the visitor's uploads."""
        before = [self._uploads(page) for page in self.pages]
        self.visitor(number).upload("a.txt", f"{number} {time.monotonic_ns()}".encode())
        return next(page for page, count in zip(self.pages, before, strict=True) if self._uploads(page) > count)

    @staticmethod
    def _uploads(page: PageProcess) -> int:
        return sum(path.is_file() for path in page.temporary.rglob("a.txt"))


def kill(page: PageProcess) -> None:
    """As a machine that loses its power: without a word. Returns once the system has closed its sockets, until when it
    takes connections that nobody answers."""
    os.kill(page.pid, signal.SIGKILL)
    while page.is_alive():
        time.sleep(0.01)
