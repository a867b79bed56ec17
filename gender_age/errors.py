"""The errors this package raises; their messages are sentences for the person who asked."""


class GenderAgeError(Exception):
    """Base of every error that says: this cannot be done with what was given."""


class PhotoError(GenderAgeError):
    """The photo cannot be used: missing, not an image, broken, or too large."""


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than are opened."""


class VideoError(GenderAgeError):
    """The video cannot be used: missing, no video, broken, or too large."""


class ModelError(GenderAgeError):
    """The checkpoint cannot be used: missing, of another kind, or incomplete."""


class UsageError(GenderAgeError):
    """The command line asks for something that cannot be done."""
