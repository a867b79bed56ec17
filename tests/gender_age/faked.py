"""Photos of noise and a detector that finds in them what a test wants."""

import numpy as np
from PIL import Image

from gender_age.detection import Face

SIZE = (200, 120)
BLANK = (90, 90)


def face_at(left: float, top: float, side: float, score: float = 0.99) -> Face:
    shares = ((0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.4, 0.7), (0.6, 0.7))
    landmarks = tuple((left + x * side, top + y * side) for x, y in shares)
    return Face((left, top, left + side, top + side), score, landmarks)


class FakeDetector:
    """Finds in each image what `answers` holds for its size, else nothing; `seen` lists the sizes searched."""

    def __init__(self, answers):
        self.answers, self.seen = answers, []

    def detect_any_rotation(self, image):
        self.seen.append(image.size)
        return self.answers.get(image.size, (0, []))

    def detect(self, image, smallest_share):
        self.seen.append((image.size, smallest_share))
        return self.answers.get(image.size, (0, []))[1]


def noise(size_wh, seed=0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8))
