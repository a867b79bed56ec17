"""The input for many files, on the page and for programs: each becomes a `GivenFile`.

Missing in gradio: `gr.File` leaves an empty temporary file for every upload; components fetch URLs without a limit of
size or time, and hosts of a built-in list without a check of their address; and the MCP schema of a list of files
refers to a definition that is not there, so that no call is valid. Methods are replaced on the object for the reason
that photo_input.py gives.
Issues: none is open; gradio#4256 removed the same empty files elsewhere in 2023, the draft gradio#3967 had these.
Can go when: the tests of `gr.File`, URLs and schemas in tests/page/server/test_gradio.py fail.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData, ListFiles
from gradio.processing_utils import hash_bytes, save_bytes_to_cache
from gradio.utils import is_in_or_equal
from gradio_client.utils import is_http_url_like, strip_invalid_filename_characters

from gender_age.photo_names import photo_name

from .archive import MAX_PHOTO_BYTES, too_large
from .fetching import FetchError, fetch, url_name

DATA_URI = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)(;[\w.+-]+=[^;,]*)*;base64,", re.ASCII)
# Types and parameters have some ten characters; millions of them took 1.4 GB.
MAX_HEAD = 200
UPLOAD = {
    "type": "object",
    "description": "A file that was uploaded to this page before.",
    "properties": {
        "path": {"type": "string", "description": "The path that the upload answered."},
        "meta": {"type": "object", "properties": {"_type": {"const": "gradio.FileData"}}},
    },
    "required": ["path", "meta"],
}
ADDRESS = {
    "type": "string",
    "description": "The file's public address (http:// or https://), or the file itself as data:image/jpeg;base64,….",
}
SCHEMA = {"type": "array", "items": {"anyOf": [ADDRESS, UPLOAD]}}
# In place of gradio's own pictures and documents, in what "Use via API" shows: a file of this project.
EXAMPLE = {
    "path": "examples/group.jpg",
    "url": "examples/group.jpg",
    "orig_name": "group.jpg",
    "meta": {"_type": "gradio.FileData"},
}
SUFFIXES = {"image/jpeg": ".jpg", "application/zip": ".zip", "application/x-zip-compressed": ".zip"}


# Some two minutes of work on two cores, for which others wait.
MAX_PHOTOS = 500
# For all URLs of a call together; others wait while they are fetched.
FETCH_SECONDS, MAX_FETCHED_BYTES = 30.0, 500 * 2**20


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A photo or an archive from a visitor or a program.

    Attributes:
        name: base name, safe to print.
        path: of the file, or None where there is an error.
        error: a sentence that says why the file is not available, else None.
    """

    name: str
    path: str | None
    error: str | None = None


class GivenFiles(ListFiles):
    """Uploads, and the strings of MCP clients, which gradio converts to uploads for single files only."""

    root: list[FileData | str]

    @classmethod
    def model_json_schema(cls, *arguments, **options) -> dict:
        """A schema without references."""
        return deepcopy(SCHEMA)


def photo_files(**options) -> gr.File:
    """A `gr.File` for many files that passes a list of `GivenFile` to its function."""
    component = gr.File(file_count="multiple", file_types=["image", ".zip"], type="filepath", **options)
    component.data_model = GivenFiles
    component.preprocess = partial(_given_list, component)
    component.example_payload = lambda: [dict(EXAMPLE)]
    fetch_here(component)
    return component


def fetch_here(component: gr.components.Component) -> None:
    """Leaves URLs among the uploads to `given_files`, which fetches with stricter limits than gradio."""
    move = component.async_move_resource_to_block_cache

    async def leave_addresses(path: str | None) -> str | None:
        return path if path and is_http_url_like(path) else await move(path)

    component.async_move_resource_to_block_cache = leave_addresses


def _given_list(component: gr.File, payload: GivenFiles | None) -> list[GivenFile]:
    return given_files(component, payload.root if payload else ())


def given_files(component: gr.components.Component, given: Sequence[FileData | str]) -> list[GivenFile]:
    """Uploads unchanged, and the files that strings stand for.

    Args:
        component: gets the files, so that gradio deletes them in time.
        given: uploads that gradio has checked, http(s) URLs, and `data:` URLs in base64. Beyond `MAX_PHOTOS`
            nothing is fetched.
    """
    deadline, max_bytes = time.monotonic() + FETCH_SECONDS, MAX_FETCHED_BYTES
    files = []
    for number, each in enumerate(given, 1):
        file = _given_file(component, number, each, deadline, max_bytes)
        if file.path is not None and not _is_upload(each):
            max_bytes -= os.path.getsize(file.path)
        files.append(file)
    return files


def _is_upload(given: FileData | str) -> bool:
    return not isinstance(given, str) and not is_http_url_like(given.path)


def _given_file(
    component: gr.components.Component, number: int, given: FileData | str, deadline: float, max_bytes: int
) -> GivenFile:
    name = f"photo {number}"
    if _is_upload(given):
        if not is_in_or_equal(given.path, component.GRADIO_CACHE):  # gradio checks payloads with `meta` only
            return GivenFile(name, None, f"“{name}” is no upload.")
        name = photo_name(given.path)
        if not os.path.exists(given.path):  # uploads are deleted in time
            return GivenFile(name, None, f"“{name}” is no longer kept here: choose it again.")
        return GivenFile(name, given.path)
    if number > MAX_PHOTOS:
        return GivenFile(name, None, f"“{name}” was not fetched: {MAX_PHOTOS} photos are the limit.")
    address = _with_small_scheme(given if isinstance(given, str) else given.path)
    try:
        if address.startswith("data:"):
            name, data = _from_data_uri(address, name)
        elif is_http_url_like(address):
            name = photo_name(url_name(address)) if url_name(address) else name
            data = fetch(address, min(MAX_PHOTO_BYTES, max_bytes), deadline - time.monotonic())
        else:
            raise FetchError("It is neither a web address nor a data: address: upload the photo.")
    except FetchError as error:
        return GivenFile(name, None, f"“{name}” could not be loaded. {error}")
    # In gradio's folder and registered, so that it is deleted in time.
    try:
        path = save_bytes_to_cache(data, _cache_name(name), component.GRADIO_CACHE)
    except OSError:  # the disk is full
        Path(component.GRADIO_CACHE, hash_bytes(data), _cache_name(name)).unlink(missing_ok=True)
        return GivenFile(name, None, f"“{name}” cannot be kept: there is no space just now, try again in some minutes.")
    return GivenFile(name, component.move_resource_to_block_cache(path))


def _with_small_scheme(address: str) -> str:
    """An address as gradio knows it: phones begin it with a capital."""
    scheme, colon, rest = address.partition(":")
    return f"{scheme.lower()}{colon}{rest}" if len(scheme) <= len("https") else address


def _from_data_uri(uri: str, name: str) -> tuple[str, bytes]:
    """Name and bytes of a `data:` URL.

    Raises:
        FetchError: it is not base64, or too large.
    """
    head = DATA_URI.match(uri, 0, MAX_HEAD)
    if head is None:
        raise FetchError("Its data: address has to start with data:image/jpeg;base64, or the like.")
    name += SUFFIXES.get(head["kind"], "." + head["kind"].rpartition("/")[2])
    if (len(uri) - head.end()) * 3 // 4 > MAX_PHOTO_BYTES:
        raise FetchError(too_large("It"))
    try:
        return name, base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise FetchError("Its data: address holds something else than base64.") from None


def _cache_name(name: str) -> str:
    """`name` as gradio names an upload; with a suffix, as gradio gives files without one that of an audio file."""
    name = strip_invalid_filename_characters(name) or "photo"
    return name if "." in name.strip(".") else f"{name}.photo"
