"""The tab for many photos, served with a fake model."""

import zipfile

import pytest
from PIL import Image

from tests import fakes

from .visitor import FACES, Visitor, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        predictor = fakes.FakePredictor(fakes.unless_white(*FACES))
        demo, url = serve(predictor)
        yield predictor, demo, url
        demo.close()


@pytest.fixture
def visitor(served):
    predictor, demo, url = served
    predictor.seconds = 0.0
    return Visitor(url, demo)


@pytest.fixture
def files(tmp_path):
    """A photo, a photo without a face, a text, and an archive with a photo in it."""
    Image.new("RGB", (60, 50), "teal").save(tmp_path / "a beach.jpg")
    Image.new("RGB", (60, 50), "white").save(tmp_path / "snow.png")
    (tmp_path / "notes.jpg").write_text("Dear all")
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        packed.write(tmp_path / "a beach.jpg", "=1+1/<b>.jpg")
    return [tmp_path / name for name in ("a beach.jpg", "snow.png", "notes.jpg", "trip.zip")]
