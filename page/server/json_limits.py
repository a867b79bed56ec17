"""Bounds the part of a JSON body that costs more to parse than to send: everything but photos in `data:` URLs.

Missing in gradio: a limit for JSON. 20 MB of `[],` took 1.6 GB and 20 s of everybody's time, while a photo of 50 MB is
one string. Issues: none was found.
Can go when: `test_the_json_of_a_call_has_no_limit` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

import re

# All arguments of the largest honest call, 500 uploads, have 0.3 MB.
MAX_OTHER_BYTES = 2**20
# Some programs escape slashes.
PHOTO_STARTS = (b"data:image/", b"data:image\\/")
_QUOTE_AND_START = 1 + max(map(len, PHOTO_STARTS))
_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)


class OtherBytes:
    """Counts the bytes of a JSON text outside strings that begin with `data:image/`, block by block.

    Attributes:
        count: so far, with the beginnings of these strings; a few bytes that look ahead count already.
    """

    def __init__(self) -> None:
        self.count = 0
        self._rest = b""
        self._in_string = self._in_photo = False

    def feed(self, block: bytes) -> None:
        """Counts the next bytes of the text."""
        self.count += len(block)
        text, self._rest, place = self._rest + block, b"", 0
        while place < len(text):
            if self._in_string:
                end = _STRING.match(text, place).end()  # type: ignore[union-attr]  # it also matches nothing
                if self._in_photo:
                    self.count -= end - place
                if end < len(text) and text[end : end + 1] == b"\\":  # what is escaped comes with the next block
                    self._rest = text[end:]
                    return
                self._in_string = end == len(text)
                place = end + 1
                continue
            place = text.find(b'"', place)
            if place < 0:
                return
            if len(text) - place < _QUOTE_AND_START:
                self._rest = text[place:]
                return
            start = next((each for each in PHOTO_STARTS if text.startswith(each, place + 1)), b"")
            self._in_string, self._in_photo = True, bool(start)
            place += 1 + len(start)


def is_utf8(start: bytes) -> bool:
    """Whether a JSON text is taken for UTF-8, as `json.detect_encoding` decides by its first four bytes.

    In UTF-16, `OtherBytes` would see strings where there are none.
    """
    return start[:1] not in (b"\xfe", b"\xff") and 0 not in start[:4]
