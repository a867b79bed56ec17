import mmap

import numpy as np
import pytest
from PIL import Image

from gender_age.shared_pixels import image_over, turned_image
from gender_age.upright import TURNS

from .pictures import is_upright, picture


def over(size_wh, **options):
    memory = mmap.mmap(-1, size_wh[0] * size_wh[1] * 4, **options)
    return memory, image_over(memory, size_wh, "RGB")


def test_what_is_written_to_the_memory_is_in_the_image():
    memory, image = over((3, 2))
    assert (image.mode, image.size) == ("RGB", (3, 2))
    memory[4:8] = bytes((9, 8, 7, 0))
    assert image.getpixel((1, 0)) == (9, 8, 7)
    assert np.asarray(image).shape == (2, 3, 3)


def test_what_is_pasted_into_a_writable_image_is_in_the_memory():
    memory, image = over((60, 40))
    image.readonly = 0
    image.paste(picture())
    assert is_upright(image_over(memory, (60, 40), "RGB"))


def test_a_grey_image_has_a_byte_a_pixel():
    memory = mmap.mmap(-1, 6)
    image = image_over(memory, (3, 2), "L")
    image.readonly = 0
    image.paste(7, (1, 0, 2, 1))
    assert bytes(memory) == bytes((0, 7, 0, 0, 0, 0))


def test_an_image_that_is_changed_leaves_the_memory_alone():
    memory, image = over((3, 2))
    image.putpixel((0, 0), (1, 2, 3))
    assert image.getpixel((0, 0)) == (1, 2, 3)
    assert bytes(memory) == bytes(24)


def test_the_memory_lives_as_long_as_the_image():
    memory, image = over((300, 200))
    with pytest.raises(BufferError):
        memory.close()
    del memory
    assert image.transpose(Image.Transpose.ROTATE_90).getextrema() == ((0, 0),) * 3
    assert image.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 255)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_turned_image_is_pillows(mode, orientation):
    """Larger than the blocks that are turned at once, in both directions and either way."""
    size_wh = (700, 601)
    memory = mmap.mmap(-1, 700 * 601 * 4)
    image = image_over(memory, size_wh, mode)
    image.readonly = 0
    image.paste(Image.effect_noise(size_wh, 80).convert(mode))
    wanted = image.transpose(TURNS[orientation])
    got = turned_image(memory, size_wh, mode, orientation)
    image.paste(0, (0, 0, *size_wh))
    assert (got.mode, got.size, got.tobytes()) == (mode, wanted.size, wanted.tobytes())


def test_pillow_maps_no_rgb():
    """Once it does, `image_over` is `Image.frombuffer` alone."""
    assert "RGB" not in Image._MAPMODES
