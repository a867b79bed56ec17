"""`python -m trainer deploy`: publishes the page and its model as a Space, or writes them to a folder."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.constants import ENDPOINT

from gender_age.checkpoint import CARD, CHECKPOINT_FILES, DEFAULT_MODEL, checkpoint_folder, load_checkpoint
from gender_age.records import TRAINING_FILE

from .files import write_whole_folder
from .publishing.hub import publish
from .publishing.model_repository import json_text, read_json, without_local_paths
from .publishing.space_card import space_card

ROOT = Path(__file__).resolve().parent.parent
MODEL = "model"
PAGE_FILES = (
    CARD,
    "LICENSE",
    "app.py",
    "requirements.txt",
    "page/**/*.py",
    "page/**/*.css",
    "page/**/*.js",
    "page/*.svg",
    "page/*.jpg",
    "gender_age/*.py",
    "gender_age/*.safetensors",
    "examples/*.jpg",
    "examples/SOURCES.md",
    "docs/*.md",
    "docs/*.png",
    "docs/*.gif",
)
ABOUT_THE_DEFAULT = {CARD, "docs/*.md", "docs/*.png", "docs/*.gif"}
OWN_MODULE = "gender_age/checkpoint.py"
MODEL_FILES = (*CHECKPOINT_FILES, CARD)
"""Files of a model's folder that are copied; the page does not run its code files."""


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
    parser.add_argument(
        "--hardware",
        metavar="H",
        help="what the Hub runs the Space on if it is new; a free account takes zero-a10g (default: the Hub's own)",
    )


def main(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        GenderAgeError: the model cannot be used, or the target cannot be written.
    """
    if args.to_folder is not None:
        print(deploy_to_folder(Path(args.to_folder), args.model, args.revision))
    else:
        print(deploy_to_hub(args.to, args.model, args.revision, args.private, hardware=args.hardware))
    return 0


def deploy_to_folder(folder: Path, model: str, revision: str | None = None) -> Path:
    """Writes the Space to `folder`, which is replaced atomically; see `write_space`.

    Raises:
        ModelError: the model cannot be used.
        TrainerError: `folder` holds other files than a Space, or cannot be written.
    """
    return write_whole_folder(
        folder, lambda unfinished: write_space(unfinished, model, revision), _strange_files, "deploy"
    )


def deploy_to_hub(
    space_id: str,
    model: str,
    revision: str | None = None,
    private: bool = False,
    api: HfApi | None = None,
    hardware: str | None = None,
) -> str:
    """Publishes the Space in one commit; an unchanged Space makes none. See `write_space`.

    Deletes stale files of earlier deployments and keeps all other files of the Space. `hardware` is as in `publish`.

    Returns:
        The URL of the commit.

    Raises:
        ModelError: the model cannot be used.
        TrainerError: the Hub is unreachable or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="gender-age-deploy-") as temporary:
        folder = Path(temporary)
        write_space(folder, model, revision)
        show_thumbnail(folder, space_id)
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return publish(
            space_id,
            files,
            kind="space",
            message="Gender and age page",
            is_stale=belongs_to_space,
            private=private,
            hardware=hardware,
            api=api,
        )


def write_space(folder: Path, model: str, revision: str | None = None) -> None:
    """Copies the files of the page and its model into the empty `folder`.

    A Hub model is copied too, with its card: the commit is self-contained, the Space starts without a download, and a
    private model needs no token. The repository's README.md and `docs` are about the default model; another one has a
    `space_card`.

    Raises:
        ModelError: the model cannot be used.
    """
    source = checkpoint_folder(model, revision, with_card=True)
    loaded, _ = load_checkpoint(source, device="cpu")
    is_default = source.resolve() == DEFAULT_MODEL.resolve()
    for pattern in PAGE_FILES if is_default else set(PAGE_FILES) - ABOUT_THE_DEFAULT:
        for path in sorted(ROOT.glob(pattern)):
            _copy(path, folder / path.relative_to(ROOT))
    for pattern in MODEL_FILES:
        for path in sorted(source.glob(pattern)):
            _copy(path, folder / MODEL / path.name)
    if record := without_local_paths(read_json(source / TRAINING_FILE)):
        (folder / MODEL / TRAINING_FILE).write_text(json_text(record), encoding="utf-8")
    if package := loaded.family.package:
        with (folder / "requirements.txt").open("a", encoding="utf-8") as file:
            file.write(f"{package}\n")
    if not is_default:
        hub_id = None if Path(model).is_dir() else model
        (folder / CARD).write_text(space_card(ROOT / CARD, source, hub_id), encoding="utf-8")


def show_thumbnail(folder: Path, space_id: str) -> None:
    """Names the page's preview as the Space's picture on the Hub, which takes an address only."""
    card = folder / CARD
    picture = f"{ENDPOINT}/spaces/{space_id}/resolve/main/page/preview.jpg"
    text = card.read_text(encoding="utf-8").removeprefix("---\n")
    card.write_text(f"---\nthumbnail: {picture}\n{text}", encoding="utf-8")


def belongs_to_space(name: str) -> bool:
    """Whether a deployment may write this relative POSIX path."""
    patterns = (*PAGE_FILES, *(f"{MODEL}/{pattern}" for pattern in MODEL_FILES))
    return any(_matches(name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    """Matches like `Path.glob`: `*` does not match `/`, `folder/**/` matches any depth."""
    folder, is_deep, last = pattern.partition("**/")
    if is_deep:
        return name.startswith(folder) and fnmatchcase(name.rpartition("/")[2], last)
    return fnmatchcase(name, pattern) and name.count("/") == pattern.count("/")


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)  # files in the Hub's cache are symbolic links


def _strange_files(folder: Path) -> list[str]:
    """The files in `folder` that no deployment wrote, and that replacing it would destroy."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    names = [name for name in names if "/__pycache__/" not in f"/{name}"]
    # README.md and app.py alone do not identify a Space of this project.
    is_space = OWN_MODULE in names
    return sorted(name for name in names if not (is_space and belongs_to_space(name)))
