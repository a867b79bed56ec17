"""What is said of a video and of the people in it, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from .geometry import PixelBox
from .results import FaceEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFace(FaceEstimate):
    """One face in one frame of a video, with what that frame alone says of it.

    Attributes:
        time: of the frame, in seconds from the video's start.
        box: in pixels of the frame.
        score: the detector's certainty in [0, 1].
    """

    time: float
    box: PixelBox
    score: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonPrediction(FaceEstimate):
    """One person of a video, with what all frames say of them.

    Attributes:
        first, last: when the face was seen first and last, in seconds from the video's start; a frame that is shown
            for seconds, such as a slide, is seen for as long.
        frames: in how many of the sampled frames it was seen.
        seen: the face in each of them, in order of time.
        crop: the aligned face that shows most, RGB.
    """

    first: float
    last: float
    frames: int
    seen: tuple[SeenFace, ...] = field(repr=False)
    crop: Image.Image = field(repr=False)

    def to_dict(self) -> dict[str, object]:
        """The person as in the JSON of a video."""
        return {
            "first": self.first,
            "last": self.last,
            "frames": self.frames,
            "gender": self.gender,
            "gender_probability": self.gender_probability,
            "uncertain": self.uncertain,
            "age": self.age,
            "age_interval": list(self.age_interval),
            "age_interval_level": self.age_interval_level,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoPrediction:
    """One video and the people in it.

    Attributes:
        video: base name of the path.
        path: the path as it was given; None for the page's videos.
        width, height: of the frames as they are shown, in pixels; None where the video was unusable.
        duration: in seconds; None where the video was unusable.
        people: in order of appearance.
        error: a sentence that says why the video was unusable, or what of it could not be read; else None.
    """

    video: str
    path: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    people: tuple[PersonPrediction, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The JSON of a video; `path` is in it where there is one."""
        return {
            "video": self.video,
            **({} if self.path is None else {"path": self.path}),
            "width": self.width,
            "height": self.height,
            "duration": self.duration,
            "people": [person.to_dict() for person in self.people],
            "error": self.error,
        }


__all__ = ["PersonPrediction", "SeenFace", "VideoPrediction"]
