"""Faces of people who lie, or stand on their heads, among upright ones."""

from __future__ import annotations

from PIL import Image

from .face_search import FaceSearch, Found
from .found_faces import Face, shared_area, without_duplicates
from .geometry import Box
from .image_parts import reduced
from .turning import chosen_rotation, is_certainly_upright, rotate_image, standing

# Side of the smallest one, as a share of the photo's longer side, and how many places of a photo are looked at.
SMALLEST_LYING_SHARE, MAX_PLACES = 1 / 16, 4
# Where a turned glimpse shows no face with this probability, the place's own picture is not searched.
MIN_GLIMPSE = 0.9
# A place in which there is more than this share of a face is that face.
TAKEN_SHARE = 0.3
# Side of the place's own picture per side of the place, of the smallest face in it, and its largest size in pixels.
CROP_GROWTH, CROP_FACE_SHARE, CROP_SIDE = 2.6, 1 / 5, 128


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
    for place, glimpse in zip(places, glimpses, strict=True):
        if glimpse.max() < MIN_GLIMPSE or any(_is_turned(face) and _is_taken(place, face) for face in faces):
            continue
        there = [face for face in faces if _is_taken(place, face)]
        lying = _lying_face(search, image_rgb, place, 90 * (1 + int(glimpse.argmax())), there)
        if lying is not None:
            faces = [face for face in faces if not _is_taken(face.box, lying) or is_certainly_upright([face])]
            faces = without_duplicates([*faces, lying])
    return faces


def _places(faces: list[Face], rejected: list[Box], smallest: float) -> list[Box]:
    """The largest boxes that may hold a lying face."""
    doubtful = [face.box for face in faces if not is_certainly_upright([face])]
    large = (box for box in rejected if _side(box) >= smallest)
    free = [box for box in large if not any(_is_taken(box, face) for face in faces)]
    places = (box for box in (*doubtful, *free) if _side(box) >= smallest)
    return sorted(places, key=_side, reverse=True)[:MAX_PLACES]


def _lying_face(
    search: FaceSearch, image_rgb: Image.Image, place: Box, rotation: int, upright: list[Face]
) -> Face | None:
    """The face at a place that is better once turned than the upright ones there, in pixels of the image."""
    x1, y1, x2, y2 = place
    half = _side(place) * CROP_GROWTH / 2
    left, top, side = round((x1 + x2) / 2 - half), round((y1 + y2) / 2 - half), round(2 * half)
    crop, scale = reduced(image_rgb.crop((left, top, left + side, top + side)), CROP_SIDE)
    own = (scale * (x1 - left), scale * (y1 - top), scale * (x2 - left), scale * (y2 - top))
    found = search.search([rotate_image(crop, rotation)], CROP_FACE_SHARE, sure_score=1.0)[0].faces
    found = [face for face in found if _is_taken(own, face.turned_back(rotation, crop.size))]
    if not chosen_rotation({0: upright, rotation: found}):
        return None
    best = max(standing(found), key=lambda face: face.score)
    return best.turned_back(rotation, crop.size).moved(1 / scale, (left, top), image_rgb.size)


def _is_turned(face: Face) -> bool:
    return not standing([face])


def _is_taken(box: Box, face: Face) -> bool:
    return shared_area(box, face.box) > TAKEN_SHARE


def _side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


__all__ = ["with_lying_faces"]
