"""Publishes a prepared dataset on the Hub, for `python -m trainer prepare ... --push-to-hub`."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.utils import validate_repo_id

from ..preparation.build import REPORT
from .hub import publish, refusals_as_sentences

PATTERNS = ("README.md", REPORT, "data/*.parquet", "splits/*.txt")
"""All that `prepare` writes, and so all that is published or, when a later dataset has fewer shards, deleted."""


def push_dataset(out: Path, repo_id: str, private: bool = False, api: HfApi | None = None) -> str:
    """Publishes the prepared folder `out` as it is, in one commit, or none where nothing has changed.

    The first time, access requests are turned on before any image is there: it shows real people, and its card asks
    for terms to be accepted. Whatever the owner sets later is left alone.

    Returns:
        The address of the commit.

    Raises:
        TrainerError: the Hub cannot be reached, or refuses.
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
    """Tells of a name that no dataset can have before the long work begins, not after it.

    Raises:
        TrainerError: it is such a name.
    """
    with refusals_as_sentences(repo_id, "dataset"):
        validate_repo_id(repo_id)
