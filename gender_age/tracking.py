"""Tracks faces through the frames of a video: stable numbers, and answers smoothed over each track."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from .geometry import Box
from .labels import GENDERS
from .results import FaceEstimate, FacePrediction, PhotoPrediction

# Time constants of the exponential means, in seconds: short for boxes, which must follow the face; long for answers.
BOX_S, ANSWER_S = 0.2, 3.0
# An undetected face is shown for the first, and keeps its number for the second.
SHOWN_S, KEPT_S = 0.4, 1.0
# Boxes may match if their IoU is at least the first, or if the distance of their centres is less than the second times
# their side; a face moves less between two frames.
MIN_IOU, MAX_DISTANCE = 0.2, 0.8
# Maximum change of a face's size between two frames, as a factor.
MAX_GROWTH = 2.0
# Log-odds are clipped at this probability: one frame with probability 1 would outweigh all others.
MAX_PROBABILITY = 0.9999
RATE_WINDOW_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFace(FaceEstimate):
    """One face of a video, with its smoothed answers at the newest frame.

    Attributes:
        number: from 1; stays with the face while it is in view.
        box: in pixels of the camera's frame.
        age_interval: both ends in years, inclusive; as wide as that of a single frame, because the errors of one
            person's frames are correlated.
    """

    number: int
    box: Box


class DecayedMean:
    """Exponential moving average whose weights fall by 1/e every `time_constant_s` seconds.

    It starts as the plain mean, which settles fast, and does not depend on the frame rate.
    """

    def __init__(self, time_constant_s: float) -> None:
        self.time_constant_s = time_constant_s
        self._sum = np.zeros(())
        self._weight = 0.0
        self._time_s = 0.0

    def add(self, sample: np.ndarray, time_s: float) -> np.ndarray:
        """The mean including `sample`; all have one shape, and times do not decrease."""
        decay = math.exp(-max(0.0, time_s - self._time_s) / self.time_constant_s) if self._weight else 0.0
        self._sum = self._sum * decay + sample
        self._weight = self._weight * decay + 1.0
        self._time_s = time_s
        return self._sum / self._weight


class FrameRate:
    """Frames per second over the last two seconds."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()

    def add(self, time_s: float) -> None:
        """Counts a frame answered at this time."""
        self._times_s.append(time_s)
        # Two always stay, so that rates below one frame in two seconds are measured.
        while len(self._times_s) > 2 and time_s - self._times_s[0] > RATE_WINDOW_S:
            self._times_s.popleft()

    @property
    def last_s(self) -> float | None:
        """When the newest frame was answered."""
        return self._times_s[-1] if self._times_s else None

    @property
    def per_second(self) -> float | None:
        """None before the second frame."""
        if len(self._times_s) < 2:
            return None
        return (len(self._times_s) - 1) / max(self._times_s[-1] - self._times_s[0], 1e-3)


class FaceTracker:
    """Follows the faces of one video; each video needs its own.

    Args:
        uncertain_below: gender probability under which a face is `uncertain`; the model's config holds it.
    """

    def __init__(self, uncertain_below: float) -> None:
        self.uncertain_below = uncertain_below
        self._tracks: list[_Track] = []

    def update(self, prediction: PhotoPrediction, time_s: float) -> list[TrackedFace]:
        """Adds the next frame.

        Args:
            prediction: of the frame; boxes of a rotated frame are rotated back.
            time_s: capture time in seconds, by any clock; must not decrease.

        Returns:
            The faces in view, sorted by number; may be empty.
        """
        boxes = [camera_box(face.box, prediction) for face in prediction.faces]
        matches = self._match(boxes)
        for index, (box, face) in enumerate(zip(boxes, prediction.faces, strict=True)):
            track = matches.get(index)
            if track is None:
                track = _Track(self._free_number())
                self._tracks.append(track)
            track.add(box, face, time_s)
        # After matching, so that tracks survive one frame in two seconds.
        self._tracks = [track for track in self._tracks if time_s - track.seen_s <= KEPT_S]
        shown = [track for track in self._tracks if time_s - track.seen_s <= SHOWN_S]
        return [track.face(self.uncertain_below) for track in sorted(shown, key=lambda track: track.number)]

    def _free_number(self) -> int:
        taken = {track.number for track in self._tracks}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def _match(self, boxes: list[Box]) -> dict[int, _Track]:
        """Index of a new box -> its track; greedy, highest match score first."""
        pairs = [
            (match_score(track.box, box), index, track) for track in self._tracks for index, box in enumerate(boxes)
        ]
        matches: dict[int, _Track] = {}
        for score, index, track in sorted(pairs, key=lambda pair: -pair[0]):
            if score > 0 and index not in matches and track not in matches.values():
                matches[index] = track
        return matches


class _Track:
    """One face: its last box, and the means of its boxes and answers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.box: Box = (0.0, 0.0, 0.0, 0.0)
        self.seen_s = 0.0
        self._level = 0.0
        self._boxes, self._answers = DecayedMean(BOX_S), DecayedMean(ANSWER_S)
        self._smooth_box, self._smooth_answer = np.zeros(4), np.zeros(4)

    def add(self, box: Box, face: FacePrediction, time_s: float) -> None:
        self.box, self.seen_s, self._level = box, time_s, face.age_interval_level
        certain = min(face.gender_probability, MAX_PROBABILITY)
        log_odds = math.log(certain / (1 - certain)) * (1 if face.gender == GENDERS[1] else -1)
        self._smooth_box = self._boxes.add(np.array(box), time_s)
        self._smooth_answer = self._answers.add(np.array([face.age, *face.age_interval, log_odds]), time_s)

    def face(self, uncertain_below: float) -> TrackedFace:
        age, low, high, log_odds = self._smooth_answer.tolist()
        x1, y1, x2, y2 = self._smooth_box.tolist()
        probability = 1 / (1 + math.exp(-abs(log_odds)))
        return TrackedFace(
            number=self.number,
            box=(x1, y1, x2, y2),
            age=age,
            age_interval=(low, high),
            age_interval_level=self._level,
            gender=GENDERS[int(log_odds > 0)],
            gender_probability=probability,
            uncertain=probability < uncertain_below,
        )


def match_score(a_xyxy: Box, b_xyxy: Box) -> float:
    """Match score of two boxes in consecutive frames: IoU plus proximity of the centres, in [0, 2]."""
    sides = [math.sqrt(max(0.0, (x2 - x1) * (y2 - y1))) for x1, y1, x2, y2 in (a_xyxy, b_xyxy)]
    if min(sides) * MAX_GROWTH < max(sides) or max(sides) == 0:
        return 0.0
    width = min(a_xyxy[2], b_xyxy[2]) - max(a_xyxy[0], b_xyxy[0])
    height = min(a_xyxy[3], b_xyxy[3]) - max(a_xyxy[1], b_xyxy[1])
    shared = max(0.0, width) * max(0.0, height)
    iou = shared / (sides[0] ** 2 + sides[1] ** 2 - shared)
    centres = [((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in (a_xyxy, b_xyxy)]
    nearness = max(0.0, 1 - math.dist(*centres) / (MAX_DISTANCE * sum(sides) / 2))
    return iou + nearness if iou >= MIN_IOU or nearness > 0 else 0.0


def camera_box(box_xyxy: Box, prediction: PhotoPrediction) -> Box:
    """The box in pixels of the frame before its rotation by `prediction.rotation`."""
    x1, y1, x2, y2 = map(float, box_xyxy)
    width, height = float(prediction.width or 0), float(prediction.height or 0)
    if prediction.rotation == 90:
        return height - y2, x1, height - y1, x2
    if prediction.rotation == 180:
        return width - x2, height - y2, width - x1, height - y1
    if prediction.rotation == 270:
        return y1, width - x2, y2, width - x1
    return x1, y1, x2, y2
