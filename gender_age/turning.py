"""Whether a photo lies on its side or head: a turn needs proof, and upright wins near-ties (docs/experiments.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image

from .found_faces import Face

ROTATIONS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""Counter-clockwise degrees -> the lossless PIL operation."""

# A face counts for the rotation it was found in if its eye line is tilted by at most this many degrees.
UPRIGHT_TILT = 45.0
# With a face of one of these scores and spreads of the eyes the photo stands upright, and the other rotations are not
# searched. In upside-down faces MTCNN sees upright ones with scores up to 0.999, but with eyes that are too low and
# close (docs/experiments.md).
UPRIGHT_PROOFS = ((0.98, 0.1), (0.995, 0.03))
# The best face of a rotation has to have one of these scores with its agreement, and a better score than the best
# upright face.
TURN_PROOFS = ((0.9, 0.97), (0.95, 0.95), (0.97, 0.92), (0.994, 0.75))


def rotate_image(image: Image.Image, rotation: int) -> Image.Image:
    """`image` turned counter-clockwise by `rotation` (0, 90, 180 or 270) degrees."""
    return image if rotation == 0 else image.transpose(ROTATIONS[rotation])


def is_certainly_upright(faces: Sequence[Face]) -> bool:
    """Whether one of the faces of the photo as it is proves that it stands upright."""
    return any(
        face.score >= score and face.eye_spread >= spread
        for face in standing(faces)
        for score, spread in UPRIGHT_PROOFS
    )


def chosen_rotation(candidates: Mapping[int, Sequence[Face]]) -> int:
    """The rotation in degrees that the photo needs.

    Args:
        candidates: rotation -> the faces found in the photo turned by it; 0 and some or all of `ROTATIONS`.
    """
    upright = max((face.score for face in standing(candidates[0])), default=0.0)
    proofs = [
        (face.score, -rotation)
        for rotation, faces in candidates.items()
        for face in standing(faces)
        if rotation and face.score > upright and _is_proof(face)
    ]
    return -max(proofs)[1] if proofs else 0


def standing(faces: Sequence[Face]) -> list[Face]:
    """The faces that are not tilted by more than `UPRIGHT_TILT`."""
    return [face for face in faces if abs(face.tilt) <= UPRIGHT_TILT]


def _is_proof(face: Face) -> bool:
    return any(face.score >= score and face.agreement >= agreement for score, agreement in TURN_PROOFS)


__all__ = ["ROTATIONS", "chosen_rotation", "is_certainly_upright", "rotate_image", "standing"]
