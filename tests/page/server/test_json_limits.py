"""What of a JSON text counts: everything but photos."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.server.json_limits import OtherBytes, is_utf8

PHOTO = "data:image/jpeg;base64," + "A" * 5000


def count(text, size=None):
    counter = OtherBytes()
    for start in range(0, len(text), size or len(text)):
        counter.feed(text[start : start + (size or len(text))])
    return counter.count


@pytest.mark.parametrize("size", [1, 2, 7, 13, 64, None])
def test_photos_do_not_count_and_all_else_does(size):
    assert count(b"", size or 1) == 0
    assert count(b"[],[],[]", size) == 8
    assert count(json.dumps(["a" * 5000]).encode(), size) == 5004
    photo = json.dumps({"data": [PHOTO, "b"]}).encode()
    assert count(photo, size) == len(photo) - len(PHOTO) + len("data:image/")
    assert count(photo.replace(b"/", b"\\/"), size) == len(photo) - len(PHOTO) + len("data:image\\/")
    elsewhere = json.dumps([f" {PHOTO}", f'"{PHOTO}', PHOTO[1:]]).encode()
    assert count(elsewhere, size) == len(elsewhere)


@pytest.mark.parametrize("size", [1, 5, None])
def test_a_quote_in_a_photo_does_not_end_it_and_its_end_does(size):
    quoted = rb'["data:image/png;\"\\", [],[],[]]'
    assert count(quoted, size) == len(quoted) - len(rb"png;\"\\")
    many = b"[" + b'"data:image/",' * 1000 + b"1]"
    assert count(many, size) == len(many), "short strings cost their parser as much as others"


@given(
    st.recursive(
        st.none() | st.text() | st.text().map("data:image/".__add__),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
    st.integers(1, 40),
)
def test_the_count_is_that_of_a_parser(value, ascii_only, size):
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    exempt = sum(
        len(json.dumps(string, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) - 2 - len("data:image/")
        for string in strings_of(value)
        if string.startswith("data:image/")
    )
    assert count(text, size) == len(text) - exempt


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings_of(each)
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from strings_of(each)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_only_what_is_read_as_utf8_is_taken(encoding):
    text = '{"data": []}'.encode(encoding)
    assert is_utf8(text) is json.detect_encoding(text).startswith("utf-8")
