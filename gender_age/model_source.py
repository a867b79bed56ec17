"""Where a model was loaded from, for the files beside its weights that transformers does not fetch by itself."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HTTPError
from transformers import PreTrainedModel
from transformers.dynamic_module_utils import get_relative_import_files
from transformers.utils import cached_file, logging

from .errors import ModelError

logger = logging.get_logger(__name__)

DETECTOR_WEIGHTS = "mtcnn.safetensors"
BESIDE_THE_CODE = Path(__file__).with_name(DETECTOR_WEIGHTS)
# What the pipeline of a repository needs, beside what a model saves of itself and the modules that this one imports.
PIPELINE_CODE = "pipeline_gender_age.py"
PIPELINE_DATA = (DETECTOR_WEIGHTS, "preprocessor_config.json")
# Arguments of `from_pretrained` that say which repository, and how it is fetched.
HUB_ARGUMENTS = ("revision", "token", "cache_dir", "local_files_only")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What `from_pretrained` was given.

    Attributes:
        id_or_folder: a local folder, or the id of a model on the Hub.
        arguments: those of `HUB_ARGUMENTS` that were given; never shown, as the token is among them.
    """

    id_or_folder: str
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, id_or_folder: Any, arguments: Mapping[str, Any]) -> ModelSource:
        """The source that the arguments of a call of `from_pretrained` name."""
        given = {name: arguments[name] for name in HUB_ARGUMENTS if arguments.get(name) is not None}
        return cls(str(id_or_folder), given)

    def file(self, name: str) -> Path:
        """A file of the repository, of the model's revision.

        Raises:
            ModelError: it is not there, or cannot be fetched.
        """
        try:
            return Path(str(cached_file(self.id_or_folder, name, **self.arguments)))
        except OSError as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise ModelError(f"{name} of the model {self.id_or_folder} cannot be had ({reason}).") from error

    def copy_pipeline_files(self, folder: Path) -> None:
        """Copies what `folder` lacks for `pipeline(model=folder, trust_remote_code=True)`."""
        source = Path(self.id_or_folder)
        if not source.is_dir():
            try:
                wanted = ["*.py", *PIPELINE_DATA]
                source = Path(snapshot_download(self.id_or_folder, allow_patterns=wanted, **self.arguments))
            except (OSError, ValueError, HTTPError) as error:  # what was asked for, the model, is saved all the same
                logger.warning(f"{folder} has the model, but not what its pipeline needs ({error})")
                return
        for name in pipeline_files(source):
            if not (folder / name).exists():
                shutil.copyfile(source / name, folder / name)


def pipeline_files(folder: Path) -> list[str]:
    """Names of the files in `folder` that its pipeline needs beside weights and config; none without a pipeline."""
    if not (folder / PIPELINE_CODE).is_file():
        return []
    code = [PIPELINE_CODE, *get_relative_import_files(folder / PIPELINE_CODE)]
    return [name for name in (*(Path(each).name for each in code), *PIPELINE_DATA) if (folder / name).is_file()]


def detector_weights(model: PreTrainedModel | None = None) -> Path:
    """The file of the face detector's weights: beside this module, or in the repository that `model` came from.

    transformers copies only `.py` files of a repository, so that a Hub user's copy of this module stands alone.

    Raises:
        ModelError: there is none.
    """
    if BESIDE_THE_CODE.is_file():
        return BESIDE_THE_CODE
    source = getattr(model, "source", None)
    if source is None:
        raise ModelError(
            f"The face detector's weights, {DETECTOR_WEIGHTS}, are not beside its code: give their path, or a model "
            "that `from_pretrained` loaded."
        )
    return source.file(DETECTOR_WEIGHTS)


__all__ = ["DETECTOR_WEIGHTS", "ModelSource", "detector_weights", "pipeline_files"]
