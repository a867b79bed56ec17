"""What a stock network is given: as its own image processor has it."""

import pytest
import torch
from torchvision.transforms.functional import to_tensor
from transformers import BitImageProcessor, EfficientNetImageProcessor, MobileViTImageProcessor

from gender_age.backbones import inputs_of
from gender_age.families import FAMILIES
from tests import fakes
from tests.small_backbones import stock_backbone
from trainer.errors import ConfigError
from trainer.training.config import ModelSection
from trainer.training.normalisation import HALF, Normalisation, normalisation_of

SIDE = 64


@pytest.mark.parametrize(
    ("kind", "processor"),
    [
        ("mobilevit", MobileViTImageProcessor()),
        ("mobilevitv2", MobileViTImageProcessor()),
        ("efficientnet", EfficientNetImageProcessor()),
        ("dinov2", BitImageProcessor()),
    ],
)
def test_a_network_is_given_what_the_stock_image_processor_gives(kind, processor):
    face = fakes.noise((SIDE, SIDE))
    theirs = processor(face, do_resize=False, do_center_crop=False, return_tensors="pt")["pixel_values"]
    pixels = to_tensor(face)[None] * 2 - 1
    ours = inputs_of(FAMILIES[kind], stock_backbone(kind), Normalisation.of(processor)(pixels))["pixel_values"]
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_mobilevit_that_takes_rgb_is_refused():
    with pytest.raises(ConfigError, match="`do_flip_channel_order: false`, for a network that takes RGB"):
        Normalisation.of(MobileViTImageProcessor(do_flip_channel_order=False))


def test_a_start_without_an_image_processor_is_told(tmp_path, caplog):
    stock_backbone("dinov2").save_pretrained(tmp_path)
    assert normalisation_of(ModelSection(pretrained=str(tmp_path))) == HALF
    assert f"{tmp_path} has no preprocessor_config.json" in caplog.text
    assert "taken to be 0.5" in caplog.text
    BitImageProcessor().save_pretrained(tmp_path)
    caplog.clear()
    assert normalisation_of(ModelSection(pretrained=str(tmp_path))) == Normalisation.of(BitImageProcessor())
    assert not caplog.text
