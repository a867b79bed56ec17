"""The errors whose messages are the sentences that the command prints."""

from gender_age.errors import GenderAgeError


class LabellingError(GenderAgeError):
    """The labelling cannot be done: what to read, where to write, or the cluster does not allow it."""


class JobFailedError(LabellingError):
    """The job began and ended early; it can go on."""
