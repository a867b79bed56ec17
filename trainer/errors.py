"""The trainer's errors; their messages are for the user."""

from gender_age.errors import GenderAgeError


class TrainerError(GenderAgeError):
    """A trainer command failed because of its input."""


class DataError(TrainerError):
    """A source or prepared dataset is missing, damaged, of another kind, or prepared with other settings."""


class MissingSplitError(DataError):
    """A prepared dataset has no images in a split."""


class ConfigError(TrainerError):
    """A training config is unreadable or has an unknown setting."""


class RunError(TrainerError):
    """A training run cannot be started or continued in this folder."""
