"""A training run as one YAML file: model, data, stages, augmentation and Trainer's own arguments.

Types, ranges and help of the settings are data on the fields; `python -m trainer train --help` shows them.
"""

# Without `from __future__ import annotations`: `strict` checks real types only, and passes over their names.
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import TrainingArguments

from ..errors import ConfigError
from ..faces.column_mapping import ColumnMapping
from .augmentation_section import AugmentationSection
from .model_section import ModelSection
from .settings import WANTED, CheckedSection, SettingError, not_empty, number, source_weights, whole_number

NEWER = ("columns", "genders", "gender_balance", "weights", "drop_unlikely", "stem_weights", "early_stopping_patience")
NEWER += ("freeze", "freeze_stem", "lora", "retouch", "rand_augment", "mixup", "cutmix")
NEWER += ("streaming", "shuffle_buffer", "start_share")
"""Settings that older runs did not record."""


@strict
@dataclass(frozen=True, slots=True)
class DataSection(CheckedSection):
    """The faces."""

    train: list[str] = field(
        metadata={
            "help": "Prepared folders or Hub ids; their rows are concatenated. `id@revision` pins a revision.",
            **not_empty("a list of folders that `python -m trainer prepare` wrote, or of Hub ids"),
        }
    )
    margin: float = field(
        default=0.125,
        metadata={
            "help": "Pixels kept beyond each side of the face for the geometric augmentation, as a share of the side.",
            **number(0, 0.25),
        },
    )
    fallback_share: float = field(
        default=0.1,
        metadata={
            "help": "Share of the training faces with landmarks that are cropped with the fallback geometry instead.",
            **number(0, 1),
        },
    )
    age_balance: float = field(
        default=0.5,
        metadata={
            "help": "Sampling by age: 0 shows every face once an epoch, 1 shows every five-year bin equally often.",
            **number(0, 1),
        },
    )
    gender_balance: float = field(
        default=0.0,
        metadata={
            "help": "Sampling by gender: 0 shows them as often as they are in the data, 1 both equally often.",
            **number(0, 1),
        },
    )
    weights: dict[str, float | dict[str, float]] = field(
        default_factory=dict,
        metadata={
            "help": "The data set's folder or id -> how often its faces are shown, relative to 1; or, such as "
            "{age: 0.3}, how much they count in the loss of that head.",
            **source_weights(),
        },
    )
    drop_unlikely: float = field(
        default=0.0,
        metadata={
            "help": "Label cleaning: a training face is left out where the model in `model.pretrained` gives its "
            "gender, or an age within five years of its label, a lower probability than this. 0 keeps all faces.",
            **number(0, 1, below=True),
        },
    )
    limit: int | None = field(
        default=None,
        metadata={"help": "Number of images read from each split of each dataset, for rehearsals.", **whole_number(1)},
    )
    cache_dir: str | None = field(
        default=None,
        metadata={"help": "Cache folder of the aligned faces. `faces` in the run's folder when null."},
    )
    streaming: bool = field(
        default=False,
        metadata={"help": "Faces of prepared data sets are read and cut in every epoch, and not kept on disk."},
    )
    shuffle_buffer: int | None = field(
        default=None,
        metadata={
            "help": "With `data.streaming`: encoded faces in the shuffle buffer of each process. 10000 when null.",
            **whole_number(1),
        },
    )
    columns: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "help": "Column names of public datasets: theirs -> ours. `age` stands for age_min and age_max.",
            "wanted": "a mapping such as {their_name: our_name}",
        },
    )
    genders: list[str] = field(
        default_factory=list,
        metadata={
            "help": "Class names of 0 and 1 where a public dataset has numbers for genders.",
            "wanted": "a list such as [male, female]",
        },
    )

    @property
    def mapping(self) -> ColumnMapping:
        return ColumnMapping(self.columns, self.genders)


@strict
@dataclass(frozen=True, slots=True)
class Stage(CheckedSection):
    """A training stage: some epochs at one image size."""

    image_size: int = field(metadata={"help": "Side of the training faces in pixels.", **whole_number(1)})
    epochs: int = field(metadata={"help": "Passes over the training faces.", **whole_number(1)})


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig(CheckedSection):
    """A training run."""

    model: ModelSection = field(default_factory=ModelSection, metadata={"help": "The network."})
    data: DataSection = field(metadata={"help": "The faces."})
    stages: tuple[Stage, ...] = field(
        metadata={
            "help": "Training stages in order, each with an image size. Their epochs are the run's epochs.",
            **not_empty("a list of at least one entry such as {image_size: 96, epochs: 10}"),
        }
    )
    augmentation: AugmentationSection = field(
        default_factory=AugmentationSection,
        metadata={"help": "Random changes to each training face, beside a horizontal flip with probability 0.5."},
    )
    ema_decay: float = field(
        default=0.0,
        metadata={
            "help": "Decay per step of the exponential moving average of the weights, which is evaluated and saved. "
            "0 turns it off.",
            **number(0, 1, below=True),
        },
    )
    start_share: float = field(
        default=0.0,
        metadata={
            "help": "Share of the weights of `model.pretrained` in the finished model, whose other part is the run's "
            "(WiSE-FT, https://arxiv.org/abs/2109.01903): what a run forgets of other faces is kept in part.",
            **number(0, 1, below=True),
        },
    )
    age_temperature: float = field(
        default=1.0,
        metadata={
            "help": "The finished model's age logits are divided by it. Below 1 an age, the mean of its distribution, "
            "comes nearer to the distribution's middle.",
            **number(0.5, 2),
        },
    )
    layer_decay: float = field(
        default=1.0,
        metadata={
            "help": "Layer-wise learning rates: each layer of the backbone has this share of the rate of the layer "
            "after it. 1 is one rate for all.",
            **number(0, 1),
        },
    )
    early_stopping_patience: int | None = field(
        default=None,
        metadata={
            "help": "The run stops after this many evaluations in a row that do not improve "
            "`training.metric_for_best_model`.",
            **whole_number(1),
        },
    )
    training: dict[str, Any] = field(
        default_factory=dict,
        metadata={"help": "Every field of transformers' TrainingArguments.", "fields_of": TrainingArguments},
    )
    average_mirrored: bool = field(
        default=False,
        metadata={
            "help": "The finished model averages over a face and its mirror image. Off during training: it doubles "
            "the cost."
        },
    )
    earlier: "RunConfig | None" = field(
        default=None,
        metadata={"help": "The run that comes first, where `model.pretrained` names its config.", "internal": True},
    )

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    @property
    def image_size(self) -> int:
        """Side in pixels of the finished model's input."""
        return self.stages[-1].image_size

    @property
    def folder(self) -> Path:
        """The run's folder.

        Raises:
            ConfigError: `training.output_dir` is not set, or no text.
        """
        folder = self.training.get("output_dir")
        if not folder:
            raise ConfigError("`training.output_dir` names no folder for the run")
        if not isinstance(folder, str):
            raise SettingError("training.output_dir", folder, WANTED[str])
        return Path(folder)

    @property
    def finished(self) -> Path:
        """Folder of the finished model."""
        return self.folder / "model"

    def to_dict(self) -> dict:
        """Plain values. Settings that older runs did not record are left out where they are not set."""
        values = dataclasses.asdict(self)
        del values["earlier"]
        for section in ("model", "data", "augmentation"):
            values[section] = _without_unset(values[section])
        for name in ("age_temperature", "layer_decay"):
            if values[name] == 1:
                del values[name]
        return _without_unset(values)


def _without_unset(values: dict) -> dict:
    return {name: value for name, value in values.items() if value or name not in NEWER}
