"""Which faces of a clip's frames are one person: followed from frame to frame, then linked across gaps by their looks.

docs/experiments.md compares it with the trackers of libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .geometry import Box
from .tracking import match_score

# A face that was not found for so long is not followed by its place any more, only by its looks.
KEPT_S = 1.5
# A face is another person, whatever its place, below the first; a track goes on elsewhere from the second.
MIN_SIMILARITY, LINK_SIMILARITY = 0.5, 0.88
LOOK_SIDE = 16
# Weight of the newest step in a track's speed: detected boxes tremble.
SPEED_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in one frame.

    Attributes:
        time_s: of the frame.
        box: in pixels of the frame.
        score: the detector's certainty, in [0, 1].
        look: see `look_of`.
        gender_probabilities: `(2,)`, calibrated.
        age_probabilities: `(101,)`, of the years 0 to 100.
    """

    time_s: float
    box: Box
    score: float
    look: np.ndarray
    gender_probabilities: np.ndarray
    age_probabilities: np.ndarray


def look_of(crop_rgb: Image.Image) -> np.ndarray:
    """`(256,)` float32 of length 1: an aligned face in grey at 16 × 16 pixels, less its mean.

    The product of two is the correlation of the faces, which light and contrast do not change.
    """
    small = crop_rgb.convert("L").resize((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float32).ravel()
    return _unit(values - values.mean())


class VideoTracker:
    """Follows the faces of one clip.

    A track goes on with the face that lies where its last speed has led it to, and resembles it: where two people
    cross, place alone would exchange them.
    """

    def __init__(self) -> None:
        self._tracks: list[_Track] = []

    def add(self, faces: Sequence[Sighting]) -> None:
        """Adds the faces of the next frame."""
        pairs = []
        for track in self._tracks:
            for index, face in enumerate(faces):
                score = track.score(face)
                if score > 0:
                    pairs.append((score, index, track))
        matches: dict[int, _Track] = {}
        for _, index, track in sorted(pairs, key=lambda pair: -pair[0]):
            if index not in matches and track not in matches.values():
                matches[index] = track
        for index, face in enumerate(faces):
            if index in matches:
                matches[index].add(face)
            else:
                self._tracks.append(_Track(face))

    def people(self) -> list[list[Sighting]]:
        """The faces of each person in order of time; people in order of appearance."""
        groups = [track.faces for track in self._tracks]
        looks = [_mean_look(group) for group in groups]
        while (pair := _most_alike(groups, looks)) is not None:
            kept, merged = pair
            groups[kept] = sorted([*groups[kept], *groups.pop(merged)], key=lambda face: face.time_s)
            looks.pop(merged)
            looks[kept] = _mean_look(groups[kept])
        return sorted(groups, key=lambda group: (group[0].time_s, group[0].box[0]))


class _Track:
    """One person without a gap of more than `KEPT_S`."""

    def __init__(self, face: Sighting) -> None:
        self.faces = [face]
        self._speed = np.zeros(4)

    def add(self, face: Sighting) -> None:
        last = self.faces[-1]
        step = (np.array(face.box) - last.box) / (face.time_s - last.time_s)
        self._speed = step if len(self.faces) == 1 else SPEED_WEIGHT * step + (1 - SPEED_WEIGHT) * self._speed
        self.faces.append(face)

    def score(self, face: Sighting) -> float:
        """Match score with a face of the next frame; 0 where it is not this person, or cannot be told to be."""
        last = self.faces[-1]
        gap_s = face.time_s - last.time_s
        similarity = max(float(face.look @ last.look), float(face.look @ _mean_look(self.faces[-10:])))
        if not 0 < gap_s <= KEPT_S or similarity < MIN_SIMILARITY:
            return 0.0
        x_speed, y_speed = (self._speed[0] + self._speed[2]) / 2, (self._speed[1] + self._speed[3]) / 2
        moved = tuple(np.array(last.box) + gap_s * np.array([x_speed, y_speed, x_speed, y_speed]))
        place = max(match_score(moved, face.box), match_score(last.box, face.box))
        return place / 2 + similarity if place > 0 else 0.0


def _most_alike(groups: Sequence[Sequence[Sighting]], looks: Sequence[np.ndarray]) -> tuple[int, int] | None:
    """The two groups that are most surely one person, who is never in one frame twice; None if there are none."""
    best, found = LINK_SIMILARITY, None
    for second in range(len(groups)):
        for first in range(second):
            similarity = float(looks[first] @ looks[second])
            if similarity >= best and not {f.time_s for f in groups[first]} & {f.time_s for f in groups[second]}:
                best, found = similarity, (first, second)
    return found


def _mean_look(faces: Sequence[Sighting]) -> np.ndarray:
    return _unit(np.sum([face.look for face in faces], axis=0))


def _unit(values: np.ndarray) -> np.ndarray:
    return values / max(float(np.linalg.norm(values)), 1e-6)
