"""Names stay on one line and cannot turn what is around them; usual spaces and joiners are no harm."""

import pytest

from gender_age.photo_names import photo_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("写真\u3000１.jpg", "写真 １.jpg"),
        ("Screenshot at 9.41.00\u202fAM.png", "Screenshot at 9.41.00 AM.png"),
        ("a\u00a0b.jpg", "a b.jpg"),
        ("می\u200cروم.jpg", "می\u200cروم.jpg"),
        ("👨\u200d👩\u200d👧❤\ufe0f\u200d🔥.jpg", "👨\u200d👩\u200d👧❤\ufe0f\u200d🔥.jpg"),
        ("\u200da\u200d\u200db \u200c.jpg", "?a??b ?.jpg"),
        ("a\u200d\u202eb\u200d", "a??b?"),
        ("a\n\u2028\u2029\x1b\u200b\ufeff\udce9.jpg", "a???????.jpg"),
    ],
)
def test_what_a_name_is_shown_as(name, shown):
    assert photo_name(f"photos/{name}") == shown
    assert photo_name(shown) == shown
