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
from trainer.training.normalisation import Normalisation

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
