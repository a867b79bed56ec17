import pytest
from PIL import Image

from .built_tab import Tab


@pytest.fixture
def tab(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    return Tab()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a beach.jpg"
    Image.new("RGB", (200, 100), "teal").save(path)
    return str(path)
