"""Loads a checkpoint from a folder or the Hub; an incomplete one is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,  # the HTTP client's base error: connection failures
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    StrictDataclassError,
)
from safetensors import SafetensorError
from transformers import AutoConfig, AutoImageProcessor, AutoModel, BaseImageProcessor
from transformers.utils import logging

from .alignment import Alignment
from .backbones import UnsupportedBackboneError
from .configuration_gender_age import GenderAgeConfig
from .devices import UNUSABLE, check_device, default_device
from .errors import ModelError
from .modeling_gender_age import GenderAgeModel

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "model"
"""The checkpoint in the repository, relative to the package and not to the working directory."""

# The files downloaded from a Hub repository: no code and no pickles.
CHECKPOINT_FILES = [
    "config.json",
    "preprocessor_config.json",
    # No other: mtcnn.safetensors, the detector's weights, is beside the code.
    "model*.safetensors",
    "model.safetensors.index.json",
    "evaluation.json",
    "training.json",
]
CARD = "README.md"  # downloaded only where the model is published again
# Errors of transformers for files with inconsistent content.
UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    SafetensorError,
    StrictDataclassError,
)
MAX_KEYS_SHOWN = 3
UNAUTHORIZED = 401


def load_checkpoint(
    id_or_folder: str | Path = DEFAULT_MODEL,
    revision: str | None = None,
    device: str | torch.device | None = None,
) -> tuple[GenderAgeModel, BaseImageProcessor]:
    """The model, in float32 and evaluation mode, and its image processor (size, mean, std and alignment).

    Args:
        id_or_folder: a local folder, or the id of a model on the Hub.
        revision: branch, tag or commit of a Hub model.
        device: of the model; default: the GPU if there is one that works.

    Raises:
        ModelError: the checkpoint is missing, cannot be fetched, is of another kind, or incomplete; or the device does
            not exist.
    """
    folder = checkpoint_folder(id_or_folder, revision)
    _check_kind(folder, id_or_folder)
    register_classes()
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        with _loading_report_silenced():
            model, loading = AutoModel.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported in the loading info; `_check_complete` raises
            )
        image_processor = AutoImageProcessor.from_pretrained(folder, trust_remote_code=False)
    except (ImportError, UnsupportedBackboneError) as error:  # it says what to install or to change
        raise ModelError(f"The model {id_or_folder} cannot be used: {_first_line(error)}.") from error
    except UNREADABLE as error:
        raise ModelError(
            f"The model {id_or_folder} cannot be read ({_first_line(error)}): fetch or train it again."
        ) from error
    _check_complete(loading, id_or_folder)
    alignment_of(image_processor)
    device, is_given = device or default_device(), device is not None
    try:
        if is_given:
            check_device(device)
        return model.eval().to(device), image_processor
    except UNUSABLE as error:
        raise ModelError(f"The device {device} cannot be used here ({_first_line(error)}): try cpu.") from error


def register_classes() -> None:
    """Registers our classes with transformers' auto classes, so that no remote code is run."""
    AutoConfig.register(GenderAgeConfig.model_type, GenderAgeConfig, exist_ok=True)
    AutoModel.register(GenderAgeConfig, GenderAgeModel, exist_ok=True)


def alignment_of(image_processor: BaseImageProcessor) -> Alignment:
    """The alignment geometry of training, from the `alignment` entry of the preprocessor config.

    Raises:
        ModelError: the entry is missing or malformed.
    """
    try:
        return Alignment.from_dict(getattr(image_processor, "alignment", {}))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            "The model's preprocessor_config.json has no usable `alignment` entry, without which its faces cannot be "
            "cropped as in training: use a checkpoint written by this project's trainer."
        ) from error


def checkpoint_folder(id_or_folder: str | Path, revision: str | None = None, with_card: bool = False) -> Path:
    """The local folder of a checkpoint; a Hub model is downloaded, all files from one commit.

    Args:
        with_card: download a Hub model's card, too, if it has one.

    Raises:
        ModelError: there is no such folder or Hub model, or it cannot be fetched.
    """
    folder = Path(id_or_folder)
    if folder.is_dir():
        if revision is not None:
            raise ModelError(f"{id_or_folder} is a local folder, which has no revisions: leave the revision out.")
        return folder
    if folder.exists():
        raise ModelError(f"{id_or_folder} is a file: name the folder of a model, or a model on the Hub.")
    if isinstance(id_or_folder, Path) or _looks_like_path(id_or_folder):
        raise ModelError(
            f"There is no model folder {id_or_folder}: name an existing folder, or a model on the Hub as owner/name."
        )
    return _download(id_or_folder, revision, [*CHECKPOINT_FILES, CARD] if with_card else CHECKPOINT_FILES)


def _looks_like_path(text: str) -> bool:
    return text.startswith((".", "~")) or "\\" in text or text.count("/") > 1 or Path(text).is_absolute()


def _download(repo_id: str, revision: str | None, names: list[str]) -> Path:
    try:
        return Path(snapshot_download(repo_id, revision=revision, allow_patterns=names))
    except HFValidationError as error:
        message = f"{repo_id!r} is neither a folder here nor a name a Hub model can have: use owner/name."
        raise ModelError(message) from error
    except GatedRepoError as error:  # a RepositoryNotFoundError too, so it comes first
        raise ModelError(
            f"The Hub model {repo_id} asks for its terms to be accepted: do so at its page, then run `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"There is no folder {repo_id} here and no such model on the Hub: check the name, or run `hf auth login` "
            "if it is private."
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(
            f"The Hub model {repo_id} has no revision {revision}: name one of its branches, tags or commits."
        ) from error
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"There is no folder {repo_id} here, and the Hub could not be reached to fetch the model of that name: "
            "check the network, and that HF_HUB_OFFLINE is not set, or give a local folder."
        ) from error
    except (HTTPError, OSError) as error:
        if isinstance(error, HfHubHTTPError) and error.response.status_code == UNAUTHORIZED:
            raise ModelError(
                f"The Hub does not know the token sent for {repo_id}: run `hf auth login` again, or set HF_TOKEN to "
                "one that is valid."
            ) from error
        raise ModelError(
            f"The Hub model {repo_id} could not be fetched ({_first_line(error)}): try again later."
        ) from error


def _check_kind(folder: Path, id_or_folder: str | Path) -> None:
    """Raises `ModelError` for another kind of checkpoint, before transformers reads it."""
    for name in ("config.json", "preprocessor_config.json"):
        if not (folder / name).is_file():
            # A run keeps its checkpoint in a folder of its own.
            inside = f"; {folder / 'model'} may be one" if (folder / "model" / name).is_file() else ""
            raise ModelError(f"The model {id_or_folder} has no {name}: it is not a checkpoint of this project{inside}.")
    if not any(folder.glob("model*.safetensors")):
        raise ModelError(f"The model {id_or_folder} has no weights in a .safetensors file, the only kind read here.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The config.json of {id_or_folder} is not readable JSON: fetch the model again.") from error
    model_type = config.get("model_type") if isinstance(config, dict) else None
    if model_type != GenderAgeConfig.model_type:
        raise ModelError(
            f"The model {id_or_folder} is of type {model_type!r}, not {GenderAgeConfig.model_type!r}: "
            "give a checkpoint of this project."
        )


@contextmanager
def _loading_report_silenced() -> Iterator[None]:
    """Silences transformers' loading report; `_check_complete` raises one error instead.

    `from_pretrained` has no option for it; no issue found. The output of
    `test_weights_that_do_not_fit_are_not_drawn_at_random` (`pytest -s`) shows whether it is needed.
    """
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _check_complete(loading: dict, id_or_folder: str | Path) -> None:
    """Raises `ModelError` for missing, unexpected or mismatched weights.

    transformers only warns, with missing ones initialised at random:
    https://github.com/huggingface/transformers/issues/10329.
    `test_weights_that_do_not_fit_are_not_drawn_at_random` shows when this can go.
    """
    for kind in ("missing", "unexpected", "mismatched"):
        keys = sorted(key if isinstance(key, str) else key[0] for key in loading[f"{kind}_keys"])
        if keys:
            shown = ", ".join(keys[:MAX_KEYS_SHOWN]) + (", …" if len(keys) > MAX_KEYS_SHOWN else "")
            raise ModelError(
                f"The weights of the model {id_or_folder} do not fit its config ({len(keys)} {kind}: {shown}): "
                "fetch or train it again."
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
