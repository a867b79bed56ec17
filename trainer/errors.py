"""The trainer's errors; their messages are for the user."""

from collections.abc import Sequence

from gender_age.errors import GenderAgeError


class TrainerError(GenderAgeError):
    """A trainer command failed because of its input."""


class DataError(TrainerError):
    """A source or prepared dataset is missing, damaged, of another kind, or prepared with other settings."""


class RepeatedColumnError(DataError):
    """A table has two columns of one name; `columns` are all of its names."""

    def __init__(self, message: str, columns: Sequence[str]) -> None:
        super().__init__(message)
        self.columns = columns


class MissingSplitError(DataError):
    """A prepared dataset has no images in a split."""


class ConfigError(TrainerError):
    """A training config is unreadable or has an unknown setting."""


class RunError(TrainerError):
    """A training run cannot be started or continued in this folder."""
