"""What is said of a photo and of its faces, and their JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class FacePrediction:
    """One face and what the model says of it.

    Attributes:
        box: `(x1, y1, x2, y2)` in whole pixels of the photo's frame, inside it and never empty.
        score: the detector's certainty in [0, 1]; None where the whole image was taken as one face.
        gender: "female" or "male", as perceived.
        gender_probability: calibrated probability of `gender`, in [0.5, 1].
        uncertain: whether `gender_probability` is too low to rely on.
        age: apparent age in years, in [0, 100].
        age_interval: first and last year, both inclusive; whole numbers.
        age_interval_level: share of true ages that such intervals hold.
        landmarks: five `(x, y)` in pixels of the photo's frame; None where the whole image was taken as one face.
    """

    box: tuple[int, int, int, int]
    score: float | None
    gender: str
    gender_probability: float
    uncertain: bool
    age: float
    age_interval: tuple[float, float]
    age_interval_level: float
    landmarks: tuple[tuple[float, float], ...] | None

    def to_dict(self) -> dict:
        """The face as in the JSON of a photo; without landmarks, which are no part of the contract."""
        values = asdict(self)
        del values["landmarks"]
        return values | {"box": list(self.box), "age_interval": list(self.age_interval)}


@dataclass(frozen=True, slots=True)
class PhotoPrediction:
    """One photo and its faces.

    Attributes:
        photo: base name of the path, or "image".
        width, height: of the photo's frame, in pixels: the stored pixels after EXIF and after `rotation`; None where
            the photo was unusable.
        rotation: counter-clockwise degrees (0, 90, 180 or 270) that were applied after EXIF.
        faces: left to right by box centre.
        error: a sentence that says why the photo was unusable, else None.
    """

    photo: str
    width: int | None
    height: int | None
    rotation: int
    faces: tuple[FacePrediction, ...]
    error: str | None = None

    def to_dict(self) -> dict:
        """The JSON of a photo."""
        return {
            "photo": self.photo,
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "faces": [face.to_dict() for face in self.faces],
            "error": self.error,
        }
