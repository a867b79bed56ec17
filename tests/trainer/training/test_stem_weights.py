import numpy as np
import pytest
import torch

from tests.conftest import TINY
from trainer.errors import ConfigError
from trainer.training.build_model import build_model
from trainer.training.config import ModelSection

from .published_mobilenet import answer, random_weights, write_tensorflow_js

MOBILENET = {**TINY, "stem": "mobilenet", "patch_size": 32}
del MOBILENET["image_size"]


@pytest.fixture(scope="module")
def published_weights() -> dict[str, np.ndarray]:
    return random_weights()


@pytest.mark.parametrize(("stored_as", "tolerance"), [("float32", 1e-3), ("float16", 0.1)])
def test_mobilenet_computes_what_the_published_network_does(tmp_path, published_weights, stored_as, tolerance):
    source = write_tensorflow_js(tmp_path / "faceres.json", published_weights, stored_as)
    model = build_model(ModelSection(config=MOBILENET, stem_weights=source), image_size=64).eval()
    torch.manual_seed(0)
    rgb = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        ours = (rgb - 127.5) / 127.5
        for stage in model.backbone.embeddings.patch_embeddings.stages:
            ours = stage(ours)
        theirs = answer(published_weights, rgb)
    assert ours.shape == (2, 1024, 2, 2)
    assert theirs.std() > 0.5
    assert (ours - theirs).abs().mean() < tolerance


def test_files_that_hold_no_such_weights(tmp_path, published_weights):
    fewer = {name: values for name, values in published_weights.items() if not name.startswith("conv_pw_13")}
    shorter = {**published_weights, "conv1_bn/batchnorm_1/sub": np.zeros(16, "<f4")}
    for weights, named in ((fewer, "lacks 'conv_pw_13/"), (shorter, "do not fit")):
        source = write_tensorflow_js(tmp_path / "faceres.json", weights)
        with pytest.raises(ConfigError, match=named):
            build_model(ModelSection(config=MOBILENET, stem_weights=source), image_size=64)
    source = write_tensorflow_js(tmp_path / "faceres.json", published_weights, "uint8")
    with pytest.raises(ConfigError, match="is quantized to uint8"):
        build_model(ModelSection(config=MOBILENET, stem_weights=source), image_size=64)
    source = write_tensorflow_js(tmp_path / "faceres.json", published_weights)
    (tmp_path / "b.bin").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot read .*faceres.json"):
        build_model(ModelSection(config=MOBILENET, stem_weights=source), image_size=64)
    with pytest.raises(ConfigError, match="cannot read .*none.json.*No such file"):
        build_model(ModelSection(config=MOBILENET, stem_weights=str(tmp_path / "none.json")), image_size=64)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        (ModelSection(stem_weights="faceres.json"), "stem_weights` goes with .*mobilenet"),
        (ModelSection(config=MOBILENET, stem_weights="faceres.json", pretrained="user/model"), "two starts"),
    ],
    ids=["another stem", "two starts"],
)
def test_what_does_not_go_together(section, named):
    with pytest.raises(ConfigError, match=named):
        build_model(section, image_size=64)
