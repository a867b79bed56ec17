"""Videos in, every person out once: faces are followed through sampled frames, which answer together.

PyAV (the extra `video`) decodes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict
from functools import partial

import torch
from PIL import ImageOps

from .alignment import align_face
from .counted import counted
from .decoding import decode, gender_probabilities
from .errors import GenderAgeError, VideoError
from .found_faces import largest
from .geometry import whole_pixels
from .min_score import checked_min_score
from .parallel import parallel_map
from .photo_names import photo_name, photo_path
from .prediction import GenderAgePredictor
from .video_reader import Frame, VideoReader
from .video_results import PersonPrediction, SeenFace, VideoPrediction
from .video_tracks import Person, Sighting, VideoTracker, look_of

# Five frames a second: docs/experiments.md. Faces from 40 pixels on in a frame of 1280.
SAMPLE_S, SMALLEST_SHARE = 0.2, 1 / 32
# Fewer frames are more often no face than a person, unless the clip has hardly more.
FEWEST_FRAMES = 3
# Beyond a limit of time: a clip that was cut to it lasts a frame or some sound longer.
GRACE_S = 0.2
# A clip of a crowd would take the page's time from all others.
MAX_FACES = 50
WORKERS = 2

Sight = Callable[[Frame], list[Sighting]]
"""Finds the faces of a frame; see `sightings`."""


def predict_video(
    predictor: GenderAgePredictor, video: str | os.PathLike, min_score: float | None = None
) -> VideoPrediction:
    """Every person of one video; none is an empty tuple.

    Frames are taken to be upright, as the file says.

    Args:
        predictor: whose detector and model are used.
        video: its path.
        min_score: leave out faces whose detection score is lower, in [0, 1].

    Raises:
        PhotoError, VideoError: the video cannot be used.
        ValueError: `min_score` is no number in [0, 1].

    Example:
        ```python
        predictor = GenderAgePredictor.from_pretrained()
        for person in predict_video(predictor, "party.mp4").people:
            print(person.first, person.last, person.age)
        ```
    """
    progress = follow(predictor, video, min_score)
    while True:
        try:
            next(progress)
        except StopIteration as end:
            return end.value


def video_or_error(
    predictor: GenderAgePredictor, video: str | os.PathLike, min_score: float | None = None
) -> VideoPrediction:
    """`predict_video`; an unusable video has its `error` set instead of raising."""
    try:
        return predict_video(predictor, video, min_score)
    except GenderAgeError as error:
        return VideoPrediction(video=photo_name(video), path=photo_path(video), error=str(error))


def follow(
    predictor: GenderAgePredictor,
    video: str | os.PathLike,
    min_score: float | None = None,
    longest_s: float | None = None,
    sight: Sight | None = None,
) -> Generator[VideoReader, None, VideoPrediction]:
    """`predict_video`, frame by frame.

    Args:
        longest_s: a longer video is refused.
        sight: in place of `sightings`, for all faces; called by two threads at once.

    Yields:
        The reader after each sampled frame, which knows how far it is.
    """
    tracker, times_s = VideoTracker(), list[float]()
    sight = sight or partial(sightings, predictor, min_score=checked_min_score(min_score))
    workers = min(torch.get_num_threads(), WORKERS)
    with (
        VideoReader(video, SAMPLE_S) as reader,
        closing(parallel_map(partial(_timed, sight), reader, workers)) as frames,
    ):
        for time_s, found in frames:
            if longest_s is not None and max(reader.duration_s or 0.0, reader.last_s) > longest_s + GRACE_S:
                limit = counted(longest_s, "second")
                raise VideoError(f"{reader.name} is too long: the limit is {limit}, cut it and try again.")
            tracker.add(found)
            times_s.append(time_s)
            yield reader
    steps = _steps(times_s, times_s[-1] if reader.is_damaged else reader.duration_s or 0.0)
    fewest = min(FEWEST_FRAMES, 1 + sum(steps.values()) // FEWEST_FRAMES)
    people = [each for each in tracker.people() if sum(steps[face.time_s] for face in each.faces) >= fewest]
    width, height = reader.size_wh or (None, None)
    return VideoPrediction(
        video=photo_name(video),
        path=photo_path(video),
        width=width,
        height=height,
        duration=reader.duration_s,
        people=tuple(person_of(each, predictor, SAMPLE_S * (steps[each.faces[-1].time_s] - 1)) for each in people),
        error=_what_is_missing(reader),
    )


def sightings(predictor: GenderAgePredictor, frame: Frame, min_score: float | None = None) -> list[Sighting]:
    """The faces of one frame, the largest `MAX_FACES` of them, with what the model says of each."""
    image_rgb = frame.image_rgb
    faces = largest(predictor.detector.detect(image_rgb, SMALLEST_SHARE, min_score), MAX_FACES)
    crops = [align_face(image_rgb, face.landmarks, predictor.face_size, predictor.alignment) for face in faces]
    temperature = predictor.model.config.gender_temperature
    genders, ages = [], []
    # A person's answer is the mean of many frames: every second one as its mirror image, which halves the model's work.
    # The first two, which may be all there are, count in both views.
    number = round(frame.time_s / SAMPLE_S)
    is_early = number < 2
    views = [ImageOps.mirror(crop) for crop in crops] if number % 2 and not is_early else crops
    for gender_logits, age_logits in predictor.logits(views, mirrored=is_early):
        genders += list(gender_probabilities(gender_logits, temperature).cpu().numpy())
        ages += list(age_logits.float().softmax(dim=-1).cpu().numpy())
    return [
        Sighting(
            time_s=frame.time_s,
            box=whole_pixels(face.box, image_rgb.size),
            score=face.score,
            weight=face.score * min(1.0, face.side / predictor.face_size),
            look=look_of(crop),
            crop=crop,
            gender_probabilities=gender,
            age_probabilities=age,
        )
        for face, crop, gender, age in zip(faces, crops, genders, ages, strict=True)
    ]


def person_of(person: Person, predictor: GenderAgePredictor, held_s: float = 0.0) -> PersonPrediction:
    """The answer from all faces of a person: their mean distributions, in which large, certain faces count more.

    Args:
        held_s: how much longer than a sampled frame the person's last one is shown.
    """
    faces = person.faces
    genders = torch.stack([torch.from_numpy(face.gender_probabilities) for face in faces])
    ages = torch.stack([torch.from_numpy(face.age_probabilities) for face in faces])
    weights = torch.tensor([face.weight for face in faces])
    shares = weights[None] / weights.sum()
    # As logits, since these are decoded everywhere.
    config = predictor.model.config
    overall, *single = decode(
        torch.cat([shares @ genders, genders]).log() * config.gender_temperature,
        torch.cat([shares @ ages, ages]).log(),
        config,
    )
    seen = tuple(
        SeenFace(time=face.time_s, box=face.box, score=face.score, **(asdict(estimate) | {"age_distribution": None}))
        for face, estimate in zip(faces, single, strict=True)
    )
    return PersonPrediction(
        first=seen[0].time,
        last=round(seen[-1].time + held_s, 6),
        frames=len(seen),
        seen=seen,
        crop=person.crop,
        **asdict(overall),
    )


def _timed(sight: Sight, frame: Frame) -> tuple[float, list[Sighting]]:
    return frame.time_s, sight(frame)


def _steps(times_s: list[float], end_s: float) -> dict[float, int]:
    """The time of each frame -> how many sampled ones it stands for: one, or more where it is shown for seconds."""
    shown_s = {time_s: after_s - time_s for time_s, after_s in zip(times_s, [*times_s[1:], end_s], strict=True)}
    return {time_s: max(1, round(each / SAMPLE_S)) for time_s, each in shown_s.items()}


def _what_is_missing(reader: VideoReader) -> str | None:
    last, end = f"{reader.last_s:.1f}", f"{reader.duration_s:.1f}"
    if not reader.is_damaged:
        more = f"{reader.name} goes on with another recording: the answers are from the first, up to second {end}."
        return f"{more} Save each as a file of its own." if reader.has_more else None
    place = f"{last} of {end}" if end != last else last
    return f"{reader.name} is damaged or cut short: the answers are from what could be read, up to second {place}."


__all__ = ["follow", "predict_video", "sightings", "video_or_error"]
