"""What `prepare` prints of its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

MOST_FILES = 5
WITHOUT = {
    "train": "nothing can be trained on it",
    "validation": "it can be trained together with a dataset that has some, but not alone",
    "test": "`evaluate` cannot measure on it",
}
"""What a dataset is not good for that has no images in a split."""


def told(report: dict, out: Path, fresh: bool) -> Iterator[str]:
    """Lines: counts, how own photos were read, and what was left out if OUT is `fresh`."""
    yield f"{out} is {'' if fresh else 'already '}prepared: {_summary(report)}"
    if "reading" in report:
        read = ", ".join(f"{ours} from {theirs}" for ours, theirs in report["reading"].items())
        more = f"; not read: {_few(report['not_read'])}" if report.get("not_read") else ""
        yield f"read as {report['settings']['source']}: {read}{more}"
    yield from _strange(report.get("not_understood", {}))
    for reason, files in report["skipped"].items() if fresh else ():
        yield f"left out, {reason}: {len(files):,} ({_few(files)})"
    if fresh and report.get("in_no_table"):
        yield f"images that no table names: {len(report['in_no_table']):,} ({_few(report['in_no_table'])})"
    if report.get("across_splits"):
        yield f"{report['across_splits']:,} people or groups of near-duplicates lie in several splits of the source"
    for split, count in report["images"].items():
        # Without images for training, only those for the test matter.
        if not count and (split == "train" or report["images"]["train"]):
            yield f"there are no images for {split}: {WITHOUT[split]}"


def _strange(words: dict[str, int]) -> Iterator[str]:
    """A line for each column with words that were not understood."""
    columns: dict[str, list[str]] = {}
    for each, count in words.items():
        column, _, word = each.partition(": ")
        columns.setdefault(column, []).append(f"{word} ({count:,})")
    for column, found in columns.items():
        missing = ", and taken for missing" if column == "gender" else ""
        yield f"not understood in {column}{missing}: {', '.join(found)}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_FILES]) + (", ..." if len(names) > MOST_FILES else "")


def _summary(report: dict) -> str:
    parts = ", ".join(f"{count:,} {split}" for split, count in report["images"].items())
    left_out = sum(len(files) for files in report["skipped"].values())
    text = (
        f"{parts}; {left_out:,} left out, {report['without_landmarks']:,} without landmarks, "
        f"{report['twin_groups']:,} groups of near-duplicates"
    )
    more = {"people": "people", "without_age": "without age", "without_gender": "without gender"}
    return ", ".join([text, *(f"{report[key]:,} {what}" for key, what in more.items() if report.get(key))])
