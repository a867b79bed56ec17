"""Aligned faces of datasets that are larger than a disk: read and cut anew in every epoch."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
import torch
from datasets import IterableDataset, interleave_datasets

from gender_age.alignment import DEFAULT_ALIGNMENT, Alignment
from gender_age.labels import MISSING

from ..errors import DataError
from ..sources.archives import digest
from .aligned_faces import cut_face, margin_of
from .loading import errors_as_sentence
from .parquet_splits import ParquetSplit

BATCHES_AHEAD = 3
LABELS = ("gender", "age_min", "age_max")


class StreamedFaces(torch.utils.data.IterableDataset):
    """One process's share of the training faces, in batches as those of `AlignedFaces`, at `image_size`.

    Each process reads row groups of its own, the same ones in every epoch, in a shuffled order and through a shuffle
    buffer. In an epoch each of its faces is shown once; all processes have the same number of batches, and those with
    fewer faces begin again. The order follows from seed and epoch alone.

    Args:
        splits: one split of each dataset; the datasets are mixed.
        rank: of the process.
        world_size: number of processes.
        batch_size: faces of a batch of this process.
        drop_last: leave out what does not fill the last batch.
        seed: of the run.
        image_size: side in pixels, without the margin.
        margin, fallback_share, alignment: as for `AlignedFaces`.
        buffer_size: faces in the shuffle buffer, encoded.

    Attributes:
        num_faces: of all processes.
        uncut_batches: of the next iteration, the first batches are empty: whoever passes over them need not wait for
            their faces to be cut.
        revision: hexadecimal digest of the splits' revisions.
        sources: of each split what its rows name.

    Raises:
        DataError: there are fewer row groups than processes.
    """

    num_without_landmarks = None
    """Unknown: the faces are not seen before the training."""

    def __init__(
        self,
        splits: Sequence[ParquetSplit],
        *,
        rank: int,
        world_size: int,
        batch_size: int,
        drop_last: bool,
        seed: int,
        image_size: int,
        margin: float,
        fallback_share: float,
        buffer_size: int,
        alignment: Alignment = DEFAULT_ALIGNMENT,
    ) -> None:
        for split in splits:
            if (groups := len(split.group_rows)) < world_size:
                raise DataError(
                    f"{split.source} has {groups} Parquet row group{'s' * (groups != 1)}, too few for {world_size} "
                    "processes: write smaller ones, or leave out `data.streaming`"
                )
        shares = [sum(sum(split.group_rows[each::world_size]) for split in splits) for each in range(world_size)]
        self._splits = splits
        self.sources = [split.sources() for split in splits]
        self.num_faces, self.revision = sum(shares), digest(split.revision for split in splits)
        self._length = min(shares) // batch_size if drop_last else math.ceil(max(shares) / batch_size)
        self._count = shares[rank] if world_size == 1 and not drop_last else self._length * batch_size
        self._rows = _shuffled(splits, rank, world_size, seed, buffer_size)
        self._batch_size, self._margin, self._fallback_share = batch_size, margin, fallback_share
        self._alignment, self._sources = alignment, ", ".join(split.source for split in splits)
        self.image_size, self.uncut_batches = image_size, 0

    @property
    def ages(self) -> tuple[torch.Tensor, torch.Tensor]:
        """`(n,)` first and last year of the labels of all faces, `MISSING` where unknown; read when asked for."""
        columns = zip(*(split.ages() for split in self._splits), strict=True)
        low, high = (torch.from_numpy(np.nan_to_num(np.concatenate(each), nan=MISSING)).long() for each in columns)
        return low, high

    def __len__(self) -> int:
        """Number of batches."""
        return self._length

    def set_epoch(self, epoch: int) -> None:
        """Called by the loader before each epoch."""
        self._rows.set_epoch(epoch)

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        uncut, self.uncut_batches, size = self.uncut_batches, 0, self.image_size
        rows = islice(chain.from_iterable(repeat(self._rows)), self._count)
        batches = iter(lambda: list(islice(rows, self._batch_size)), [])
        for _ in islice(batches, uncut):
            yield {}
        with (
            errors_as_sentence(self._sources),
            ThreadPoolExecutor(1) as reader,
            ThreadPoolExecutor(os.cpu_count()) as cutters,
        ):

            def read() -> tuple[list[dict], list[Future]]:
                batch = next(batches, [])
                return batch, [cutters.submit(self._cut, row, size) for row in batch]

            ahead = deque(reader.submit(read) for _ in range(BATCHES_AHEAD))
            try:
                while (batch := ahead.popleft().result())[0]:
                    ahead.append(reader.submit(read))
                    yield _as_tensors(*batch)
            finally:
                for pool in (reader, cutters):
                    pool.shutdown(cancel_futures=True)

    def _cut(self, row: dict[str, Any], size: int) -> np.ndarray:
        low, high = row["age_min"], row["age_max"]
        if (low, high) != (None, None) and (None in (low, high) or not 0 <= low <= high):
            raise DataError(f"age_min is below 0, above age_max, or alone, {low} and {high}: {row['file']}")
        image, margin = row["image"]["bytes"], margin_of(size, self._margin)
        return cut_face(image, row["file"], row["landmarks"], size, margin, self._fallback_share, self._alignment)


def _shuffled(
    splits: Sequence[ParquetSplit], rank: int, world_size: int, seed: int, buffer_size: int
) -> IterableDataset:
    """The rows of a process, mixed by the number of rows of each split."""
    streams = [split.stream(rank, world_size).shuffle(seed=seed, buffer_size=buffer_size) for split in splits]
    if len(streams) == 1:
        return streams[0]
    total = sum(split.num_rows for split in splits)
    shares = [split.num_rows / total for split in splits]
    return interleave_datasets(streams, shares, seed=seed, stopping_strategy="all_exhausted_without_replacement")


def _as_tensors(rows: Sequence[dict[str, Any]], faces: Sequence[Future]) -> dict[str, torch.Tensor]:
    pixels = torch.from_numpy(np.stack([face.result() for face in faces]))
    labels = {
        name: torch.tensor([MISSING if row[name] is None else row[name] for row in rows], dtype=torch.int64)
        for name in LABELS
    }
    return {"pixels": pixels.permute(0, 3, 1, 2), **labels}
