"""Sampling of the training faces, balanced by data set, age and gender."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..faces.aligned_faces import AlignedFaces
from .config import DataSection

BIN_YEARS = 5


def age_weights(age_min: torch.Tensor, age_max: torch.Tensor, balance: float) -> torch.Tensor:
    """`(n,)` expected number of draws of each face in an epoch; they sum to `n`.

    Args:
        age_min, age_max: `(n,)` years; a range counts as its midpoint, unknown ages as one age.
        balance: 0 draws every face once, 1 draws every five-year bin equally often.
    """
    # Unknown ages are a bin of their own.
    bins = 1 + ((age_min + age_max.clamp(max=100)) / 2 / BIN_YEARS).long().clamp(min=-1)
    counts = torch.bincount(bins).double()
    weights = counts[bins] ** -balance
    return weights * (len(weights) / weights.sum())


def balanced_by_gender(weights: torch.Tensor, gender: torch.Tensor, balance: float) -> torch.Tensor:
    """`(n,)` weights with the same sum, scaled by gender: as they are with balance 0, equal sums of both with 1.

    Args:
        gender: `(n,)`, 0 female, 1 male, negative where it is unknown: such faces stay as they are among the others.
    """
    known = gender >= 0
    totals = torch.zeros(2, dtype=weights.dtype).index_add(0, gender[known], weights[known])
    scaled = weights.clone()
    scaled[known] *= (totals[gender[known]] / totals.mean()) ** -balance
    return scaled * (weights.sum() / scaled.sum())


def draws_of(faces: AlignedFaces, data: DataSection, weights: torch.Tensor | None) -> torch.Tensor:
    """`(n,)` expected number of draws of each face in an epoch, as the config asks; they sum to `n`.

    Args:
        weights: `(n,)` of the faces by data set; None for equal ones.
    """
    draws = age_weights(faces.age_min, faces.age_max, data.age_balance)
    if weights is not None:
        draws = draws * weights
        draws *= len(draws) / draws.sum()
    return balanced_by_gender(draws, faces.gender, data.gender_balance) if data.gender_balance else draws


class WeightedShuffle(torch.utils.data.Sampler[int]):
    """Each index about `weights[index]` times an epoch, shuffled; reproducible from seed and epoch when a run is
    continued.

    Systematic resampling: a face with weight 1.3 is drawn once or twice, never less.

    Args:
        weights: `(n,)`, summing to `n`.
        seed: of the run.
    """

    def __init__(self, weights: torch.Tensor, seed: int) -> None:
        self.weights, self.seed, self.epoch = weights, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Trainer before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.weights)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        count = len(self.weights)
        order = torch.randperm(count, generator=generator)
        edges = self.weights[order].cumsum(0)
        marks = torch.arange(count, dtype=torch.float64) + torch.rand(1, generator=generator).double()
        drawn = order[torch.searchsorted(edges, marks).clamp(max=count - 1)]
        yield from drawn[torch.randperm(count, generator=generator)].tolist()
