"""The path of a request within the page, which a proxy may serve under a path of its own (`GRADIO_ROOT_PATH`).

Missing in Starlette: what its router does to find a path is private, and takes a root path as it is given, with the
slash at its end.
Issues: none was found.
Can go when: Starlette has a public `get_route_path` that passes tests/page/server/test_root_path.py.
"""

from __future__ import annotations

from starlette.types import Scope


def path_in_page(scope: Scope) -> str:
    """The path of an HTTP request without the root path, whether the proxy has removed it or not."""
    path: str = scope["path"]
    root = scope.get("root_path", "").rstrip("/")
    rest = path.removeprefix(root)
    return rest if rest[:1] in ("", "/") else path
