"""What is said of a photo and of its faces, and their JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .geometry import Landmarks, PixelBox


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceEstimate:
    """What the model says of one face.

    Attributes:
        gender: "female" or "male", as perceived.
        gender_probability: calibrated probability of `gender`, in [0.5, 1].
        uncertain: whether `gender_probability` is too low to rely on.
        age: apparent age in years, in [0, 100]; the expectation of the age distribution.
        age_interval: first and last year, both inclusive, of the interval that is meant to hold the true age.
        age_interval_level: the share of true ages that such intervals are meant to hold.
        under_18: probability of an age below 18 years, in [0, 1]; None where it is not known. No part of the JSON.
        age_distribution: probability of every year from 0 to 100; None where it is not known. No part of the JSON.
    """

    gender: str
    gender_probability: float
    uncertain: bool
    age: float
    age_interval: tuple[float, float]
    age_interval_level: float
    under_18: float | None = None
    age_distribution: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePrediction(FaceEstimate):
    """One face of a photo and what the model says of it.

    Attributes:
        box: in pixels of the photo's frame.
        score: the detector's certainty in [0, 1]; None where the whole image was taken as one face.
        landmarks: in pixels of the photo's frame; None where the whole image was taken as one face.
    """

    box: PixelBox
    score: float | None
    landmarks: Landmarks | None = None

    def to_dict(self) -> dict[str, object]:
        """The face as in the JSON of a photo; without what is no part of the contract."""
        values = asdict(self)
        del values["landmarks"], values["under_18"], values["age_distribution"]
        head = {"box": list(self.box), "score": values.pop("score")}
        return head | values | {"box": list(self.box), "age_interval": list(self.age_interval)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPrediction:
    """One photo and its faces.

    Attributes:
        photo: base name of the path, or "image".
        path: the path as it was given; None for an image or an array, and for the page's photos.
        width, height: of the photo's frame, in pixels: the stored pixels after EXIF and after `rotation`; None where
            the photo was unusable.
        rotation: counter-clockwise degrees (0, 90, 180 or 270) that were applied after EXIF.
        faces: left to right by box centre.
        error: a sentence that says why the photo was unusable, else None.
    """

    photo: str
    path: str | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    faces: tuple[FacePrediction, ...] = ()
    error: str | None = None

    @classmethod
    def unusable(cls, photo: str, error: str, path: str | None = None) -> PhotoPrediction:
        """The prediction of a photo that cannot be used, with the sentence that says why."""
        return cls(photo=photo, path=path, error=error)

    def to_dict(self) -> dict[str, object]:
        """The JSON of a photo; `path` is in it where there is one."""
        return {
            "photo": self.photo,
            **({} if self.path is None else {"path": self.path}),
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "faces": [face.to_dict() for face in self.faces],
            "error": self.error,
        }


__all__ = ["FaceEstimate", "FacePrediction", "PhotoPrediction"]
