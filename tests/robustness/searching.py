"""How hypothesis searches here: the same inputs in every run, and few enough for a suite that must stay quick."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FEW, MANY = (
    settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    for count in (30, 80)
)
# Surrogates, which come from names that are no UTF-8, are in.
TEXT = st.text(st.characters(), max_size=150)


def without_joiners(text: str) -> str:
    """A shown name without U+200C and U+200D, which are kept between what they join and are not `isprintable()`."""
    return text.replace("\u200c", "").replace("\u200d", "")
