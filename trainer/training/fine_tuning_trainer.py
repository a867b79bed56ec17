"""What a run adds to `Trainer` for the weights: layer-wise rates, adapters in checkpoints, the loss of mixed faces."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import Trainer

from gender_age.modeling_gender_age import GenderAgeModel

from .fine_tuning import ADAPTED_FILE, is_adapted, with_layer_decay
from .mixing import mixed_loss


class FineTuningTrainer(Trainer):
    """`Trainer` of a `GenderAgeModel`.

    Args:
        layer_decay: share of a layer's learning rate that the layer below it has.

    Attributes:
        own_share: of each face itself in the batch that is trained; the rest is of the face before it.
    """

    def __init__(self, *args, layer_decay: float = 1.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.layer_decay, self.own_share = layer_decay, 1.0

    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **kwargs)
        if self.own_share < 1:
            loss = mixed_loss(outputs, inputs, self.own_share, self.model.config)
        return (loss, outputs) if return_outputs else loss

    def create_optimizer(self, *args, **kwargs):
        optimizer = super().create_optimizer(*args, **kwargs)
        if self.layer_decay < 1:
            optimizer.param_groups = with_layer_decay(optimizer.param_groups, self.model, self.layer_decay)
        return optimizer

    def _save(self, output_dir=None, state_dict=None):
        super()._save(output_dir, state_dict)
        if is_adapted(self.model):
            weights = {name: tensor.contiguous() for name, tensor in self.model.state_dict().items()}
            save_file(weights, Path(output_dir or self.args.output_dir) / ADAPTED_FILE)

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        """Load a checkpoint with `from_pretrained`, which translates the names of its weights.

        Trainer 5 saves under the names of older ViT files and resumes without translating them back
        (transformers#43701): every transformer layer would keep its random weights, with a warning only. The override
        can go when `test_a_killed_run_goes_on_and_ends_as_the_unbroken_one` passes without it.
        """
        adapted = Path(resume_from_checkpoint) / ADAPTED_FILE
        if adapted.exists():
            weights = load_file(adapted)
        else:
            weights = GenderAgeModel.from_pretrained(resume_from_checkpoint).state_dict()
        (model if model is not None else self.model).load_state_dict(weights)
