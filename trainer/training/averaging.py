"""Averages of weights: the exponential moving one (EMA), which is evaluated and saved, and one with the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel
from transformers import TrainerCallback

AVERAGE_FILE = "average.safetensors"


def blend(model: nn.Module, start: dict[str, torch.Tensor], start_share: float) -> None:
    """Moves the model's weights and running statistics towards those it started from; counters stay its own.

    Args:
        start: an earlier `state_dict` of the same model.
        start_share: of the way, in [0, 1]: 0 changes nothing, 1 is the start.
    """
    own = model.state_dict()
    model.load_state_dict(
        {name: each.lerp(start[name], start_share) if each.is_floating_point() else each for name, each in own.items()}
    )


class WeightAverage(TrainerCallback):
    """Averages a model's weights and buffers after each step (Polyak averaging).

    Args:
        model: the live model, unwrapped.
        decay: of the average per step, with a warm-up: it is lower in the first steps, so that the initial weights and
            batch norm's initial running variances soon lose their influence.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._live = model
        self._average = AveragedModel(model, multi_avg_fn=_warmed_up(decay), use_buffers=True)

    def on_step_end(self, args, state, control, **kwargs) -> None:
        self._average.update_parameters(self._live)

    def on_save(self, args, state, control, **kwargs) -> None:
        if state.is_world_process_zero:
            save_file(self.state_dict(), Path(args.output_dir) / f"checkpoint-{state.global_step}" / AVERAGE_FILE)

    def load(self, checkpoint: Path) -> None:
        """Restore the average saved in a `checkpoint-STEPS` folder."""
        self._average.module.load_state_dict(load_file(checkpoint / AVERAGE_FILE))
        self._average.n_averaged.fill_(int(checkpoint.name.rpartition("-")[2]))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The live model holds the average inside the `with` block, and its own weights again after it."""
        own = {name: tensor.clone() for name, tensor in self._live.state_dict().items()}
        self._live.load_state_dict(self.state_dict())
        try:
            yield
        finally:
            self._live.load_state_dict(own)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The averaged weights and buffers, under the live model's names."""
        return {name: tensor.contiguous() for name, tensor in self._average.module.state_dict().items()}


def _warmed_up(decay: float) -> Callable[[list[torch.Tensor], list[torch.Tensor], torch.Tensor | int], None]:
    """`AveragedModel`'s update with the decay `min(decay, (1 + n) / (10 + n))` after `n` steps, as TensorFlow's
    `ExponentialMovingAverage` has it; counters are copied."""

    def update(average: list[torch.Tensor], current: list[torch.Tensor], num_averaged: torch.Tensor | int) -> None:
        steps = int(num_averaged)
        share = 1 - min(decay, (1 + steps) / (10 + steps))
        if average[0].is_floating_point():
            torch._foreach_lerp_(average, current, share)
        else:
            torch._foreach_copy_(average, current)

    return update
