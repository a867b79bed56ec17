"""The errors whose messages are the sentences that the command prints."""

from collections.abc import Iterator
from contextlib import contextmanager

from gender_age.errors import GenderAgeError


class LabellingError(GenderAgeError):
    """The labelling cannot be done: what to read, where to write, or the cluster does not allow it."""


class JobFailedError(LabellingError):
    """The job began and ended early; it can go on."""


class PlaceLostError(LabellingError):
    """A place cannot be read or written, which says nothing about a photo: the job ends, and can go on."""


class StoreLostError(PlaceLostError):
    """A store no longer answers."""


class NoRoomError(PlaceLostError):
    """The temporary folder is full."""


def first_line(error: Exception) -> str:
    """What an error of another library says, for a sentence of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


@contextmanager
def named(place: str, problem: str, advice: str) -> Iterator[None]:
    """Turns what goes wrong with a place into a sentence.

    Raises:
        LabellingError: in place of any error but ours; the library of every store has errors of its own.
    """
    try:
        yield
    except GenderAgeError:
        raise
    except Exception as error:
        raise LabellingError(f"{place} {problem} ({first_line(error)}): {advice}.") from error
