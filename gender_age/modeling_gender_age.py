"""A vision backbone with a gender head and an age head."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput, can_return_tuple

from .backbones import build_backbone, family_of, forward_arguments, inputs_of, pooled
from .configuration_gender_age import GenderAgeConfig
from .labels import GENDERS, MAX_AGE, MISSING
from .model_source import ModelSource, pipeline_files
from .stems import ConvolutionLayer

OLDER_NAMES = {r"^vit\.": "backbone."}
"""Names of weights in checkpoints of version 0.2 and before -> today's, as patterns."""


@dataclass
class GenderAgeOutput(ModelOutput):
    """
    Args:
        loss (`torch.FloatTensor` of shape `(1,)`, returned when labels are given):
            Weighted sum of the gender loss and the age loss.
        gender_logits (`torch.FloatTensor` of shape `(batch_size, 2)`):
            Scores of "female" and "male", before softmax and temperature.
        age_logits (`torch.FloatTensor` of shape `(batch_size, 101)`):
            Scores of the years 0 to 100, before softmax.
        hidden_states, attentions (`tuple(torch.FloatTensor)`, returned when asked for):
            Of the backbone, one tensor per layer.
    """

    loss: torch.Tensor | None = None
    gender_logits: torch.Tensor | None = None
    age_logits: torch.Tensor | None = None
    hidden_states: tuple[torch.FloatTensor, ...] | None = None
    attentions: tuple[torch.FloatTensor, ...] | None = None


class GenderAgeModel(PreTrainedModel):
    """A backbone whose pooled features feed two linear heads: gender, and a distribution over the years 0 to 100.

    A stock ViT checkpoint loads into the backbone unchanged when `config.stem` is `"patch"`.

    Attributes:
        source: where `from_pretrained` loaded the model from; None for one made otherwise.
    """

    config: GenderAgeConfig
    config_class = GenderAgeConfig
    base_model_prefix = "backbone"
    main_input_name = "pixel_values"
    source: ModelSource | None = None
    # What the backbone's own class says decides.
    _supports_sdpa = _supports_flash_attn = _supports_flex_attn = _supports_attention_backend = True

    def __init__(self, config: GenderAgeConfig) -> None:
        super().__init__(config)
        self.family = family_of(config)
        self.backbone = build_backbone(config)
        self.backbone_arguments = forward_arguments(self.backbone)
        self.supports_gradient_checkpointing = self.backbone.supports_gradient_checkpointing
        feature_size = config.feature_size or config.hidden_size
        self.gender_head = nn.Linear(feature_size, len(GENDERS))
        self.age_head = nn.Linear(feature_size, config.num_ages)
        self.post_init()
        for module in self.modules():
            if isinstance(module, ConvolutionLayer):
                # Without batch norm, activations vanish in a stack of layers with ViT's small initial weights.
                nn.init.kaiming_normal_(module.conv.weight, nonlinearity="relu")

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *model_args: Any, **kwargs: Any) -> Any:
        """As transformers' own; the model remembers its source."""
        source = ModelSource.of(pretrained_model_name_or_path, kwargs)
        kwargs.setdefault("key_mapping", OLDER_NAMES)
        loaded = super().from_pretrained(pretrained_model_name_or_path, *model_args, **kwargs)
        (loaded[0] if isinstance(loaded, tuple) else loaded).source = source  # a tuple with `output_loading_info`
        return loaded

    def save_pretrained(
        self, save_directory: str | os.PathLike, is_main_process: bool = True, *args: Any, **kwargs: Any
    ) -> None:
        """As transformers' own, which copies this module with a model of a repository with code; its pipeline too."""
        super().save_pretrained(save_directory, is_main_process, *args, **kwargs)
        if is_main_process:
            self._copy_pipeline_files(Path(save_directory))

    def _copy_pipeline_files(self, folder: Path) -> None:
        if self.source is not None and self.is_remote_code():
            self.source.copy_pipeline_files(folder)

    def _upload_modified_files(
        self,
        working_dir: str | os.PathLike,
        repo_id: str,
        files_timestamps: dict[str, float],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """As transformers' own, with what the pipeline in the folder needs.

        `save_pretrained(…, push_to_hub=True)` uploads before it returns, and of the files that lay there before only
        those that it changed; no issue found. `test_saved_and_pushed_models_load_with_their_detector` holds it.
        """
        folder = Path(working_dir)
        self._copy_pipeline_files(folder)
        needed = pipeline_files(folder)
        before = {name: changed for name, changed in files_timestamps.items() if name not in needed}
        return super()._upload_modified_files(working_dir, repo_id, before, *args, **kwargs)

    @can_return_tuple
    def forward(
        self,
        pixel_values: torch.Tensor,
        gender: torch.Tensor | None = None,
        age_min: torch.Tensor | None = None,
        age_max: torch.Tensor | None = None,
        age_offset: torch.Tensor | None = None,
        gender_weight: torch.Tensor | None = None,
        age_weight: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> GenderAgeOutput:
        """
        With `config.average_mirrored`, outside training, the logits are the logarithm of the mean probabilities of the
        face and its mirror image. Hidden states and attentions hold the faces first, then the mirror images.

        Args:
            pixel_values (`torch.FloatTensor` of shape `(batch_size, 3, height, width)`):
                Aligned faces, normalised as the image processor does; positions are interpolated for other sizes.
            gender (`torch.LongTensor` of shape `(batch_size,)`, *optional*):
                0 female, 1 male, -100 unknown.
            age_min, age_max (`torch.LongTensor` of shape `(batch_size,)`, *optional*):
                The youngest and oldest age the label allows, in years; equal where the age is exact, -100 where
                it is unknown. Ages over 100 train as 100. A face trains only the heads whose label is known.
            age_offset (`torch.FloatTensor` of shape `(101,)`, *optional*):
                Added to the age logits in the loss alone, so that they learn to do without it.
            gender_weight, age_weight (`torch.FloatTensor` of shape `(batch_size,)`, *optional*):
                How much each face counts in the mean of that head's loss; 1 where they are not given.
        """
        mirrored = self.config.average_mirrored and not self.training
        if mirrored:
            pixel_values = torch.cat([pixel_values, pixel_values.flip(-1)])
        gender_logits, age_logits, outputs = self.logits(pixel_values, **kwargs)
        if mirrored:
            gender_logits, age_logits = _mean_of_halves(gender_logits), _mean_of_halves(age_logits)
        loss = None
        if gender is not None and age_min is not None and age_max is not None:
            loss = self.config.gender_loss_weight * gender_loss(
                gender_logits, gender, self.config.gender_label_smoothing, gender_weight
            ) + age_loss(
                age_logits if age_offset is None else age_logits + age_offset,
                age_min,
                age_max,
                self.config.age_label_sigma,
                self.config.age_expectation_weight,
                age_weight,
            )
        return GenderAgeOutput(
            loss=loss,
            gender_logits=gender_logits,
            age_logits=age_logits,
            hidden_states=outputs.get("hidden_states"),
            attentions=outputs.get("attentions"),
        )

    def logits(self, pixel_values: torch.Tensor, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor, ModelOutput]:
        """Gender logits, age logits and the backbone's outputs for these pixels, without their mirror images."""
        inputs = inputs_of(self.family, self.backbone, pixel_values)
        outputs = self.backbone(**inputs, **self.backbone_arguments, **kwargs)
        features = pooled(self.family, self.backbone, outputs, self.config.pooling)
        # A bf16 logit has three digits, too few for calibrated probabilities: the heads run in the weights' dtype.
        with torch.autocast(device_type=pixel_values.device.type, enabled=False):
            features = features.to(self.gender_head.weight.dtype)
            return self.gender_head(features), self.age_head(features), outputs


def _mean_of_halves(logits: torch.Tensor) -> torch.Tensor:
    """`(2 * batch, classes)` logits, faces then mirror images, as `(batch, classes)` of their mean probability."""
    # `chunk` would fix the batch size in an exported graph.
    return logits.log_softmax(dim=-1).unflatten(0, (2, -1)).logsumexp(dim=0) - math.log(2)


def gender_loss(
    gender_logits: torch.Tensor, gender: torch.Tensor, smoothing: float, weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean cross-entropy of `(batch, 2)` logits against the known ones of `(batch,)` labels; 0 if none is.

    Args:
        weight: `(batch,)` weights in the mean; None for equal ones.
    """
    losses = nn.functional.cross_entropy(
        gender_logits.float(), gender, ignore_index=MISSING, label_smoothing=smoothing, reduction="none"
    )
    return _mean_of_known(losses, gender != MISSING, weight)


def age_loss(
    age_logits: torch.Tensor,
    age_min: torch.Tensor,
    age_max: torch.Tensor,
    sigma: float,
    expectation_weight: float,
    weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Mean loss over the known ages of a batch, of which some are exact and some are ranges; 0 if none is known.

    An exact age has a soft target, a normal density around it (label distribution learning, DLDL,
    https://arxiv.org/abs/1611.01731). For a range the loss is the negative log of the probability mass inside it. Both
    add the distance of the expected age to the label or range, times a weight (DLDL-v2,
    https://arxiv.org/abs/1807.01190).

    Args:
        age_logits: `(batch, 101)`.
        age_min, age_max: `(batch,)` in years, -100 for an unknown age.
        sigma: in years.
        expectation_weight: per year.
        weight: `(batch,)` weights in the mean; None for equal ones.
    """
    log_probabilities = age_logits.float().log_softmax(dim=-1)
    years = torch.arange(age_logits.shape[-1], device=age_logits.device)
    low = age_min.clamp(0, MAX_AGE)[:, None]
    high = age_max.clamp(0, MAX_AGE)[:, None]
    target = (-0.5 * ((years - low) / sigma) ** 2).softmax(dim=-1)
    exact = -(target * log_probabilities).sum(dim=-1)
    outside = (years < low) | (years > high)
    ranged = -log_probabilities.masked_fill(outside, -torch.inf).logsumexp(dim=-1)
    expectation = (log_probabilities.exp() @ years.float())[:, None]
    distance = (expectation - expectation.clamp(low, high)).abs().squeeze(-1)
    losses = torch.where(age_min == age_max, exact, ranged) + expectation_weight * distance
    return _mean_of_known(losses, age_min != MISSING, weight)


def _mean_of_known(losses: torch.Tensor, known: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Weighted mean of `(batch,)` losses where `known`; smaller where the weights sum to less than 1, 0 without any."""
    counted = known.to(losses.dtype) if weight is None else known * weight.to(losses.dtype)
    return (losses.masked_fill(~known, 0.0) * counted).sum() / counted.sum().clamp(min=1)


ViTForGenderAge = GenderAgeModel
"""The class's name up to version 0.2, which knew no other backbone."""

__all__ = ["GenderAgeModel", "GenderAgeOutput", "ViTForGenderAge"]
