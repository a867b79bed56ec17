"""When a card says that a face could be a minor's, and in which words."""

import pytest

from page.photo.minors import MINOR_FROM, may_be_minor, minor_html
from tests import fakes


@pytest.mark.parametrize(
    ("under_18", "words"),
    [
        (None, ""),
        (0.0, ""),
        (MINOR_FROM - 0.001, ""),
        (MINOR_FROM, "Could be under 18 (15%)"),
        (0.31, "Could be under 18 (31%)"),
        (0.5, "Probably under 18 (50%)"),
        (0.999, "Probably under 18 (over 99%)"),
    ],
)
def test_the_line_and_its_probability(under_18, words):
    face = fakes.face(under_18=under_18)
    assert may_be_minor(face) is bool(words)
    assert minor_html(face) == (f'<p class="ga-minor">{words}</p>' if words else "")
