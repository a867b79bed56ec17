"""A press on a row of the table opens its photo with boxes."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from .visitor import FACES


def test_a_row_opens_its_photo_with_boxes(visitor, files):
    visitor.analyse(*files)
    shown = visitor.open(0, 7)
    assert 'data-asked="7"' in shown["html"]
    assert shown["html"].count("<li>") == len(FACES)
    picture = Image.open(io.BytesIO(visitor.download(shown["files"][0])))
    assert max(picture.size) == 480, "it is not drawn as large as a photo is shown"
    assert "No face was found." in visitor.open(1, 8)["html"]
    inside = visitor.open(3, 9)
    assert "=1+1/&lt;b&gt;.jpg" in inside["html"]
    assert visitor.download(inside["files"][0]) == visitor.download(shown["files"][0])


@pytest.mark.parametrize("asked", [2, 4, -1, None, "0", [0], 10**30])
def test_what_cannot_be_opened_gets_a_sentence(visitor, files, asked):
    visitor.analyse(*files)
    shown = visitor.open(asked, 1)
    assert shown["files"] == []
    assert 'role="alert"' in shown["html"]
    assert ("holds text" in shown["html"]) == (asked == 2)


def test_a_photo_that_was_deleted_is_said_to_be_gone(visitor, files):
    visitor.analyse(files[0])
    for path in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("a beach.jpg"):
        path.unlink()
    assert "no longer kept" in visitor.open(0, 1)["html"]
