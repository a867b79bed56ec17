"""What `prepare` prints of its report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MOST_FILES = 5


def told(report: dict, out: Path, fresh: bool) -> Iterator[str]:
    """Lines: counts, how own photos were read, and what was left out if OUT is `fresh`."""
    yield f"{out} is {'' if fresh else 'already '}prepared: {_summary(report)}"
    if "reading" in report:
        read = ", ".join(f"{ours} from {theirs}" for ours, theirs in report["reading"].items())
        yield f"read as {report['settings']['source']}: {read}"
    for words, count in report.get("not_understood", {}).items():
        yield f"not understood, and taken for missing: {words} ({count})"
    for reason, files in report["skipped"].items() if fresh else ():
        more = ", ..." if len(files) > MOST_FILES else ""
        yield f"left out, {reason}: {len(files)} ({', '.join(files[:MOST_FILES])}{more})"


def _summary(report: dict) -> str:
    parts = ", ".join(f"{count:,} {split}" for split, count in report["images"].items())
    left_out = sum(len(files) for files in report["skipped"].values())
    text = (
        f"{parts}; {left_out:,} left out, {report['without_landmarks']:,} without landmarks, "
        f"{report['twin_groups']:,} groups of near-duplicates"
    )
    more = {"people": "people", "without_age": "without age", "without_gender": "without gender"}
    return ", ".join([text, *(f"{report[key]:,} {what}" for key, what in more.items() if report.get(key))])
