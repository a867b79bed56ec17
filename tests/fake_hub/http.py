"""HTTP for the loopback Hub of `tests/hub_server.py`: requests, answers, ranges, and what breaks on purpose."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit


class Refused(Exception):
    """An answer with an error."""

    def __init__(self, status: int, message: str, code: str = "", headers: dict | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}


class Broken(Exception):
    """The connection ends here."""


class FaultyHandler(BaseHTTPRequestHandler):
    """One connection; `self.server.hub` is the `HubServer`, and a subclass has `route(path)`."""

    protocol_version = "HTTP/1.1"
    # Otherwise each small answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Notes the connection, for the server to end it when it closes."""
        super().setup()
        self.server.hub.connections.add(self.connection)

    def finish(self) -> None:
        """Forgets it."""
        self.server.hub.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Also HEAD, whose answer has no body, POST and PUT."""
        url = urlsplit(self.path)
        self.hub, self.query = self.server.hub, parse_qs(url.query)
        self.hub.requests.append((self.command, unquote(url.path)))
        self.fault = self.hub.fault_for(self.command, unquote(url.path))
        try:
            self.body = self._read_body()
            if self.fault and self.fault.kind == "refuse":
                self.fault.reached.set()
                raise Refused(self.fault.status, self.fault.message, self.fault.code)
            self.route(url.path)
        except Refused as error:
            named = {"X-Error-Code": error.code} if error.code else {}
            payload = {"error": error.message}
            if error.status == 400 and error.code == "":
                payload["errors"] = [{"message": error.message}]
            headers = {"X-Error-Message": error.message.replace("\n", " "), **named, **error.headers}
            self.send(json.dumps(payload).encode(), error.status, headers)
        except (Broken, ConnectionError):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, format: str, *args) -> None:
        """Nothing on stderr."""

    def asked(self, name: str) -> bool:
        """Whether the query says yes to `name`."""
        return self.query.get(name, [""])[0].lower() in ("1", "true")

    def json(self, value: dict | list, status: int = 200) -> None:
        """Answers with `value`."""
        self.send(json.dumps(value).encode(), status, {"Content-Type": "application/json"})

    def send(self, content: bytes, status: int, headers: dict[str, str]) -> None:
        """The answer, or the range of it that was asked for; with a fault, only its beginning."""
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and status == 200:
            start, size = int(wanted[1]), len(content)
            end = min(int(wanted[2] or size), size - 1)
            if start >= size:
                status, content, headers = 416, b"", headers | {"Content-Range": f"bytes */{size}"}
            else:
                content = content[start : end + 1]
                status, headers = 206, headers | {"Content-Range": f"bytes {start}-{end}/{size}"}
        self.send_response(status)
        for name, value in {**headers, "Accept-Ranges": "bytes", "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.command == "GET" and self.fault and self.fault.kind != "refuse":
            self.wfile.write(content[: self.fault.after])
            self.wfile.flush()
            self._break_off()
        self.wfile.write(content)

    def _read_body(self) -> bytes:
        """What the client sends; with a fault, only its beginning is read."""
        limit = None
        if self.command in ("POST", "PUT") and self.fault and self.fault.kind != "refuse":
            limit = self.fault.after
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b"".join(iter(self._read_chunk, b""))
        else:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size if limit is None else min(limit, size))
        if limit is not None:
            self._break_off()
        return body

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _break_off(self) -> None:
        self.fault.reached.set()
        if self.fault.kind == "stall":
            self.hub.stopped.wait()
        raise Broken
