"""A training run as one YAML file: model, data, stages, augmentation and Trainer's own arguments."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ConfigError
from ..faces.column_mapping import ColumnMapping


@dataclass(frozen=True, slots=True)
class ModelSection:
    """The network.

    Attributes:
        pretrained: a folder or Hub id of a ViT or DeiT checkpoint to fine-tune, or of a checkpoint of this project to
            train on; or `NAME.yaml`, a config beside this one, whose run comes first and whose model is trained on;
            None starts from random weights.
        revision: its branch, tag or commit.
        stem_weights: file of HSE's MobileNet, from which the stem `mobilenet` starts, without `pretrained`.
        attn_implementation: "sdpa", or "eager" where that is faster (bf16 on a CPU, with few tokens).
        config: fields of `GenderAgeConfig` that differ from the checkpoint's or the class's own.
    """

    pretrained: str | None = None
    revision: str | None = None
    stem_weights: str | None = None
    attn_implementation: str = "sdpa"
    config: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataSection:
    """The faces.

    Attributes:
        train: prepared folders or Hub ids, used together; `id@revision` pins one.
        columns: for public datasets with other names, their column -> ours; see `ColumnMapping`.
        genders: where such a dataset has numbers for genders, the names of 0 and 1.
        margin: share of the image size seen beyond every side, room for the geometric jitter.
        fallback_share: share of the training faces that are cut with the fallback geometry though they have landmarks.
        age_balance: 0 draws faces as they come, 1 draws every five years of age equally often.
        drop_unlikely: training faces are left out where the model in `model.pretrained` finds the labelled gender, or
            an age within five years of the label, less likely than this; 0 keeps all.
        limit: use this many images of each split only, for rehearsals.
        cache_dir: where the aligned faces are kept; the run's folder when None.
    """

    train: list[str] = field(default_factory=list)
    margin: float = 0.125
    fallback_share: float = 0.1
    age_balance: float = 0.5
    drop_unlikely: float = 0.0
    limit: int | None = None
    cache_dir: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    genders: list[str] = field(default_factory=list)

    @property
    def mapping(self) -> ColumnMapping:
        return ColumnMapping(self.columns or {}, self.genders or ())


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the run at one image size: `image_size` in pixels, for `epochs` passes over the training faces."""

    image_size: int
    epochs: int


@dataclass(frozen=True, slots=True)
class AugmentationSection:
    """What is done to a training face, on top of a mirror image every other time.

    Attributes:
        rotation: largest turn, degrees.
        scale: largest change of size, as a share.
        shift: largest move, as a share of the side.
        colour: largest change of brightness, contrast and saturation, as a share.
        grey: share of faces without colour.
        low_resolution: share of faces reduced two to three times and enlarged again, as small web faces are.
        noise: largest standard deviation of added noise, on the scale of pixels in [0, 1].
        erase: share of faces with a grey rectangle over a part.
    """

    rotation: float = 10.0
    scale: float = 0.1
    shift: float = 0.05
    colour: float = 0.3
    grey: float = 0.1
    low_resolution: float = 0.2
    noise: float = 0.04
    erase: float = 0.25


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All of a run.

    Attributes:
        stages: image sizes in their order; a single one does not grow. Their epochs are the run's epochs.
        ema_decay: of the running average of the weights, a step; what is evaluated and kept. 0 turns it off.
        training: fields of `transformers.TrainingArguments`.
        average_mirrored: the finished model's; not in use while it is trained and watched, as it doubles the work.
        earlier: the run that comes first, where `model.pretrained` named its config.
    """

    model: ModelSection
    data: DataSection
    stages: tuple[Stage, ...]
    augmentation: AugmentationSection
    ema_decay: float
    training: dict
    average_mirrored: bool = False
    earlier: RunConfig | None = None

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    @property
    def image_size(self) -> int:
        """Side in pixels that the finished model is used at."""
        return self.stages[-1].image_size

    @property
    def folder(self) -> Path:
        """Where the run is kept.

        Raises:
            ConfigError: `training.output_dir` is not set.
        """
        if not self.training.get("output_dir"):
            raise ConfigError("`training.output_dir` names no folder for the run")
        return Path(self.training["output_dir"])

    @property
    def finished(self) -> Path:
        """Where its finished model is."""
        return self.folder / "model"

    def to_dict(self) -> dict:
        """Plain values; what older runs did not note only where it is set."""
        values = dataclasses.asdict(self)
        del values["earlier"]
        newer = ("columns", "genders", "drop_unlikely", "stem_weights")
        for section in ("model", "data"):
            values[section] = {name: value for name, value in values[section].items() if value or name not in newer}
        return values
