"""The trainer's errors; like all of this project's, their messages are sentences for the person who asked."""

from gender_age.errors import GenderAgeError


class TrainerError(GenderAgeError):
    """A trainer command cannot be done with what was given."""


class DataError(TrainerError):
    """A source or a prepared dataset cannot be used: missing, damaged, of another kind, or made another way."""


class ConfigError(TrainerError):
    """A training config cannot be read or holds a setting that is not known."""


class RunError(TrainerError):
    """A training run cannot be started or continued in this folder."""
