"""The error whose message is the sentence that the command prints."""

from gender_age.errors import GenderAgeError


class LabellingError(GenderAgeError):
    """The labelling cannot be done: what to read, where to write, or the cluster does not allow it."""
