"""Label cleaning: drops training faces whose label a trained model finds unlikely (https://arxiv.org/abs/1911.00068)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

import torch
from datasets import Dataset

from gender_age.checkpoint import load_checkpoint
from gender_age.decoding import gender_probabilities
from gender_age.errors import ModelError
from gender_age.inference import inference
from gender_age.labels import MISSING

from ..errors import ConfigError, RunError
from ..faces.aligned_faces import AlignedFaces
from ..files import write_whole_text
from .augmentation import normalise_faces
from .config import RunConfig
from .normalisation import Normalisation

logger = logging.getLogger(__name__)

DROPPED_FILE = "dropped.json"
BATCH_SIZE = 256
# Age labels are estimates: the probability of a label includes the years this near to it.
NEAR_YEARS = 5


def likely_rows(rows: Dataset, config: RunConfig, cache_dir: Path, run: Path) -> torch.Tensor:
    """bool `(n,)`: rows with a probability of at least `config.data.drop_unlikely` for both gender and age.

    The run's initial model predicts each face as training crops it. The age counts as right within five years of the
    label. Dropped rows are recorded in the run's folder as `[row, file]`; a continued run drops the recorded ones.

    Raises:
        ConfigError: the run's initial model is no checkpoint of this project, or no face would be left.
        RunError: the recorded rows are not in this data.
    """
    recorded, files = run / DROPPED_FILE, rows["file"][:]
    if not recorded.exists():
        unlikely = {
            label: (values < config.data.drop_unlikely).nonzero().flatten().tolist()
            for label, values in _label_probabilities(rows, config, cache_dir).items()
        }
        if not _kept(len(files), unlikely.values()).any():
            raise ConfigError(f"`data.drop_unlikely: {config.data.drop_unlikely}` leaves no face to train on")
        dropped = {label: [[row, files[row]] for row in found] for label, found in unlikely.items()}
        write_whole_text(recorded, json.dumps(dropped, indent=1) + "\n")
    dropped = json.loads(recorded.read_text(encoding="utf-8"))
    if any(files[row : row + 1] != [file] for found in dropped.values() for row, file in found):
        raise RunError(
            f"{recorded} names faces that this data does not have: continue the run with the data it began with"
        )
    counts = count_dropped(run)
    logger.warning("left out for an unlikely label: %d for the gender, %d for the age", counts["gender"], counts["age"])
    return _kept(len(files), ([row for row, _ in found] for found in dropped.values()))


def count_dropped(run: Path) -> dict[str, int] | None:
    """Number of faces dropped for their `gender` and for their `age`; some count twice. None without label cleaning."""
    recorded = run / DROPPED_FILE
    if not recorded.is_file():
        return None
    return {label: len(found) for label, found in json.loads(recorded.read_text(encoding="utf-8")).items()}


def _kept(count: int, dropped: Iterable[list[int]]) -> torch.Tensor:
    kept = torch.ones(count, dtype=torch.bool)
    for found in dropped:
        kept[found] = False
    return kept


def _label_probabilities(rows: Dataset, config: RunConfig, cache_dir: Path) -> dict[str, torch.Tensor]:
    """`(n,)` probabilities of the `gender` label and of the `age` label; 1 where it is unknown."""
    try:
        model, image_processor = load_checkpoint(config.model.pretrained, config.model.revision)
    except ModelError as error:
        raise ConfigError(f"`data.drop_unlikely` cannot ask the model of `model.pretrained`: {error}") from error
    model.config.average_mirrored = False  # at half the cost
    size = model.config.image_size
    faces = AlignedFaces(rows, [size], cache_dir, config.data.margin, config.data.fallback_share)
    normalisation = Normalisation.of(image_processor)
    years = torch.arange(model.config.num_ages)
    gender, age = [], []
    for start in range(0, len(faces), BATCH_SIZE):
        batch = faces.__getitems__(range(start, min(start + BATCH_SIZE, len(faces))))
        margin = (batch["pixels"].shape[-1] - size) // 2
        pixels = batch["pixels"][..., margin : margin + size, margin : margin + size]
        with inference(model.device):
            outputs = model(pixel_values=normalisation(normalise_faces(pixels)).to(model.device))
        genders = gender_probabilities(outputs.gender_logits, model.config.gender_temperature).cpu()
        likely = genders.gather(1, batch["gender"].clamp(min=0)[:, None])[:, 0]
        gender.append(likely.masked_fill(batch["gender"] == MISSING, 1.0))
        low, high = (batch[name][:, None].clamp(max=len(years) - 1) for name in ("age_min", "age_max"))
        near = (years >= low - NEAR_YEARS) & (years <= high + NEAR_YEARS)
        likely = (outputs.age_logits.softmax(dim=-1).cpu() * near).sum(dim=-1)
        age.append(likely.masked_fill(batch["age_min"] == MISSING, 1.0))
    return {"gender": torch.cat(gender), "age": torch.cat(age)}
