"""The settings of the network."""

# Without `from __future__ import annotations`: `strict` checks real types only, and passes over their names.
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub.dataclasses import strict

from gender_age.configuration_gender_age import GenderAgeConfig

from .settings import CheckedSection, whole_number


@strict
@dataclass(frozen=True, slots=True)
class ModelSection(CheckedSection):
    """The network."""

    pretrained: str | None = field(
        default=None,
        metadata={
            "help": "Folder or Hub id of a backbone to fine-tune, such as a ViT, a DINOv2 or a ConvNeXt, or of a "
            "checkpoint of this project to continue from; or NAME.yaml, a config in the same folder that is trained "
            "first. Random weights when null."
        },
    )
    revision: str | None = field(
        default=None, metadata={"help": "Branch, tag or commit of `model.pretrained` on the Hub."}
    )
    stem_weights: str | None = field(
        default=None,
        metadata={
            "help": "File of HSE's MobileNet, the initial weights of the stem `mobilenet`. Not with `model.pretrained`."
        },
    )
    freeze_stem: int = field(
        default=0,
        metadata={
            "help": "The first convolutions of the stem, so many, keep their weights: their gradients cost the most.",
            **whole_number(0),
        },
    )
    attn_implementation: str = field(
        default="sdpa",
        metadata={"help": "`sdpa`, or `eager` where that is faster (bf16 on a CPU with few tokens)."},
    )
    freeze: int | str | None = field(
        default=None,
        metadata={
            "help": "What keeps its weights: `all` of the backbone, or a number of its layers from the input on. "
            "Nothing when null."
        },
    )
    lora: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "Fields of peft's LoraConfig, such as {r: 8, lora_alpha: 16}: adapters train in place of the "
            "backbone, in all its linear layers unless `target_modules` names some, and are merged into its weights in "
            "the finished model.",
            "wanted": "a mapping such as {r: 8}",
        },
    )
    config: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "Fields of GenderAgeConfig that differ from the checkpoint's or from its defaults.",
            "fields_of": GenderAgeConfig,
        },
    )
