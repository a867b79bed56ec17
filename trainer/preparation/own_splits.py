"""Splits of own photos: those of the source where it has some, else by person, photo and near-duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from ..sources.record import Record
from .splits import SHARES, assign_splits, order_key

FEWEST_GROUPS = 3
"""So many groups give a group to each split, however few images there are."""


def own_groups(records: Sequence[Record]) -> list[list[list[int]]]:
    """Groupings of the indices of records that belong together: by person, and by photo."""
    return [_by([getattr(record, name) for record in records]) for name in ("identity", "photo")]


def own_splits(
    files: Sequence[str], strata: Sequence[object], groups: Sequence[Sequence[int]], given: Sequence[str | None]
) -> list[str]:
    """The split of each file: as the source gives it, or as `assign_splits` divides.

    A source that names splits keeps them, and a row without one is for training. Where that leaves nothing for
    validation, a part of the training images is; groups that reach into another split stay in training.
    """
    if not set(given) - {None, "train"}:
        return _divided(files, strata, groups, SHARES)
    splits = [split or "train" for split in given]
    training = [index for index, split in enumerate(splits) if split == "train"]
    if "validation" in splits or not training:
        return splits
    place = {index: position for position, index in enumerate(training)}
    inside = [[place[index] for index in group if index in place] for group in groups]
    held = {place[index] for group in groups if not place.keys() >= set(group) for index in group if index in place}
    free = [group for group in inside if group and not held & set(group)]
    shares = {"validation": SHARES["validation"]}
    chosen = _divided([files[index] for index in training], [strata[index] for index in training], free, shares)
    for index, split in zip(training, chosen, strict=True):
        splits[index] = split
    return splits


def _divided(
    files: Sequence[str], strata: Sequence[object], groups: Sequence[Sequence[int]], shares: Mapping[str, float]
) -> list[str]:
    """`assign_splits`, filled up: shares of small strata are rounded down to nothing, and people have many photos."""
    splits = assign_splits(files, strata, groups, shares=shares)
    in_order = sorted(groups, key=lambda group: order_key(min(files[index] for index in group)))
    for split, share in shares.items():
        room = round(len(files) * share) - splits.count(split)
        for group in in_order:
            if splits[group[0]] == "train" and len(group) <= room:
                room -= len(group)
                _move(splits, group, split)
        free = [group for group in in_order if splits[group[0]] == "train"]
        if split not in splits and len(groups) >= FEWEST_GROUPS and len(free) > 1:
            _move(splits, min(free, key=len), split)
    return splits


def _move(splits: list[str], group: Sequence[int], split: str) -> None:
    for index in group:
        splits[index] = split


def _by(keys: Sequence[Hashable]) -> list[list[int]]:
    groups = defaultdict(list)
    for index, key in enumerate(keys):
        if key is not None:
            groups[key].append(index)
    return list(groups.values())
