"""Reasons why the answer for a face may be off: its detection score, size, position, pose, sharpness and brightness.
Also which faces of a photo may be missing.

The thresholds were measured with the first default model, at 96 pixels, on the seven faces of `examples/` that are not
turned copies (degraded step by step, and the change of the answer looked at) and on the 2,120 faces of UTKFace's test
split.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from gender_age.detection import MAX_FACES
from gender_age.face_search import SMALLEST_FACE
from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.small_faces import smallest_face_px

# Detection score. Of the boxes found in the 100 copies of WIDER FACE, 5 of 84 below it are false (no labelled face with
# an IoU over 0.25), and 1 of 248 from it on; below 0.9 it is 2 of 42. The faces found in 200 pictures without people
# have 0.91, 0.94 and 0.98. None of the faces of `examples/`, of 16 portraits and of 299 UTKFace chips is below.
UNSURE_BELOW = 0.97
# Longer side of the box in pixels, whatever the model's size. From photos in which it is 160 pixels, six faces' ages
# move on average by 0.2 years at 80, 1.4 at 64, 1.5 at 48 and 2.5 at 28 with the MobileNet model of 160 pixels, and by
# 1.5, 1.5, 3.2 and 3.6 with the one before, of 96.
HINTED_BOX_PX = 64
# Variance of the Laplacian over the variance of the grey levels, which brightness and contrast leave alone. Examples:
# 0.61 to 1.15; blurred by a Gaussian of 1.5 of 96 pixels 0.04 to 0.07, and the age moves by 11 years; by 2 pixels 0.02
# to 0.04. UTKFace: 4 % are below 0.05; the 1 % below 0.031 have an error of 7.9 years instead of 5.2.
BLURRED_BELOW = 0.05
MEASURED_SIDE = 96
# The brightest tenth of the face's grey levels, of 255. The mean would call faces dark whose skin is dark: its lowest
# percent of UTKFace (below 63) holds 4 % of those labelled Black; this is below 80 for 0.1 % of all and 0.5 % of them.
# Examples: 180 and more; the dim one 69. At 0.3 of the light (54 to 65) the age moves by 7.5 years on average.
DARK_BELOW = 80.0
# How far the nose is from the middle between the eyes, along the line through them, in distances of the eyes. Examples:
# up to 0.03. UTKFace: 1.4 % are above 0.35, too few to measure whether the error grows there.
TURNED_ABOVE = 0.35
# Angle of the eye line. The face is turned upright before the model sees it: turned by up to 22° the examples' ages
# move by 2.0 years on average, by 30° to 45° by 2.6 and up to 7. UTKFace: all but 0.1 % are below 15°.
TILTED_ABOVE_DEGREES = 30.0
LYING_ABOVE_DEGREES, UPSIDE_DOWN_ABOVE_DEGREES = 60.0, 135.0
# Faces up to this many times the smallest size that is looked for, and how many of them are needed to say so. Of 60
# equal faces in composed groups, 2,000 to 6,000 pixels wide, 97 % and more are found from that size on, 77 % at 0.83
# and 36 % at 0.71 of it; at 1,000 pixels 92 % at 1.2 and 35 % at 0.9. This is said of 24 of the 100 copies of WIDER
# FACE.
NEAR_LIMIT, FACES_NEAR_LIMIT = 1.5, 3
# Sharpness and light are measured inside this share of the picture on every side: eyes, nose and mouth.
MIDDLE = (0.2, 0.8)

UNSURE = "The detector is not sure that this is a face."
SMALL = "The face is small in the photo: details of it are missing."
OUTSIDE = "Part of the face may lie outside the photo."
TURNED = "The face is turned away: the model has learned from few such faces."
TILTED = "The head is tilted: nearly all faces the model has learned from were upright."
LYING = "The face lies on its side: nearly all faces the model has learned from were upright."
UPSIDE_DOWN = "The face is upside down: nearly all faces the model has learned from were upright."
BLURRED = "The face is blurred: wrinkles and other signs of age cannot be seen."
CROP = "Crop the photo to find others."
DARK = "The face is dark: little of it can be seen."


def face_hints(face: FacePrediction, frame_wh: tuple[int, int], crop_rgb: Image.Image) -> list[str]:
    """Sentences that say why the answer for a face may be off; an empty list where there is no reason.

    Args:
        face: its box and landmarks are in pixels of the photo's frame.
        frame_wh: size of the photo's frame in pixels.
        crop_rgb: the aligned face as the model saw it.
    """
    x1, y1, x2, y2 = face.box
    is_small = max(x2 - x1, y2 - y1) < HINTED_BOX_PX
    grey = middle_grey(crop_rgb)
    is_unsure = face.score is not None and face.score < UNSURE_BELOW
    found = [(UNSURE, is_unsure), (SMALL, is_small), (OUTSIDE, is_partly_outside(face, frame_wh))]
    if face.landmarks is not None:
        tilt = eye_tilt(face.landmarks)
        found += [
            (TURNED, nose_offset(face.landmarks) > TURNED_ABOVE),
            (tilt_hint(tilt), tilt > TILTED_ABOVE_DEGREES),
        ]
    # A small face is always blurred when enlarged: one reason is enough.
    found += [(BLURRED, not is_small and sharpness(grey) < BLURRED_BELOW), (DARK, brightness(grey) < DARK_BELOW)]
    return [sentence for sentence, is_so in found if is_so]


def missing_faces_hint(prediction: PhotoPrediction) -> str:
    """Says why faces may be missing: there are too many, or some are too small to be looked for; else empty.

    Args:
        prediction: with all faces that were found.
    """
    if prediction.width is None or prediction.height is None:
        return ""
    if len(prediction.faces) >= MAX_FACES:
        return f"Only the {MAX_FACES} largest faces are answered: there may be more. {CROP}"
    limit = smallest_face_px((prediction.width, prediction.height))
    sides = (max(x2 - x1, y2 - y1) for x1, y1, x2, y2 in (face.box for face in prediction.faces))
    if sum(side < NEAR_LIMIT * limit for side in sides) < FACES_NEAR_LIMIT:
        return ""
    said = f"Faces under about {limit:.0f} pixels are not looked for."
    # A part of a small photo is searched no finer.
    return f"{said} {CROP}" if limit > SMALLEST_FACE else said


def is_partly_outside(face: FacePrediction, frame_wh: tuple[int, int]) -> bool:
    """Whether the box touches the frame's edge or a landmark lies outside; False for a whole image as one face."""
    if face.landmarks is None:
        return False
    width, height = frame_wh
    x1, y1, x2, y2 = face.box
    touches = x1 <= 0 or y1 <= 0 or x2 >= width or y2 >= height
    return touches or any(not (0 <= x <= width and 0 <= y <= height) for x, y in face.landmarks)


def nose_offset(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Distance of the nose from the middle between the eyes along the line through them, in distances of the eyes.

    About 0 for a face seen from the front; infinite where both eyes are at one point, as they are from the side.
    """
    left, right, nose = (np.asarray(point) for point in landmarks[:3])
    eyes = right - left
    distance = float(np.hypot(*eyes))
    if distance == 0:
        return math.inf
    return abs(float((nose - (left + right) / 2) @ eyes)) / distance**2


def eye_tilt(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Angle between the line through the eyes and the horizontal, in degrees from 0 to 180."""
    (left_x, left_y), (right_x, right_y) = landmarks[:2]
    return abs(math.degrees(math.atan2(right_y - left_y, right_x - left_x)))


def tilt_hint(degrees: float) -> str:
    """The sentence for a face whose `eye_tilt` is above the threshold."""
    if degrees > UPSIDE_DOWN_ABOVE_DEGREES:
        return UPSIDE_DOWN
    return LYING if degrees > LYING_ABOVE_DEGREES else TILTED


def sharpness(grey: np.ndarray) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) over the variance of the picture itself.

    Args:
        grey: `(height, width)`, float, grey levels.

    Returns:
        The ratio, the same at any brightness and contrast; 0 for an even picture.
    """
    inner = grey[1:-1, 1:-1]
    laplacian = 4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    variance = float(grey.var())
    return float(laplacian.var()) / variance if variance > 0 else 0.0


def brightness(grey: np.ndarray) -> float:
    """The grey level, 0 to 255, that the brightest tenth of the pixels reaches."""
    return float(np.percentile(grey, 90))


def middle_grey(crop_rgb: Image.Image) -> np.ndarray:
    """The middle of an aligned face as `(height, width)` grey levels, at the size of the measurements above."""
    crop = crop_rgb.convert("L")
    if crop.width != MEASURED_SIDE:
        crop = crop.resize((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BICUBIC)
    start, end = (int(MEASURED_SIDE * share) for share in MIDDLE)
    return np.asarray(crop, dtype=np.float64)[start:end, start:end]
