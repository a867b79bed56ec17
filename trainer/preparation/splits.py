"""Near-duplicate groups, and a deterministic stratified split that keeps groups together."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SPLITS = ("train", "validation", "test")
SHARES = {"test": 0.1, "validation": 0.1}
"""Shares of each stratum; the rest is the training split."""

SPLIT_SEED = "gender-age split 1"
"""Salt of the hash that orders groups."""

AGE_BANDS = ((0, 9), (10, 19), (20, 39), (40, 59), (60, math.inf))
"""First and last whole year of each band of the true age."""

THUMBNAIL_SIDE = 24
TWIN_CORRELATION = 0.985
# Two blocks and their product take 3 × 16 MB; all pairs of UTKFace would take 1.8 GB.
BLOCK = 2048


def age_band(age_min: int | None, age_max: int | None) -> int | None:
    """Index into `AGE_BANDS` of an age range's midpoint, rounded down; None for a missing age."""
    if age_min is None or age_max is None:
        return None
    middle = (age_min + age_max) // 2
    return next(index for index, (first, last) in enumerate(AGE_BANDS) if first <= middle <= last)


def thumbnail(image_rgb: Image.Image) -> np.ndarray:
    """Greyscale thumbnail by area averaging, uint8 `(THUMBNAIL_SIDE, THUMBNAIL_SIDE)`."""
    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    return np.asarray(image_rgb.convert("L").resize(side, Image.Resampling.BOX))


def near_duplicates(thumbnails: np.ndarray, threshold: float = TWIN_CORRELATION, block: int = BLOCK) -> list[list[int]]:
    """Connected components of the near-duplicate relation, including single images.

    Args:
        thumbnails: uint8 or float of shape `(n, height, width)`.
        threshold: images with a Pearson correlation above it are near-duplicates.
        block: number of images per side of a block of pairs.

    Returns:
        Lists of indices, each ascending, ordered by their first index. A constant image has no duplicates.
    """
    unit = _unit_vectors(thumbnails)
    labels = np.arange(len(unit), dtype=np.int32)
    for row in range(0, len(unit), block):
        for column in range(row, len(unit), block):
            correlation = unit[row : row + block] @ unit[column : column + block].T
            # Merged per block: all links together could be n².
            first, second = np.nonzero(correlation > threshold)
            labels = _joined(labels, row + first, column + second)
    return _groups(labels)


def merge_groups(count: int, *groupings: Sequence[Sequence[int]]) -> list[list[int]]:
    """The finest grouping of `count` items that is coarser than each of `groupings`."""
    links = [(group[0], index) for grouping in groupings for group in grouping for index in group[1:]]
    return _groups(_joined(np.arange(count, dtype=np.int32), *np.array(links, int).reshape(-1, 2).T))


def assign_splits(
    files: Sequence[str],
    strata: Sequence[object],
    groups: Sequence[Sequence[int]],
    seed: str = SPLIT_SEED,
    shares: Mapping[str, float] = MappingProxyType(SHARES),
) -> list[str]:
    """Assigns a split to each file: no group is divided, and each stratum is divided by `shares`.

    A group belongs to the stratum of its first file by name. Groups are assigned in the order of the SHA-256 of that
    name, each to the first of test and validation with enough room, else to training. The result depends on names,
    strata and groups only, not on file order, platform or Python's hash seed.

    Args:
        files: unique names.
        strata: the stratum of each file.
        groups: lists of indices into `files`, each index in exactly one.
        seed: part of the hash.
        shares: split -> share of each stratum; the rest is the training split.

    Returns:
        One of `SPLITS` for each file, in the order of `files`.
    """
    by_stratum = defaultdict(list)
    for group in groups:
        first = min(group, key=lambda index: files[index])
        by_stratum[strata[first]].append((order_key(files[first], seed), group))
    splits = ["train"] * len(files)
    for members in by_stratum.values():
        total = sum(len(group) for _, group in members)
        room = {split: round(total * share) for split, share in shares.items()}
        for _, group in sorted(members, key=lambda member: member[0]):
            split = next((name for name, left in room.items() if len(group) <= left), None)
            if split is not None:
                room[split] -= len(group)
                for index in group:
                    splits[index] = split
    return splits


def order_key(file: str, seed: str = SPLIT_SEED) -> str:
    """Sort key for a reproducible pseudo-random order of names."""
    return hashlib.sha256(f"{seed}\n{file}".encode("utf-8", "surrogatepass")).hexdigest()


def _unit_vectors(thumbnails: np.ndarray) -> np.ndarray:
    """Float32 of shape `(n, height * width)`, each row of mean 0 and length 1, or all 0 for a constant image."""
    flat = thumbnails.reshape(len(thumbnails), math.prod(thumbnails.shape[1:])).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, lengths, out=np.zeros_like(flat), where=lengths > 1e-3)


def _joined(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The group labels after merging the groups of items `first[i]` and `second[i]`.

    Args:
        labels: int `(n,)` in `[0, n)`, one value per group.
        first, second: int `(links,)` positions in `labels`.
    """
    if not len(first):
        return labels
    links = coo_array((np.ones(len(first), bool), (labels[first], labels[second])), shape=(len(labels), len(labels)))
    return connected_components(links, directed=False)[1][labels]


def _groups(labels: np.ndarray) -> list[list[int]]:
    """Lists of the indices that share a label, each ascending, ordered by their first index."""
    groups = defaultdict(list)
    for index, label in enumerate(labels.tolist()):
        groups[label].append(index)
    return list(groups.values())
