"""The baseline: facenet-pytorch's MTCNN with its defaults, and the same model in eager fp32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image, ImageOps

from gender_age.alignment import align_face
from gender_age.decoding import decode
from gender_age.prediction import GenderAgePredictor
from gender_age.results import FaceEstimate

from .timing import Stopwatch


class Baseline:
    """MTCNN with its defaults on the full-size photo, then the fp32 model on one face at a time.

    Args:
        predictor: provides model, image processor and alignment.
    """

    def __init__(self, predictor: GenderAgePredictor) -> None:
        self._predictor = predictor
        self._mtcnn = MTCNN(keep_all=True)

    def search(self, image_rgb: Image.Image) -> list[tuple[tuple[float, ...], float, np.ndarray]]:
        """`(box, score, landmarks)` of every face, in pixels of the photo."""
        boxes, scores, landmarks = self._mtcnn.detect(image_rgb, landmarks=True)
        if boxes is None:
            return []
        found = zip(boxes, scores, landmarks, strict=True)
        return [(tuple(map(float, box)), float(score), points.astype(float)) for box, score, points in found]

    def predict(self, path: Path, watch: Stopwatch) -> list[FaceEstimate]:
        """Gender and age of every face of a photo."""
        predictor = self._predictor
        with watch.stage("decode"), Image.open(path) as image:
            image_rgb = ImageOps.exif_transpose(image).convert("RGB")
        with watch.stage("detect"):
            found = self.search(image_rgb)
        estimates = []
        for _, _, landmarks in found:
            with watch.stage("align"):
                crop = align_face(image_rgb, landmarks, predictor.face_size, predictor.alignment)
            with watch.stage("model"), torch.no_grad():
                inputs = predictor.image_processor([crop], do_resize=False, return_tensors="pt")
                outputs = predictor.model(pixel_values=inputs["pixel_values"])
                estimates += decode(outputs.gender_logits, outputs.age_logits, predictor.model.config)
        return estimates
