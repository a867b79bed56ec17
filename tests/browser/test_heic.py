"""HEIC photos, whose type browsers do not know and which they cannot draw."""

import pytest
from PIL import Image

from .steps import EXAMPLES, ONE_VIEW, answered, choose, open_tab
from .test_stage import send

pytest.importorskip("pillow_heif")
DRAWN = "[...document.querySelectorAll('#faces img')].every((each) => each.naturalWidth > 0)"


@pytest.fixture
def heic(tmp_path):
    import pillow_heif

    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.open(EXAMPLES / "collins.jpg")).save(path, quality=80)
    return path


@ONE_VIEW
def test_heic_photos_are_answered_and_shown(page, heic):
    for give in (
        lambda: choose(page, heic),
        lambda: send(page, "drop", "#summary", heic, mime=""),
        lambda: send(page, "paste", "body", heic, mime="image/heic"),
    ):
        page.click("#examples button.gallery-item >> nth=2")
        answered(page, "hopper.jpg")
        give()
        answered(page, heic.name)
        page.wait_for_function(DRAWN)
        assert page.locator("#faces .ga-face").count() == 1
        assert page.locator(".toast-body").count() == 0


@pytest.mark.slow
@ONE_VIEW
def test_heic_photos_are_among_many(page, heic):
    open_tab(page, "Many photos")
    with page.expect_file_chooser() as chooser:
        page.click("#many-files .upload-container")
    assert ".heic" in page.get_attribute("#many-files input[type=file]", "accept")
    chooser.value.set_files([str(heic), str(EXAMPLES / "hopper.jpg")])
    page.wait_for_selector("#many-files td.filename >> nth=1")
    page.click("#many-analyse")
    page.wait_for_selector("#many-status >> text=2 faces found in 2 photos")
    page.wait_for_function("document.querySelector('.ga-many-tile img').naturalWidth > 0")
