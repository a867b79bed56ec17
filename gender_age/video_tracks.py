"""Which faces of a clip's frames are one person: followed from frame to frame, then linked across gaps by their looks.

docs/experiments.md compares it with the trackers of libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from .geometry import PixelBox
from .track_linking import linked, unit
from .tracking import match_score

# A face that was not found for so long is not followed by its place any more, only by its looks.
KEPT_S = 1.5
# A face is another person, whatever its place, below the first; a track goes on elsewhere from the second.
MIN_SIMILARITY, LINK_SIMILARITY = 0.5, 0.88
LOOK_SIDE = 16
NO_CROP = Image.new("RGB", (1, 1))
# Weight of the newest step in a track's speed: detected boxes tremble.
SPEED_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in one frame.

    Attributes:
        time_s: of the frame.
        box: in pixels of the frame.
        score: the detector's certainty, in [0, 1].
        weight: how much its answer counts among those of a person, from 0 on.
        look: see `look_of`.
        crop: the aligned face, RGB; a track keeps that of its largest weight.
        gender_probabilities: `(2,)`, calibrated.
        age_probabilities: `(101,)`, of the years 0 to 100.
    """

    time_s: float
    box: PixelBox
    score: float
    weight: float
    look: np.ndarray
    crop: Image.Image
    gender_probabilities: np.ndarray
    age_probabilities: np.ndarray


def look_of(crop_rgb: Image.Image) -> np.ndarray:
    """`(256,)` float32 of length 1: an aligned face in grey at 16 × 16 pixels, less its mean.

    The product of two is the correlation of the faces, which light and contrast do not change.
    """
    small = crop_rgb.convert("L").resize((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float32).ravel()
    return unit(values - values.mean())


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """The faces of one person, in order of time, and the picture of the one with the largest weight."""

    faces: list[Sighting]
    crop: Image.Image


class VideoTracker:
    """Follows the faces of one clip.

    A track goes on with the face that lies where its last speed has led it to, and resembles it: where two people
    cross, place alone would exchange them.
    """

    def __init__(self) -> None:
        self._ended: list[_Track] = []
        self._tracks: list[_Track] = []

    def add(self, faces: Sequence[Sighting]) -> None:
        """Adds the faces of the next frame."""
        pairs = [(track.score(face), index, track) for track in self._tracks for index, face in enumerate(faces)]
        matches: dict[int, _Track] = {}
        for score, index, track in sorted(pairs, key=lambda pair: -pair[0]):
            if score > 0 and index not in matches and track not in matches.values():
                matches[index] = track
        for index, face in enumerate(faces):
            if index in matches:
                matches[index].add(face)
            else:
                self._tracks.append(_Track(face))
        if faces:
            now_s = faces[0].time_s
            self._ended += [track for track in self._tracks if now_s - track.last_s > KEPT_S]
            self._tracks = [track for track in self._tracks if now_s - track.last_s <= KEPT_S]

    def people(self) -> list[Person]:
        """In order of appearance."""
        tracks = [*self._ended, *self._tracks]
        groups = linked([track.look_sum for track in tracks], [track.times_s for track in tracks], LINK_SIMILARITY)
        people = [_person([tracks[index] for index in group]) for group in groups]
        return sorted(people, key=lambda person: (person.faces[0].time_s, person.faces[0].box[0]))


class _Track:
    """One person without a gap of more than `KEPT_S`."""

    def __init__(self, face: Sighting) -> None:
        self.faces: list[Sighting] = []
        self.look_sum = np.zeros_like(face.look)
        self.best = face.weight, face.crop
        self._speed_xy = np.zeros(2)
        self.add(face)

    @property
    def last_s(self) -> float:
        return self.faces[-1].time_s

    @property
    def times_s(self) -> set[float]:
        return {face.time_s for face in self.faces}

    def add(self, face: Sighting) -> None:
        if self.faces:
            step = (_centre(face.box) - _centre(self.faces[-1].box)) / (face.time_s - self.last_s)
            self._speed_xy = step if len(self.faces) == 1 else SPEED_WEIGHT * step + (1 - SPEED_WEIGHT) * self._speed_xy
        if face.weight > self.best[0]:
            self.best = face.weight, face.crop
        self.look_sum = self.look_sum + face.look
        # A film's pictures would fill the memory.
        self.faces.append(replace(face, crop=NO_CROP))

    def score(self, face: Sighting) -> float:
        """Match score with a face of the next frame; 0 where it is not this person, or cannot be told to be."""
        last, gap_s = self.faces[-1], face.time_s - self.last_s
        similarity = float(max(face.look @ last.look, face.look @ unit(self.look_sum)))
        if not 0 < gap_s <= KEPT_S or similarity < MIN_SIMILARITY:
            return 0.0
        dx, dy = (gap_s * self._speed_xy).tolist()
        x1, y1, x2, y2 = last.box
        place = max(match_score(box, face.box) for box in (last.box, (x1 + dx, y1 + dy, x2 + dx, y2 + dy)))
        return place / 2 + similarity if place > 0 else 0.0


def _person(tracks: Sequence[_Track]) -> Person:
    faces = sorted((face for track in tracks for face in track.faces), key=lambda face: face.time_s)
    return Person(faces, max(tracks, key=lambda track: track.best[0]).best[1])


def _centre(box_xyxy: Sequence[float]) -> np.ndarray:
    x1, y1, x2, y2 = box_xyxy
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2])


__all__ = ["Person", "Sighting", "VideoTracker", "look_of"]
