"""Builds the dataset from staged images: near-duplicate groups, splits, Parquet shards, report and card."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gender_age.writers import path_cell

from ..errors import DataError
from ..sources.record import Record, Skipped, Source
from .dataset_card import CardFacts, render_card
from .landmarks import NO_FACE, NOT_IN_BOX
from .origins import origin_of
from .own_splits import own_groups, own_splits
from .parquet import dataset_row, features_of, shard_count, write_split
from .splits import SPLITS, age_band, assign_splits, merge_groups, near_duplicates, order_key
from .staging import Staged, Staging

REPORT = "prepare.json"
"""File of a prepared dataset: its settings and counts."""


def build_dataset(folder: Path, source: Source, records: Sequence[Record], staging: Staging, settings: dict) -> dict:
    """Writes Parquet shards, file lists, report and card to `folder`, which must not exist.

    Returns:
        The content of `prepare.json`: `settings` and counts.

    Raises:
        DataError: no image is usable.
    """
    by_file = {record.file: record for record in records}
    usable = staging.usable()
    if not usable:
        raise DataError(f"none of the {len(records)} images can be {_hope(staging)}")
    twins = _groups(usable, staging)
    used = [by_file[entry.file] for entry in usable]
    strata = [(age_band(record.age_min, record.age_max), record.gender) for record in used]
    files = [entry.file for entry in usable]
    if source.are_photos:
        groups = merge_groups(len(usable), twins, *own_groups(used))
        splits = own_splits(files, strata, groups, [record.split for record in used])
        across = sum(len({splits[index] for index in group}) > 1 for group in groups)
    else:
        splits, across = assign_splits(files, strata, twins), 0
    features = features_of(source.name, any(record.identity for record in used))

    (folder / "data").mkdir(parents=True)
    (folder / "splits").mkdir()
    split_records, split_bytes = {}, {}
    for split in SPLITS:
        entries = [entry for entry, its in zip(usable, splits, strict=True) if its == split]
        names = "".join(f"{path_cell(entry.file)}\n" for entry in entries)
        (folder / "splits" / f"{split}.txt").write_text(names, "utf-8")
        # In hash order: UTKFace's names start with the age, and readers often take the first rows.
        entries.sort(key=lambda entry: order_key(entry.file))
        rows = (
            dataset_row(by_file[entry.file], source.name, entry, image)
            for entry, image in zip(entries, staging.images(entries), strict=True)
        )
        write_split(
            folder / "data", split, rows, len(entries), shard_count(sum(entry.length for entry in entries)), features
        )
        split_records[split] = [by_file[entry.file] for entry in entries]
        split_bytes[split] = sum(path.stat().st_size for path in (folder / "data").glob(f"{split}-*"))

    skipped = [*source.skipped]
    skipped += [Skipped(entry.file, entry.reason) for entry in staging.entries.values() if entry.reason]
    facts = CardFacts(
        source=source.name,
        origin=source.origin or origin_of(source.name),
        split_records=split_records,
        split_bytes=split_bytes,
        skipped=skipped,
        twin_groups=sum(len(group) > 1 for group in twins),
        twin_images=sum(len(group) for group in twins if len(group) > 1),
        without_landmarks=sum(entry.landmarks is None for entry in usable),
        limit=settings["limit"],
        reading=source.reading,
        not_understood=source.not_understood,
        unnamed=len(source.unnamed),
        across_splits=across,
    )
    report = _report(facts, settings)
    if source.are_photos:
        report |= {"not_read": list(source.not_read), "in_no_table": [path_cell(name) for name in source.unnamed]}
    # Words of a JSONL may hold what is no UTF-8 either.
    (folder / REPORT).write_text(path_cell(json.dumps(report, indent=2, ensure_ascii=False)) + "\n", "utf-8")
    (folder / "README.md").write_text(path_cell(render_card(facts)), "utf-8")
    return report


def _hope(staging: Staging) -> str:
    reasons = {entry.reason for entry in staging.entries.values()}
    if reasons & {NO_FACE, NOT_IN_BOX}:
        return "used: there is no face in them"
    return "read; is the source damaged?"


def _groups(usable: list[Staged], staging: Staging) -> list[list[int]]:
    same_bytes = defaultdict(list)
    for index, entry in enumerate(usable):
        same_bytes[entry.sha256].append(index)
    return merge_groups(len(usable), near_duplicates(staging.thumbnails(usable)), list(same_bytes.values()))


def _report(facts: CardFacts, settings: dict) -> dict:
    skipped = defaultdict(list)
    for skip in sorted(facts.skipped, key=lambda skip: (skip.reason, skip.file)):
        skipped[skip.reason].append(path_cell(skip.file))
    report = {
        "settings": settings,
        "images": {split: len(records) for split, records in facts.split_records.items()},
        "skipped": dict(skipped),
        "twin_groups": facts.twin_groups,
        "twin_images": facts.twin_images,
        "without_landmarks": facts.without_landmarks,
    }
    if not facts.reading:
        return report
    records = facts.records
    return report | {
        "reading": dict(facts.reading),
        "not_understood": dict(facts.not_understood),
        "without_age": sum(record.age_min is None for record in records),
        "without_gender": sum(record.gender is None for record in records),
        "people": len({record.identity for record in records if record.identity}),
        "across_splits": facts.across_splits,
    }
