"""Publishes files to the Hub as one commit, and says in a sentence why it cannot be done; for push, prepare, deploy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, LocalTokenNotFoundError

from ..errors import TrainerError

Kind = Literal["model", "dataset", "space"]
UNAUTHORIZED = 401
NAMES: dict[Kind, str] = {"model": "model", "dataset": "dataset", "space": "Space"}


def publish(
    repo_id: str,
    files: Mapping[str, Path],
    *,
    kind: Kind,
    message: str,
    is_stale: Callable[[str], bool],
    private: bool = False,
    gated_unless: str | None = None,
    api: HfApi | None = None,
) -> str:
    """Makes the repository if need be and commits `files` to it at once, or nothing where nothing has changed.

    Not `HfApi.upload_folder`, as the wildcards of its `delete_patterns` cross folders: `*.py` would also delete an
    owner's `tools/keep.py`.

    Args:
        repo_id: `owner/name`.
        files: what is uploaded, by its path in the repository.
        kind: of the repository.
        message: of the commit.
        is_stale: whether a file of the repository that is not among `files` is deleted in the same commit; the others
            are left alone.
        private: make the repository private if it is new.
        gated_unless: a file; as long as the repository lacks it, access to it is made to be asked for before anything
            is uploaded.
        api: the client.

    Returns:
        The address of the commit.

    Raises:
        TrainerError: the Hub cannot be reached, or refuses.
    """
    api = api or HfApi()
    # The client takes a model for granted.
    where = {"repo_id": repo_id} if kind == "model" else {"repo_id": repo_id, "repo_type": kind}
    sdk = {"space_sdk": "gradio"} if kind == "space" else {}
    with refusals_as_sentences(repo_id, kind):
        api.create_repo(**where, private=private, exist_ok=True, **sdk)
        names = set(api.list_repo_files(**where))
        if gated_unless is not None and gated_unless not in names:
            api.update_repo_settings(**where, gated="manual")
        stale = sorted(name for name in names - files.keys() if is_stale(name))
        operations = [CommitOperationAdd(name, path) for name, path in sorted(files.items())]
        operations += [CommitOperationDelete(name) for name in stale]
        # Files that are there already are left out by create_commit itself, and a commit of none is not made.
        return api.create_commit(**where, operations=operations, commit_message=message).commit_url


@contextmanager
def refusals_as_sentences(repo_id: str, kind: Kind) -> Iterator[None]:
    """Turns what the client raises into a `TrainerError` for whoever uploads."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise TrainerError("The Hub wants to know who uploads: run `hf auth login`, or set HF_TOKEN.") from error
    except HFValidationError as error:
        raise TrainerError(f"{repo_id!r} is no name a Hub {NAMES[kind]} can have: use owner/name.") from error
    except HfHubHTTPError as error:
        if error.response.status_code == UNAUTHORIZED:
            raise TrainerError(
                "The Hub does not know who uploads: run `hf auth login`, or set HF_TOKEN to a valid token."
            ) from error
        reason = error.server_message or str(error).strip().partition("\n")[0]
        raise TrainerError(f"The Hub refused the upload to {repo_id}: {reason}") from error
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        # The client's RuntimeError names a large file; what went wrong with it is the error behind.
        reason = str(error.__cause__ or error).strip().partition("\n")[0] or type(error).__name__
        raise TrainerError(f"The upload to {repo_id} failed ({reason}): try again, nothing was published.") from error
