"""open_photo of a PIL image that the caller opened: as of its file, whether its pixels were loaded before or not."""

import numpy as np
import pytest
from PIL import ExifTags, Image

from gender_age.images import open_photo

from .pictures import picture


@pytest.fixture(params=["tif", "jpg", "png", "webp"])
def oriented(request, tmp_path):
    """Saves a picture in one format, with an orientation."""

    def save(orientation):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        path = tmp_path / f"photo.{request.param}"
        picture().save(path, exif=exif)
        return path

    return save


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_file_is(oriented, orientation):
    """Pillow turns a TIFF itself while it loads the pixels."""
    path = oriented(orientation)
    wanted = np.asarray(open_photo(path))
    for is_loaded in (False, True):
        with Image.open(path) as image:
            if is_loaded:
                image.load()
            assert np.array_equal(np.asarray(open_photo(image)), wanted), is_loaded
            assert np.array_equal(np.asarray(open_photo(image)), wanted), "the second time"
