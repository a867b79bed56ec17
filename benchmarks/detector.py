"""The detector alone: ours against facenet-pytorch's `MTCNN.detect`, on one copy and for one smallest face."""

from __future__ import annotations

import numpy as np
from facenet_pytorch import MTCNN

from gender_age.detection import FaceDetector
from gender_age.face_search import SMALLEST_FACE, SMALLEST_FACE_SHARE
from gender_age.small_faces import DETECTION_SIDE

from .photos import compose
from .settings import Settings
from .timing import Times, Way, interleaved

OURS, THEIRS = "ours", "facenet-pytorch"
# Sizes in pixels that the detector searches as they are, and the faces in them, as shares of the longer side.
PICTURES = {
    (200, 250): [0.5],
    (640, 480): [0.3],
    (DETECTION_SIDE, 768): [0.12] * 5,
    (768, DETECTION_SIDE): [0.06] * 20,
}


def measure_detector(detector: FaceDetector, settings: Settings) -> dict[str, dict[str, Times]]:
    """Times of a search, upright only, by picture and way; each answers with the number of faces."""
    generator = np.random.default_rng(3)
    results = {}
    for size_wh, shares in PICTURES.items():
        image_rgb = compose(size_wh, shares, generator).image_rgb
        smallest = max(SMALLEST_FACE, max(size_wh) * SMALLEST_FACE_SHARE)
        reference = MTCNN(keep_all=True, min_face_size=smallest)

        def ours(*_, image_rgb=image_rgb) -> int:
            return len(detector.detect(image_rgb))

        def theirs(*_, image_rgb=image_rgb, reference=reference) -> int:
            boxes, _ = reference.detect(image_rgb)
            return 0 if boxes is None else len(boxes)

        ways: dict[str, Way] = {OURS: ours, THEIRS: theirs}
        plural = "s" if len(shares) > 1 else ""
        name = f"{size_wh[0]} × {size_wh[1]}, {len(shares)} face{plural}"
        results[name] = interleaved(ways, settings.repetitions, warm_ups=2)
    return results
