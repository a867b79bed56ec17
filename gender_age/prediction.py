"""Photos in, every face out: opening, detection, alignment, model and decoding, in batches across photos."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from transformers import BaseImageProcessor, PreTrainedModel

from .alignment import align_face
from .checkpoint import DEFAULT_MODEL, alignment_of, load_checkpoint
from .decoding import decode
from .detection import LIVE_FACE_SHARE, FaceDetector
from .errors import GenderAgeError
from .found_faces import Face
from .geometry import whole_pixels
from .images import Opener, Photo, opened
from .inference import inference
from .min_score import checked_min_score
from .model_source import detector_weights
from .parallel import parallel_map
from .photo_names import photo_name, photo_path
from .results import FaceEstimate, FacePrediction, PhotoPrediction
from .searched_photo import FoundFace, SearchedPhoto, in_batches
from .single_photo import refuse_single
from .turning import rotate_image

BATCH_SIZE = 32
# A CPU is faster with fewer faces at once, in bf16 and in float32 (docs/experiments.md).
CPU_BATCH_SIZE = 6
# Photos opened at once, however many cores there are: the largest take 340 MB, and twice that while they are rotated.
MAX_WORKERS = 2


class GenderAgePredictor:
    """Finds the faces of photos and estimates gender and age of each.

    Args:
        model: a `GenderAgeModel`; put into evaluation mode.
        image_processor: holds size, mean, std and the alignment that the model was trained with.
        detector: finds the faces; by default MTCNN on the model's device.
        opener: opens photos in place of `open_photo`, whose checks keep this process from most files that would hurt
            it. A `GuardedOpener` opens them where none can, and is the caller's to close.

    Raises:
        ModelError: the image processor holds no alignment, or MTCNN's weights are missing.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        image_processor: BaseImageProcessor,
        detector: FaceDetector | None = None,
        opener: Opener | None = None,
    ) -> None:
        self.model = model.eval()
        self.image_processor = image_processor
        self.alignment = alignment_of(image_processor)
        self.detector = detector or FaceDetector(model.device, weights=detector_weights(model))
        self.opener = opener

    @classmethod
    def from_pretrained(
        cls,
        id_or_folder: str | Path = DEFAULT_MODEL,
        revision: str | None = None,
        device: str | torch.device | None = None,
        opener: Opener | None = None,
    ) -> GenderAgePredictor:
        """Loads a checkpoint from a folder or the Hub; see `load_checkpoint`. `opener` is as for the class.

        Raises:
            ModelError: the checkpoint is missing, cannot be fetched, is of another kind, or is incomplete.
        """
        return cls(*load_checkpoint(id_or_folder, revision, device), opener=opener)

    @property
    def face_size(self) -> int:
        """Side of an aligned face in pixels."""
        return int(self.image_processor.size["height"])  # type: ignore[attr-defined]

    def predict(self, photo: Photo, whole_image: bool = False, min_score: float | None = None) -> PhotoPrediction:
        """Every face of one photo; no face is an empty tuple.

        Args:
            photo: a path, a PIL image of any mode, or an RGB array.
            whole_image: take the picture as one face already cropped, without searching it.
            min_score: leave out faces whose detection score is lower, in [0, 1]; None is the detector's own minimum.
                MTCNN finds no face with a score below 0.6, so a lower value gives the same faces as 0.6. With
                `whole_image` there is no score, and it has no effect.

        Raises:
            PhotoError: the photo cannot be used.
            ValueError: `min_score` is no number in [0, 1].
        """
        return self.answer([self._search(photo, whole_image, checked_min_score(min_score))])[0]

    def predict_batch(
        self,
        photos: Iterable[Photo],
        whole_image: bool = False,
        min_score: float | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> list[PhotoPrediction]:
        """`predict` for many photos, in input order; an unusable one has its `error` set instead of raising.

        Raises:
            TypeError: `photos` is a single photo.
            ValueError: `min_score` is no number in [0, 1].
        """
        workers = min(torch.get_num_threads(), MAX_WORKERS)
        return list(self.iter_predict(photos, whole_image, min_score, batch_size, workers=workers))

    def predict_frame(self, frame_rgb: Photo) -> PhotoPrediction:
        """`predict` for a camera frame, which is taken to be upright.

        Args:
            frame_rgb: as a photo of `predict`; only faces from a sixteenth of its longer side on are looked for.

        Raises:
            PhotoError: the picture cannot be used.
        """
        image_rgb = opened(frame_rgb, self.opener)
        return self.answer([self._found(frame_rgb, image_rgb, 0, self.detector.detect(image_rgb, LIVE_FACE_SHARE))])[0]

    def estimate(
        self, crops: Sequence[Image.Image], batch_size: int = BATCH_SIZE, mirrored: bool = True
    ) -> list[FaceEstimate]:
        """Gender and age of faces as `align` cuts them, RGB, `face_size` pixels a side."""
        logits = self.logits(crops, batch_size, mirrored)
        return [estimate for gender, age in logits for estimate in decode(gender, age, self.model.config)]

    def logits(
        self, crops: Sequence[Image.Image], batch_size: int = BATCH_SIZE, mirrored: bool = True
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """`(batch, 2)` gender and `(batch, 101)` age logits for each batch; without mirror images if not `mirrored`."""
        network = self.model if mirrored else self.model.logits
        if self.model.device.type == "cpu":
            batch_size = min(batch_size, CPU_BATCH_SIZE)
        for start in range(0, len(crops), batch_size):
            # Crops have the model's size already: resizing them again could only blur.
            batch = self.image_processor(list(crops[start : start + batch_size]), do_resize=False, return_tensors="pt")
            pixel_values = batch["pixel_values"].to(self.model.device, self.model.dtype)
            with inference(self.model.device, self.model.dtype):
                gender_logits, age_logits = network(pixel_values=pixel_values)[:2]
            # Decoded outside: a probability's third digit counts.
            yield gender_logits, age_logits

    def iter_predict(
        self,
        photos: Iterable[Photo],
        whole_image: bool = False,
        min_score: float | None = None,
        batch_size: int = BATCH_SIZE,
        max_wait_s: float | None = None,
        workers: int = 1,
    ) -> Iterator[PhotoPrediction]:
        """`predict_batch` as a stream: photos are opened one by one, and no more than a batch waits for the model.

        Args:
            photos: may be endless. An array of shape `(photos, height, width, 3)` is as many photos.
            whole_image: take every picture as one face already cropped.
            min_score: as in `predict`.
            batch_size: faces, of one photo or several, that the model sees at once; on a CPU at most 6 of them.
            max_wait_s: seconds that a finished photo may wait for others to fill its batch, looked at whenever a photo
                has been searched; None is without limit.
                With several `workers`, those that were opened before come first all the same.
            workers: photos that are searched at once, and batches that the model sees at once, each on one core. With
                several, that many batches, and one more, are searched before the first photo is answered.

        Returns:
            One prediction a photo, in input order.

        Raises:
            TypeError: `photos` is a single photo.
            ValueError: `batch_size` is under 1, or `min_score` no number in [0, 1].
        """
        # Here, and not in the generator, so that a mistake is told where it is made and not where it is read.
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
        refuse_single(photos)
        search = partial(self.search, whole_image=whole_image, min_score=checked_min_score(min_score))
        batches = in_batches(parallel_map(search, photos, workers), batch_size, max_wait_s)
        return self._stream(batches, batch_size, workers)

    def search(self, photo: Photo, whole_image: bool = False, min_score: float | None = None) -> SearchedPhoto:
        """The first half of `predict`: the faces found and cut. An unusable photo has its `error` set."""
        try:
            return self._search(photo, whole_image, min_score)
        except GenderAgeError as error:
            return SearchedPhoto(photo_name(photo), photo_path(photo), size_wh=None, error=str(error))

    def answer(self, searched: Sequence[SearchedPhoto], batch_size: int = BATCH_SIZE) -> list[PhotoPrediction]:
        """The second half: the model's answers for searched photos, one prediction each."""
        estimates = {}
        for is_crowd in (False, True):
            crops = [face.crop for photo in searched if photo.is_crowd == is_crowd for face in photo.found]
            estimates[is_crowd] = iter(self.estimate(crops, batch_size, mirrored=not is_crowd))
        return [photo.with_estimates([next(estimates[photo.is_crowd]) for _ in photo.found]) for photo in searched]

    def align(self, image_rgb: Image.Image, face: FacePrediction) -> Image.Image:
        """The face as the model saw it.

        Args:
            image_rgb: the photo in its frame: opened by `open_photo`, then turned by the prediction's `rotation`.
            face: a face predicted for that photo.

        Returns:
            A square RGB image, `face_size` pixels a side.
        """
        return align_face(image_rgb, face.landmarks, self.face_size, self.alignment)

    def _stream(
        self, batches: Generator[list[SearchedPhoto], None, None], batch_size: int, workers: int
    ) -> Generator[PhotoPrediction, None, None]:
        """Answers batches of searched photos, several at once: the model leaves a part of the cores to the search."""
        answer = partial(self.answer, batch_size=batch_size)
        with closing(batches), closing(parallel_map(answer, batches, workers)) as answers:
            for predictions in answers:
                yield from predictions

    def _search(self, photo: Photo, whole_image: bool, min_score: float | None) -> SearchedPhoto:
        image_rgb = opened(photo, self.opener)
        if whole_image:
            crop = align_face(image_rgb, None, self.face_size, self.alignment)
            found = FoundFace(box=(0, 0, *image_rgb.size), score=None, landmarks=None, crop=crop)
            return SearchedPhoto(photo_name(photo), photo_path(photo), image_rgb.size, found=(found,))
        return self._found(photo, image_rgb, *self.detector.detect_any_rotation(image_rgb, min_score))

    def _found(self, photo: Photo, image_rgb: Image.Image, rotation: int, faces: list[Face]) -> SearchedPhoto:
        image_rgb = rotate_image(image_rgb, rotation)
        # Large faces are much of a photo: two threads cut those of 12 megapixels 1.7 times as fast as one.
        cut = partial(align_face, image_rgb, size=self.face_size, alignment=self.alignment)
        workers = max(1, min(torch.get_num_threads(), len(faces)))
        crops = parallel_map(cut, [face.landmarks for face in faces], workers)
        found = [
            FoundFace(whole_pixels(face.box, image_rgb.size), face.score, face.landmarks, crop)
            for face, crop in zip(faces, crops, strict=True)
        ]
        # Again, by the rounded boxes, so that who reads the result finds the order it promises.
        found.sort(key=lambda face: (face.box[0] + face.box[2], face.box[1] + face.box[3]))
        return SearchedPhoto(photo_name(photo), photo_path(photo), image_rgb.size, rotation, tuple(found))


__all__ = ["DEFAULT_MODEL", "FacePrediction", "GenderAgePredictor", "PhotoPrediction"]
