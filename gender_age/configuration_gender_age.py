"""The configuration of a gender and age model: a backbone with two heads."""

import copy
from typing import Any

from transformers.utils.versions import require_version

# A Hub user may have any version, and this module is imported first. 5.9 renamed ViT's layers and weights; only later
# versions find all modules of a folder with code.
require_version("transformers>=5.10.2", 'Install it: pip install "transformers>=5.10.2,<6"')

from huggingface_hub.dataclasses import strict  # noqa: E402
from transformers import AutoConfig, PreTrainedConfig, ViTConfig  # noqa: E402

from .labels import GENDERS, NUM_AGES  # noqa: E402

AUTO_MAP = {
    "AutoConfig": "configuration_gender_age.GenderAgeConfig",
    "AutoModel": "modeling_gender_age.GenderAgeModel",
}
"""In the config of a repository with code: where transformers finds the classes."""
# `pipeline(model=…)` infers the task from a single entry.
CUSTOM_PIPELINES = {
    "gender-age": {"impl": "pipeline_gender_age.GenderAgePipeline", "pt": ["AutoModel"], "type": "image"}
}
"""Likewise, the pipeline."""


POOLINGS = ("cls", "mean", "pooler")
OF_THE_VIT = {*ViTConfig().to_dict()} - {*PreTrainedConfig().to_dict(), "model_type", "image_size"}
OF_THE_VIT |= {"stem", "stem_channels", "stem_depths"}
"""Fields of `GenderAgeConfig` that describe its own ViT: without meaning where it has a `backbone_config`."""


@strict
class GenderAgeConfig(ViTConfig):
    """The backbone, the losses of the two heads and the calibration of their outputs.

    Without `backbone_config`, the backbone is the ViT that the other fields describe, on the stem of `stem`.

    Args:
        backbone_config: of a backbone of another family, as `AutoConfig` reads it. The fields of `ViTConfig` and the
            stem's then have no meaning, but for `image_size`, and are not saved.
        feature_size: length of the backbone's pooled features; `hidden_size` when None.
        stem: `"patch"` is ViT's own patch projection, which fits stock ViT checkpoints; `"convolutional"` replaces it
            by strided stages with residual blocks, for training from scratch; `"mobilenet"` by MobileNet's layers, with
            a `patch_size` of 32, for which there are weights pretrained on millions of faces.
        stem_channels: channels of each convolutional stage; each halves the size, so `patch_size` is
            `2 ** len(stem_channels)`.
        stem_depths: residual blocks in each stage.
        pooling: `"cls"` takes the first token, as stock ViT checkpoints do; `"mean"` averages the patch tokens or the
            feature map; `"pooler"` takes the features that the backbone pools itself.
        drop_path_rate: stochastic depth (https://arxiv.org/abs/1603.09382): probability that a sample skips a residual
            branch in training; it rises linearly from 0 in the first layer to this rate in the last.
        age_label_sigma: standard deviation in years of the soft target around an exact age.
        age_expectation_weight: weight, per year, of the distance between expected age and label in the age loss.
        age_prior_power: power of the training ages' frequencies that the age logits leave out (logit adjustment,
            https://arxiv.org/abs/2007.07314): 0 keeps them, 1 answers as if all ages were equally frequent. Rare ages,
            the old, are drawn less towards frequent ones.
        gender_loss_weight: weight of the gender loss; the age loss, about ten times larger, has weight 1.
        gender_label_smoothing: label smoothing of the gender loss, in [0, 1].
        gender_temperature: divisor of the gender logits before softmax; fitted on validation.
        gender_certain_level: target accuracy of the genders that are not marked "uncertain".
        gender_uncertain_below: probability of the predicted gender below which it is "uncertain"; fitted on validation
            to reach `gender_certain_level`.
        age_interval_level: target coverage of the age interval, a share of true ages.
        age_interval_mass: probability mass of the age interval, the narrowest range of years that has it; fitted on
            validation to reach `age_interval_level` (conformal histogram regression,
            https://arxiv.org/abs/2105.08747).
        average_mirrored: whether predictions outside training average over the face and its mirror image.
    """

    model_type = "gender_age"
    sub_configs = {"backbone_config": AutoConfig}

    backbone_config: dict | PreTrainedConfig | None = None
    feature_size: int | None = None
    stem: str = "patch"
    stem_channels: list[int] | tuple[int, ...] = (32, 64, 128)
    stem_depths: list[int] | tuple[int, ...] = (1, 2, 2)
    pooling: str = "cls"
    drop_path_rate: float = 0.0
    age_label_sigma: float = 2.0
    age_expectation_weight: float = 0.05
    age_prior_power: float = 0.0
    gender_loss_weight: float = 1.0
    gender_label_smoothing: float = 0.0
    gender_temperature: float = 1.0
    gender_certain_level: float = 0.97
    gender_uncertain_below: float = 0.75
    age_interval_level: float = 0.8
    age_interval_mass: float = 0.8
    average_mirrored: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("id2label", dict(enumerate(GENDERS)))
        kwargs.setdefault("label2id", {name: index for index, name in enumerate(GENDERS)})
        if isinstance(self.backbone_config, dict):
            self.backbone_config = AutoConfig.for_model(**copy.deepcopy(self.backbone_config))
        super().__post_init__(**kwargs)
        if self.stem not in ("patch", "convolutional", "mobilenet"):
            raise ValueError(f"stem is {self.stem!r}; it must be 'patch', 'convolutional' or 'mobilenet'")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling is {self.pooling!r}; it must be one of {', '.join(map(repr, POOLINGS))}")
        if self.backbone_config is not None:
            return
        if self.stem == "convolutional":
            if len(self.stem_channels) != len(self.stem_depths):
                raise ValueError("stem_channels and stem_depths must be of one length")
            if self.patch_size != 2 ** len(self.stem_channels):
                raise ValueError(
                    f"patch_size is {self.patch_size}; {len(self.stem_channels)} convolutional stages reduce the image "
                    f"{2 ** len(self.stem_channels)} times"
                )
        if self.stem == "mobilenet" and self.patch_size != 32:
            raise ValueError(f"patch_size is {self.patch_size}; MobileNet reduces the image 32 times")

    @property
    def grid_size(self) -> int:
        """Patches along a side of the image."""
        side, patch = self.image_size, self.patch_size
        if not isinstance(side, int) or not isinstance(patch, int):
            raise ValueError(f"image_size is {side} and patch_size {patch}; one number of pixels each is wanted")
        return side // patch

    def to_dict(self) -> dict[str, Any]:
        """Without the fields that a backbone of its own config leaves without meaning."""
        values = super().to_dict()
        unused = {"backbone_config", "feature_size"} if self.backbone_config is None else OF_THE_VIT
        return {name: value for name, value in values.items() if name not in unused}

    @property
    def num_ages(self) -> int:
        """Number of age logits: the years 0 to 100."""
        return NUM_AGES


__all__ = ["AUTO_MAP", "CUSTOM_PIPELINES", "OF_THE_VIT", "GenderAgeConfig"]
