"""`python -m trainer deploy`: the page and its model as a Space, on the Hub or in a folder laid out the same."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from huggingface_hub import HfApi

from gender_age.checkpoint import CHECKPOINT_FILES, DEFAULT_MODEL, checkpoint_folder, load_checkpoint

from .files import write_whole_folder
from .publishing.hub import publish

ROOT = Path(__file__).resolve().parent.parent
CARD, MODEL = "README.md", "model"
PAGE_FILES = (
    CARD,
    "LICENSE",
    "app.py",
    "requirements.txt",
    "page/**/*.py",
    "page/**/*.css",
    "page/**/*.js",
    "gender_age/*.py",
    "gender_age/*.safetensors",
    "examples/*.jpg",
    "examples/SOURCES.md",
    "docs/*.md",
    "docs/*.png",
)
OWN_MODULE = "gender_age/checkpoint.py"
MODEL_FILES = (*CHECKPOINT_FILES, CARD)
"""Of a model's folder; its code files are for users without this repository, and not run by the page."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to `parser`."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", metavar="ID", help="owner/name of a Space on the Hub; made if need be")
    target.add_argument("--to-folder", metavar="F", help="a folder; replaced if it holds such a Space")
    parser.add_argument(
        "--model",
        metavar="M",
        default=str(DEFAULT_MODEL),
        help="Hub id or folder of the checkpoint that the Space carries (default: the repository's own)",
    )
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument("--private", action="store_true", help="make the Space private if it is new")


def main(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        GenderAgeError: the model cannot be used, or the target cannot be written.
    """
    if args.to_folder is not None:
        print(deploy_to_folder(Path(args.to_folder), args.model, args.revision))
    else:
        print(deploy_to_hub(args.to, args.model, args.revision, args.private))
    return 0


def deploy_to_folder(folder: Path, model: str, revision: str | None = None) -> Path:
    """Lays the Space out in `folder`, which is replaced as a whole or not at all; see `write_space`.

    Raises:
        ModelError: the model cannot be used.
        TrainerError: `folder` holds something else than a Space, or cannot be written.
    """
    return write_whole_folder(
        folder, lambda unfinished: write_space(unfinished, model, revision), _strange_files, "deploy"
    )


def deploy_to_hub(
    space_id: str, model: str, revision: str | None = None, private: bool = False, api: HfApi | None = None
) -> str:
    """Publishes the Space as one commit, or none where nothing has changed; see `write_space`.

    Files of an earlier deployment that are no longer needed are deleted; whatever else the Space holds is left alone.

    Returns:
        The address of the commit.

    Raises:
        ModelError: the model cannot be used.
        TrainerError: the Hub cannot be reached, or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="gender-age-deploy-") as temporary:
        folder = Path(temporary)
        write_space(folder, model, revision)
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return publish(
            space_id,
            files,
            kind="space",
            message="Gender and age page",
            is_stale=belongs_to_space,
            private=private,
            api=api,
        )


def write_space(folder: Path, model: str, revision: str | None = None) -> None:
    """Copies all that the page needs, and nothing else, into the empty `folder`.

    The Space carries its model, one from the Hub too: a commit is then the whole of it, it starts without asking the
    Hub, and a private model needs no token there. Its README.md names a model from the Hub under `models`.

    Raises:
        ModelError: the model cannot be used.
    """
    source = checkpoint_folder(model, revision)
    load_checkpoint(source, device="cpu")
    for pattern in PAGE_FILES:
        for path in sorted(ROOT.glob(pattern)):
            _copy(path, folder / path.relative_to(ROOT))
    for pattern in MODEL_FILES:
        for path in sorted(source.glob(pattern)):
            _copy(path, folder / MODEL / path.name)
    if not Path(model).is_dir():
        _, front, body = (ROOT / CARD).read_text(encoding="utf-8").split("---\n", 2)
        (folder / CARD).write_text(f"---\n{front}models:\n  - {model}\n---\n{body}", encoding="utf-8")


def belongs_to_space(name: str) -> bool:
    """Whether a deployment may hold a file of this path, relative and with `/`."""
    patterns = (*PAGE_FILES, *(f"{MODEL}/{pattern}" for pattern in MODEL_FILES))
    return any(_matches(name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    """As `Path.glob` reads a pattern: `*` stays within a folder, `folder/**/` is the folder at any depth."""
    folder, is_deep, last = pattern.partition("**/")
    if is_deep:
        return name.startswith(folder) and fnmatchcase(name.rpartition("/")[2], last)
    return fnmatchcase(name, pattern) and name.count("/") == pattern.count("/")


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)  # a file of the Hub's cache is a link


def _strange_files(folder: Path) -> list[str]:
    """What replacing `folder` would destroy and no deployment wrote."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    names = [name for name in names if "/__pycache__/" not in f"/{name}"]
    # Any project may have a README.md and an app.py.
    is_space = OWN_MODULE in names
    return sorted(name for name in names if not (is_space and belongs_to_space(name)))
