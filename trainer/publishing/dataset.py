"""Publishes a prepared dataset on the Hub, for `python -m trainer prepare ... --push-to-hub`."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.utils import validate_repo_id

from ..preparation.build import REPORT
from .hub import publish, refusals_as_sentences

PATTERNS = ("README.md", REPORT, "data/*.parquet", "splits/*.txt", "report/labels.png", "report/rows.png")
"""The files of `prepare` that are published; stale shards are deleted. `report/examples.png` stays here."""


def push_dataset(out: Path, repo_id: str, private: bool = False, api: HfApi | None = None) -> str:
    """Publishes the prepared folder `out` in one commit; an unchanged dataset makes none.

    The first push gates the repository before it uploads images, because they show real people. Later pushes keep the
    owner's settings.

    Returns:
        The URL of the commit.

    Raises:
        TrainerError: the Hub is unreachable or refuses.
    """
    files = {path.relative_to(out).as_posix(): path for pattern in PATTERNS for path in sorted(out.glob(pattern))}
    return publish(
        repo_id,
        files,
        kind="dataset",
        message="Prepared dataset",
        is_stale=lambda name: name.startswith(("data/", "splits/")) and name.endswith((".parquet", ".txt")),
        private=private,
        gated_unless=REPORT,
        api=api,
    )


def check_name(repo_id: str) -> None:
    """Validates the dataset id, before the long preparation.

    Raises:
        TrainerError: the id is invalid.
    """
    with refusals_as_sentences(repo_id, "dataset"):
        validate_repo_id(repo_id)
