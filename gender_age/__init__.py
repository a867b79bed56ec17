"""Every face of a photo, with its apparent gender, age and an interval for that age."""

from typing import TYPE_CHECKING

from .errors import GenderAgeError, ModelError, PhotoError

if TYPE_CHECKING:
    from .prediction import GenderAgePredictor

__all__ = ["GenderAgeError", "GenderAgePredictor", "ModelError", "PhotoError"]


def __getattr__(name: str) -> object:
    # Deferred, because torch and transformers take seconds to import and `gender_age.labels` needs neither.
    if name == "GenderAgePredictor":
        from .prediction import GenderAgePredictor

        return GenderAgePredictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
