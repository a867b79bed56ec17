"""The one list of photo formats agrees with itself and with Pillow."""

import itertools

import pytest
from PIL import Image

from gender_age.formats import FORMATS, PHOTO_SUFFIXES, SUFFIXES, UNREADABLE_SUFFIXES, WANTED


def test_no_suffix_is_in_two_lists():
    lists = [*map(set, SUFFIXES.values()), set(UNREADABLE_SUFFIXES)]
    assert all(one.isdisjoint(other) for one, other in itertools.combinations(lists, 2))
    assert sum(map(len, SUFFIXES.values())) == len(PHOTO_SUFFIXES)


@pytest.mark.parametrize("suffix", sorted(PHOTO_SUFFIXES | UNREADABLE_SUFFIXES))
def test_suffixes_are_compared_in_lower_case_with_their_dot(suffix):
    assert suffix.startswith(".")
    assert suffix == suffix.lower()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_one_that_pillow_knows_by_these_suffixes(name):
    known = Image.registered_extensions()
    assert name in known.values()
    # A bitmap without a file header is DIB to Pillow; files that are called .dib usually have one.
    assert {known[suffix] for suffix in SUFFIXES[name]} <= ({name, "DIB"} if name == "BMP" else {name})


def test_the_sentence_names_every_format():
    named = WANTED.removeprefix("a ").removesuffix(" photo").replace(" or ", ", ").split(", ")
    assert tuple(name.upper() for name in named) == tuple(SUFFIXES)


def test_every_suffix_that_pillow_has_for_these_formats_is_a_photos():
    Image.init()
    known = Image.registered_extensions()
    assert {suffix for suffix, name in known.items() if name in FORMATS} <= PHOTO_SUFFIXES
