"""Every face of a photo, with its apparent gender, age and an interval for that age."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .prediction import GenderAgePredictor

__all__ = ["GenderAgePredictor"]


def __getattr__(name: str) -> object:
    # Deferred, because torch and transformers take seconds to import and `gender_age.labels` needs neither.
    if name in __all__:
        from .prediction import GenderAgePredictor

        return GenderAgePredictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
