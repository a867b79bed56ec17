"""Faces of people who lie, or stand on their heads, among upright ones."""

from __future__ import annotations

from PIL import Image

from .face_search import FaceSearch, Found
from .found_faces import Face, shared_area, without_duplicates
from .geometry import Box
from .turning import ROTATIONS, chosen_rotation, is_certainly_upright, rotate_image, standing

# Side of the smallest one, as a share of the photo's longer side, and how many places of a photo are looked at.
SMALLEST_LYING_SHARE, MAX_PLACES = 1 / 20, 8
# Where a turned glimpse shows no face with this probability, the place's own picture is not searched.
MIN_GLIMPSE = 0.3
# A place in which there is more than this share of a face is that face.
TAKEN_SHARE = 0.3
# Side of the place's own picture per side of the place, and of the smallest face in it.
CROP_GROWTH, CROP_FACE_SHARE = 2.0, 1 / 4


def with_lying_faces(search: FaceSearch, image_rgb: Image.Image, found: Found) -> list[Face]:
    """The faces of an upright photo, left to right; those that lie have their landmarks as they lie.

    MTCNN sees a face on its side or head as a doubtful one, with its eyes in the wrong place, or takes it for none in
    its last network. Such places are looked at turned, as small photos of their own.

    Args:
        image_rgb: the image that was searched.
        found: its faces, one of which is certainly upright, and the boxes that were rejected.
    """
    faces = list(found.faces)
    places = _places(faces, found.rejected, max(image_rgb.size) * SMALLEST_LYING_SHARE)
    if not places:
        return faces
    glimpses = search.cascade.turned_look(found.integral, places)
    for place, glimpse in zip(places, glimpses.tolist(), strict=True):
        if glimpse < MIN_GLIMPSE or any(_is_turned(face) and _is_taken(place, face) for face in faces):
            continue
        lying = _lying_face(search, image_rgb, place)
        if lying is not None:
            faces = [face for face in faces if not _is_taken(face.box, lying) or is_certainly_upright([face])]
            faces = without_duplicates([*faces, lying])
    return faces


def _places(faces: list[Face], rejected: list[Box], smallest: float) -> list[Box]:
    """The largest boxes that may hold a lying face."""
    doubtful = [face.box for face in faces if not is_certainly_upright([face])]
    free = [box for box in rejected if not any(_is_taken(box, face) for face in faces)]
    large = [box for box in (*doubtful, *free) if _side(box) >= smallest]
    return sorted(large, key=_side, reverse=True)[:MAX_PLACES]


def _lying_face(search: FaceSearch, image_rgb: Image.Image, place: Box) -> Face | None:
    """The face at a place that stands upright once the place is turned, in pixels of the image."""
    x1, y1, x2, y2 = place
    half = _side(place) * CROP_GROWTH / 2
    left, top = round((x1 + x2) / 2 - half), round((y1 + y2) / 2 - half)
    side = round(2 * half)
    crop = image_rgb.crop((left, top, left + side, top + side))
    candidates = {
        rotation: search.search([rotate_image(crop, rotation)], CROP_FACE_SHARE, sure_score=1.0)[0].faces
        for rotation in (0, *ROTATIONS)
    }
    rotation = chosen_rotation(candidates)
    if not rotation:
        return None
    best = max(standing(candidates[rotation]), key=lambda face: face.score)
    return best.turned_back(rotation, crop.size).moved(1.0, (left, top), image_rgb.size)


def _is_turned(face: Face) -> bool:
    return not standing([face])


def _is_taken(box: Box, face: Face) -> bool:
    return shared_area(box, face.box) > TAKEN_SHARE


def _side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


__all__ = ["with_lying_faces"]
