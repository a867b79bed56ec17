"""Lets MCP tools take photos as large as everything else.

Missing in gradio: its MCP server refuses requests over 4 MiB, the default of the package `mcp`, and passes no other
limit on. Issue: none was found.
Can go when: `test_mcp_takes_four_mebibytes` in tests/page/server/test_gradio_requests.py fails.
"""

from __future__ import annotations

import inspect
from functools import partial

from .request_limits import MAX_CALL_BYTES


def bound_mcp() -> None:
    """Makes gradio's MCP server leave the limit of a request to `RequestLimit`."""
    try:
        from gradio.mcp import GradioMCPServer
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    except ImportError:  # the extra `mcp` is not installed
        return
    if "max_request_body_size" not in inspect.signature(StreamableHTTPSessionManager).parameters:
        return  # older versions have no limit
    manager = partial(StreamableHTTPSessionManager, max_request_body_size=MAX_CALL_BYTES)
    GradioMCPServer.StreamableHTTPSessionManager = manager  # type: ignore[assignment,misc]
