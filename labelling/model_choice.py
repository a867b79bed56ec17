"""The model that labels, such that every process of a cluster can load it and is sure to have the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gender_age.checkpoint import checkpoint_folder, load_checkpoint
from gender_age.errors import ModelError
from gender_age.images import Opener
from gender_age.prediction import GenderAgePredictor

FILES = ("config.json", "preprocessor_config.json", "model*.safetensors", "model.safetensors.index.json")


@dataclass(frozen=True)
class ModelChoice:
    """A checkpoint.

    Attributes:
        name: a folder, or an id of the Hub.
        revision: commit of a Hub model, None for a folder.
        sha256: of the files that decide what it answers.
    """

    name: str
    revision: str | None
    sha256: str

    @classmethod
    def of(cls, name: str, revision: str | None) -> ModelChoice:
        """The checkpoint, fetched and tried.

        Raises:
            ModelError: it cannot be used.
        """
        folder = checkpoint_folder(name, revision)
        load_checkpoint(folder, device="cpu")
        is_folder = Path(name).is_dir()
        # A model of the Hub is in a folder called as its commit.
        return cls(str(Path(name).resolve()) if is_folder else name, None if is_folder else folder.name, _hash(folder))

    def predictor(self, device: str, opener: Opener | None = None) -> GenderAgePredictor:
        """The predictor, in a process of the cluster.

        Raises:
            ModelError: the model is missing on this machine, or is another one.
        """
        folder = checkpoint_folder(self.name, self.revision)
        if _hash(folder) != self.sha256:
            raise ModelError(f"The model {self.name} differs from node to node: copy the same files to all of them.")
        return GenderAgePredictor.from_pretrained(folder, device=device, opener=opener)


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in FILES for path in folder.glob(pattern)}):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
