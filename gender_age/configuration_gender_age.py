"""The configuration of a gender and age ViT."""

from huggingface_hub.dataclasses import strict
from transformers import ViTConfig

from .labels import GENDERS, NUM_AGES


@strict
class GenderAgeConfig(ViTConfig):
    """A `ViTConfig` with a choice of stem, the two heads' training and the numbers that calibrate their answers.

    Args:
        stem: `"patch"` is ViT's own patch projection, so that a stock ViT checkpoint fits; `"convolutional"` puts
            strided stages with residual blocks in its place, for training from scratch; `"mobilenet"` the layers of
            that network, for which there are weights that have seen millions of faces, with a `patch_size` of 32.
        stem_channels: channels of each convolutional stage; each halves the size, so `patch_size` is
            `2 ** len(stem_channels)`.
        stem_depths: residual blocks in each stage.
        pooling: `"cls"` reads the first token, as stock ViT checkpoints were trained; `"mean"` the patches' mean.
        drop_path_rate: share of samples for which the deepest layer's residual branch is left out in training, rising
            linearly from 0 (stochastic depth, https://arxiv.org/abs/1603.09382).
        age_label_sigma: standard deviation in years of the soft target around an exact age.
        age_expectation_weight: weight, per year, of the expected age's distance to the label beside the cross-entropy.
        gender_loss_weight: weight of the gender loss beside the age loss, whose cross-entropy is ten times larger.
        gender_label_smoothing: share of the gender target spread over both classes.
        gender_temperature: the gender logits are divided by it before softmax; fitted on validation.
        gender_certain_level: share of the genders that are not marked "uncertain" that is to be right.
        gender_uncertain_below: the answer is "uncertain" where the probability of the likelier gender is lower; found
            on validation to make `gender_certain_level` of the others right.
        age_interval_level: share of true ages that the age interval is to hold.
        age_interval_mass: the interval is the narrowest range of years with this share of the age distribution; found
            on validation to hold `age_interval_level` of true ages (conformal histogram regression,
            https://arxiv.org/abs/2105.08747).
        average_mirrored: whether answers outside training are averaged over the face and its mirror image.
    """

    model_type = "gender_age"

    stem: str = "patch"
    stem_channels: list[int] | tuple[int, ...] = (32, 64, 128)
    stem_depths: list[int] | tuple[int, ...] = (1, 2, 2)
    pooling: str = "cls"
    drop_path_rate: float = 0.0
    age_label_sigma: float = 2.0
    age_expectation_weight: float = 0.05
    gender_loss_weight: float = 1.0
    gender_label_smoothing: float = 0.0
    gender_temperature: float = 1.0
    gender_certain_level: float = 0.97
    gender_uncertain_below: float = 0.75
    age_interval_level: float = 0.8
    age_interval_mass: float = 0.8
    average_mirrored: bool = False

    def __post_init__(self, **kwargs):
        kwargs.setdefault("id2label", dict(enumerate(GENDERS)))
        kwargs.setdefault("label2id", {name: index for index, name in enumerate(GENDERS)})
        super().__post_init__(**kwargs)
        if self.stem not in ("patch", "convolutional", "mobilenet"):
            raise ValueError(f"stem is {self.stem!r}; it must be 'patch', 'convolutional' or 'mobilenet'")
        if self.pooling not in ("cls", "mean"):
            raise ValueError(f"pooling is {self.pooling!r}; it must be 'cls' or 'mean'")
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
    def num_ages(self) -> int:
        """Number of age logits: the years 0 to 100."""
        return NUM_AGES


__all__ = ["GenderAgeConfig"]
