"""Publishes files to the Hub as one commit, with readable errors; used by push, prepare and deploy."""

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
    hardware: str | None = None,
    gated_unless: str | None = None,
    api: HfApi | None = None,
) -> str:
    """Creates the repository if needed and commits `files`; unchanged files make no commit.

    Not `HfApi.upload_folder`: in its `delete_patterns` (https://github.com/huggingface/huggingface_hub/pull/1370) `*`
    matches `/` too, so `*.py` also deletes an owner's `tools/keep.py`. No issue found; the closest test is
    `test_hub_push_is_one_commit_that_removes_only_code_no_longer_needed`.

    Args:
        repo_id: `owner/name`.
        files: path in the repository -> local file.
        kind: of the repository.
        message: of the commit.
        is_stale: whether to delete, in the same commit, a file of the repository that is not in `files`.
        private: make a new repository private.
        hardware: of a new Space, one of `huggingface_hub.SpaceHardware`; default: the Hub's.
        gated_unless: gate the repository before uploading, unless it holds this file.
        api: the client.

    Returns:
        The URL of the commit.

    Raises:
        TrainerError: the Hub is unreachable or refuses.
    """
    api = api or HfApi()
    # The default repo_type is a model.
    where = {"repo_id": repo_id} if kind == "model" else {"repo_id": repo_id, "repo_type": kind}
    of_space = {"space_sdk": "gradio", "space_hardware": hardware} if kind == "space" else {}
    with refusals_as_sentences(repo_id, kind):
        api.create_repo(**where, private=private, exist_ok=True, **of_space)
        names = set(api.list_repo_files(**where))
        if gated_unless is not None and gated_unless not in names:
            api.update_repo_settings(**where, gated="manual")
        stale = sorted(name for name in names - files.keys() if is_stale(name))
        operations = [CommitOperationAdd(name, path) for name, path in sorted(files.items())]
        operations += [CommitOperationDelete(name) for name in stale]
        # create_commit skips unchanged files, and makes no empty commit.
        return api.create_commit(**where, operations=operations, commit_message=message).commit_url


@contextmanager
def refusals_as_sentences(repo_id: str, kind: Kind) -> Iterator[None]:
    """Turns the client's errors into a `TrainerError`."""
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
        # The client's RuntimeError only names the large file; its cause says what failed.
        reason = str(error.__cause__ or error).strip().partition("\n")[0] or type(error).__name__
        raise TrainerError(f"The upload to {repo_id} failed ({reason}): try again, nothing was published.") from error
