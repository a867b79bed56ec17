"""What the process that opens photos and the one that asks it say to each other: one JSON object a message."""

from __future__ import annotations

import json
import os
import socket

MAX_MESSAGE = 1 << 16


def send_message(connection: socket.socket, message: dict, *descriptors: int) -> None:
    """Sends a message, with open files that the receiver gets copies of."""
    socket.send_fds(connection, [json.dumps(message).encode()], descriptors)


def receive_message(connection: socket.socket) -> tuple[dict, list[int]]:
    """The next message and the open files with it, which the receiver has to close.

    Raises:
        EOFError: the other process has ended.
        ValueError: this is no message.
        OSError: the time is over, or the connection is broken.
    """
    data, descriptors, _, _ = socket.recv_fds(connection, MAX_MESSAGE, 1)
    try:
        if not data:
            raise EOFError
        message = json.loads(data)
        if not isinstance(message, dict):
            raise ValueError("not a JSON object")
    except (EOFError, ValueError, RecursionError) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        raise error if isinstance(error, (EOFError, ValueError)) else ValueError("nested too deeply") from error
    return message, descriptors


__all__ = ["receive_message", "send_message"]
