"""Every face of a photo, with its perceived gender, apparent age and an interval for that age.

The package is flat: when a model is loaded with `trust_remote_code=True`, transformers copies the modules that
`from .module import name` names and looks into no sub-package. It imports neither gradio, datasets, page, trainer nor
labelling.
"""

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
