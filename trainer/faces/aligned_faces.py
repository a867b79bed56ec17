"""Aligned faces of a prepared dataset, cropped once and cached as raw pixels for fast loading."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, Image
from tqdm.auto import tqdm

from gender_age.alignment import DEFAULT_ALIGNMENT, Alignment, align_face
from gender_age.labels import MISSING

from ..errors import DataError
from ..files import NO_ROOM, whole_file
from ..preparation.photos import decode
from ..sources.archives import digest

# Images in memory at once while the digest is computed.
DIGEST_BATCH = 256


class AlignedFaces(torch.utils.data.Dataset):
    """Aligned faces of one split at one or more image sizes; `image_size` selects one.

    A batch of indices gives a dict: `pixels` (uint8, `(batch, 3, side, side)` with `side = image_size + 2 * margin`),
    `gender`, `age_min`, `age_max` (int64, `(batch,)`, years; `MISSING` where the label is unknown), and `gender_weight`
    and `age_weight` (float32, `(batch,)`) of those heads that have `loss_weights`.

    Args:
        dataset: rows as `prepare` writes them.
        image_sizes: sides in pixels, without the margin.
        cache_dir: folder of the pixel cache, one file per size and content of the dataset.
        margin: extra pixels on every side, as a share of the image size.
        fallback_share: share of the faces cropped with the fallback geometry; others at each size.

    Attributes:
        revision: hexadecimal digest of the rows' file names and labels, in order.
        loss_weights: head -> `(n,)` float32, how much each face counts in its loss; empty by default.
        sources: of each dataset what its rows name; None if nobody has looked.
    """

    def __init__(
        self,
        dataset: Dataset,
        image_sizes: Sequence[int],
        cache_dir: Path,
        margin: float = 0.0,
        fallback_share: float = 0.0,
        alignment: Alignment = DEFAULT_ALIGNMENT,
    ) -> None:
        self.gender, self.age_min, self.age_max = (
            torch.tensor([MISSING if label is None else label for label in dataset[name][:]], dtype=torch.int64)
            for name in ("gender", "age_min", "age_max")
        )
        labels = (dataset[name][:] for name in ("file", "gender", "age_min", "age_max"))
        self.revision = digest(zip(*labels, strict=True))
        self._has_landmarks = torch.tensor([points is not None for points in dataset["landmarks"][:]])
        images = images_digest(dataset)
        cache_dir.mkdir(parents=True, exist_ok=True)
        self._pixels = {
            size: _cut_faces(dataset, images, size, margin_of(size, margin), fallback_share, alignment, cache_dir)
            for size in image_sizes
        }
        self.loss_weights: dict[str, torch.Tensor] = {}
        self.sources: list[list[str]] | None = None
        self._rows = np.arange(len(self.gender))
        self.image_size = image_sizes[0]

    def keep(self, kept: torch.Tensor) -> None:
        """Keep the faces where `kept`, bool `(n,)`, is true; indices are renumbered from 0."""
        self._rows = self._rows[kept.numpy()]
        self.gender, self.age_min, self.age_max = (labels[kept] for labels in (self.gender, self.age_min, self.age_max))
        self._has_landmarks = self._has_landmarks[kept]
        self.loss_weights = {head: weights[kept] for head, weights in self.loss_weights.items()}

    @property
    def num_without_landmarks(self) -> int:
        """Number of the images that were taken whole."""
        return int((~self._has_landmarks).sum())

    @property
    def num_faces(self) -> int:
        return len(self)

    def __len__(self) -> int:
        return len(self.gender)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, torch.Tensor]:
        rows = torch.as_tensor(indices)
        pixels = torch.from_numpy(self._pixels[self.image_size][self._rows[np.asarray(indices)]])
        return {
            "pixels": pixels.permute(0, 3, 1, 2),
            "gender": self.gender[rows],
            "age_min": self.age_min[rows],
            "age_max": self.age_max[rows],
            **{f"{head}_weight": weights[rows] for head, weights in self.loss_weights.items()},
        }

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}


def margin_of(image_size: int, margin: float) -> int:
    """The extra pixels on every side of a face."""
    return round(image_size * margin)


def uses_fallback(file: str, image_size: int, share: float) -> bool:
    """Whether a face is cropped with the fallback geometry; deterministic by file and size."""
    hashed = hashlib.sha256(f"{image_size}/{file}".encode()).digest()
    return int.from_bytes(hashed[:4], "big") < share * 2**32


def cut_face(
    image: bytes,
    file: str,
    landmarks: Sequence[Sequence[float]] | None,
    size: int,
    margin: int,
    fallback_share: float,
    alignment: Alignment,
) -> np.ndarray:
    """`(side, side, 3)` uint8 of one encoded image."""
    points = None if uses_fallback(file, size, fallback_share) else landmarks
    return np.asarray(align_face(decode(image), points, size, alignment, margin))


def images_digest(dataset: Dataset) -> str:
    """Hexadecimal digest of the encoded images, in order: the same names may come with other pictures."""
    rows = dataset.select_columns("image").cast_column("image", Image(decode=False))
    return digest(
        hashlib.sha256(image["bytes"]).hexdigest() for batch in rows.iter(DIGEST_BATCH) for image in batch["image"]
    )


def _cut_faces(
    dataset: Dataset,
    images: str,
    size: int,
    margin: int,
    fallback_share: float,
    alignment: Alignment,
    cache_dir: Path,
) -> np.ndarray:
    """`(n, side, side, 3)` uint8, memory-mapped; `images` is the digest of the dataset's."""
    files, landmarks = dataset["file"][:], dataset["landmarks"][:]
    key = json.dumps([files, images, landmarks, size, margin, fallback_share, alignment.to_dict()])
    path = cache_dir / f"faces-{size}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        encoded = dataset.cast_column("image", Image(decode=False)).select_columns("image")

        def cut(row: int) -> np.ndarray:
            image = encoded[row]["image"]["bytes"]
            return cut_face(image, files[row], landmarks[row], size, margin, fallback_share, alignment)

        side = size + 2 * margin
        # Closed first, so that an error does not wait for the remaining faces.
        with ThreadPoolExecutor(os.cpu_count()) as pool, closing(pool.map(cut, range(len(files)))) as faces:
            shown = tqdm(faces, total=len(files), desc=f"faces at {size} px", unit="face")
            _write_faces(path, shown, (len(files), side, side, 3))
    return np.load(path, mmap_mode="r")


def _write_faces(path: Path, faces: Iterable[np.ndarray], shape: tuple[int, ...]) -> None:
    """Write an `.npy` file of uint8. Not memory-mapped: on a full disk that kills the process (SIGBUS).

    Raises:
        DataError: the disk is full.
    """
    try:
        with whole_file(path) as unfinished, unfinished.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for face in faces:
                file.write(face.tobytes())
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise DataError(
            f"the disk of {path.parent} has no room for {np.prod(shape) / 1e6:.1f} MB of aligned faces: make some, or "
            "name another folder in data.cache_dir"
        ) from error
