"""open_photo: every odd picture comes out upright and RGB."""

import time

import numpy as np
import pytest
from PIL import ExifTags, Image, features

from gender_age.images import open_photo, photo_name
from tests import fakes

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def picture(size_wh=(60, 40)):
    """Blue with a red patch in the upper left corner, so that orientation shows."""
    image = Image.new("RGB", size_wh, BLUE)
    image.paste(RED, (0, 0, size_wh[0] // 3, size_wh[1] // 3))
    return image


def close_to(pixel, wanted, tolerance=12):
    return max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) <= tolerance


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tiff", "avif"])
def test_every_photo_format(tmp_path, suffix):
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    path = tmp_path / f"photo.{suffix}"
    picture().save(path)
    image = open_photo(path)
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert close_to(image.getpixel((5, 5)), RED, 40)
    assert close_to(image.getpixel((50, 30)), BLUE, 40)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, suffix, orientation):
    """The stored picture is turned away from upright; opening turns it back, once."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # transpose operations that store an upright picture so
    upright = picture()
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / f"photo.{suffix}"
    stored.save(path, exif=exif, **({"quality": 95} if suffix == "jpg" else {}))

    image = open_photo(path)
    assert image.size == (60, 40)
    assert close_to(image.getpixel((4, 4)), RED, 40)
    assert close_to(image.getpixel((55, 35)), BLUE, 40)
    assert close_to(image.getpixel((4, 35)), BLUE, 40)
    again = open_photo(image)
    assert again.tobytes() == image.tobytes(), "the orientation was applied a second time"


def test_pil_image_keeps_its_orientation_and_gets_it_applied(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture().save(tmp_path / "photo.png", exif=exif)
    with Image.open(tmp_path / "photo.png") as given:
        assert open_photo(given).size == (40, 60)
        assert given.size == (60, 40)
        assert given.getexif()[ExifTags.Base.Orientation] == 6


def test_the_callers_image_is_not_changed():
    given = picture()
    given.info["comment"] = "mine"
    opened = open_photo(given)
    opened.putpixel((0, 0), GREEN)
    assert given.getpixel((0, 0)) == RED
    assert given.info == {"comment": "mine"}


def saved(tmp_path, image, suffix="png", **options):
    path = tmp_path / f"photo.{suffix}"
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "HSV", "LA", "RGBA", "PA", "RGBa", "RGBX"])
def test_every_mode_of_a_pil_image(mode):
    middle = "RGBA" if mode == "RGBa" else "LA" if mode == "PA" else "RGB"
    given = picture().convert(middle).convert(mode)
    image = open_photo(given)
    assert (image.mode, image.size) == ("RGB", (60, 40))
    grey = mode in ("L", "1", "LA", "PA")
    left, right = image.getpixel((5, 5)), image.getpixel((50, 30))
    if grey:
        assert max(left) - min(left) <= 2
    else:
        assert close_to(left, RED, 60)
        assert close_to(right, BLUE, 60)


def test_transparency_lies_over_white(tmp_path):
    rgba = picture().convert("RGBA")
    rgba.paste((0, 0, 0, 0), (30, 0, 60, 40))
    rgba.paste((0, 0, 0, 128), (0, 20, 30, 40))
    for name, image in {
        "rgba": open_photo(saved(tmp_path, rgba)),
        "array": open_photo(np.asarray(rgba)),
        "palette": open_photo(saved(tmp_path, rgba.quantize(16))),
    }.items():
        assert image.getpixel((50, 30)) == WHITE, name
        assert close_to(image.getpixel((5, 5)), RED), name
        assert close_to(image.getpixel((10, 30)), (127, 127, 127), 3), name


def test_transparent_colour_of_a_palette_and_of_rgb(tmp_path):
    palette = picture().quantize(4)
    index = palette.getpixel((50, 30))
    assert open_photo(saved(tmp_path, palette, "gif", transparency=index)).getpixel((50, 30)) == WHITE
    assert open_photo(saved(tmp_path, picture(), "png", transparency=BLUE)).getpixel((50, 30)) == WHITE
    assert open_photo(saved(tmp_path, picture().convert("L"), "png", transparency=29)).getpixel((50, 30)) == WHITE


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(8, 0)
    wanted = np.arange(256)
    for photo in (
        saved(tmp_path, Image.fromarray(ramp)),
        saved(tmp_path, Image.fromarray(ramp), "tiff"),
        Image.fromarray(ramp.astype(np.int32)),
        Image.frombytes("I;16B", (256, 8), ramp.astype(">u2").tobytes()),
    ):
        got = np.asarray(open_photo(photo))
        assert got.shape == (8, 256, 3)
        assert np.abs(got[3, :, 0].astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, float("nan"), float("inf")], [0, 0, 255]),
        ([7e9, 7e9, 7e9], [0, 0, 0]),
    ],
)
def test_floats(values, wanted):
    image = open_photo(Image.fromarray(np.float32([values])))
    assert [image.getpixel((x, 0))[0] for x in range(3)] == wanted


@pytest.mark.parametrize("values", [[70000, 80040, 90000], [-500, 2, 500]])
def test_integers_outside_sixteen_bits_are_stretched(values):
    image = open_photo(Image.fromarray(np.int32([values])))
    assert [image.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]
    assert open_photo(Image.fromarray(np.int32([[70000, 70000]]))).getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_first_frame_of_an_animation(tmp_path, suffix):
    frames = [Image.new("RGB", (30, 20), colour) for colour in (RED, GREEN, BLUE)]
    path = saved(tmp_path, frames[0], suffix, save_all=True, append_images=frames[1:])
    assert close_to(open_photo(path).getpixel((10, 10)), RED)


def test_two_pictures_in_one_jpeg(tmp_path):
    """Phones store a JPEG followed by a second picture (MPO)."""
    path = tmp_path / "photo.jpg"
    picture().save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (20, 20))])
    assert open_photo(path).size == (60, 40)


@pytest.mark.parametrize("size_wh", [(1, 1), (40, 4000), (4000, 40)])
def test_odd_sizes(tmp_path, size_wh):
    assert open_photo(saved(tmp_path, Image.new("RGB", size_wh, RED))).size == size_wh


def test_twelve_megapixels_cost_what_decoding_costs(tmp_path):
    path = tmp_path / "photo.jpg"
    fakes.noise((400, 300)).resize((4000, 3000)).save(path, quality=90)

    def seconds(action):
        start = time.process_time()
        action()
        return time.process_time() - start

    own, pillow = ([seconds(act) for _ in range(3)] for act in (lambda: open_photo(path), lambda: decoded(path)))
    assert open_photo(path).size == (4000, 3000)
    assert min(own) < 1.5 * min(pillow) + 0.02


def decoded(path):
    with Image.open(path) as image:
        image.load()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*", b"Exif\0\0" + b"\xff" * 40, b"Exif\0\0II*\0\x08\0\0\0\xff"]
)
def test_broken_exif_does_not_cost_the_picture(tmp_path, exif):
    path = tmp_path / "photo.jpg"
    picture().save(path, exif=exif)
    assert open_photo(path).size == (60, 40)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_arrays(shape):
    pixels = np.full(shape, 255, np.uint8)
    pixels[..., :3] = 77
    pixels = np.full(shape, 77, np.uint8) if len(shape) == 2 else pixels
    before = pixels.copy()
    image = open_photo(pixels)
    assert (image.mode, image.size, image.getpixel((6, 4))) == ("RGB", (7, 5), (77, 77, 77))
    image.putpixel((0, 0), RED)
    assert (pixels == before).all()


def test_array_order_is_rgb_and_views_work():
    pixels = np.zeros((6, 8, 3), np.uint8)
    pixels[..., 0] = 200
    assert open_photo(pixels).getpixel((0, 0)) == (200, 0, 0)
    assert open_photo(pixels[::2, ::-1, ::-1]).getpixel((0, 0)) == (0, 0, 200)


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        ("/home/someone/beach.jpg", "beach.jpg"),
        ("beach.jpg", "beach.jpg"),
        ("a/\x1b[31mred\n.jpg", "?[31mred?.jpg"),
        ("a/\u202egpj.exe", "?gpj.exe"),
        (b"a/\xff.jpg".decode("utf-8", "surrogateescape"), "?.jpg"),
        ("Žofie 王.jpg", "Žofie 王.jpg"),
        ("/", "folder"),
        (".", "."),
        ("./", "."),
        ("a/.", "a"),
        ("..", ".."),
        ("-", "-"),
        ("", "image"),
        (None, "image"),
        (np.zeros((2, 2), np.uint8), "image"),
        (Image.new("L", (2, 2)), "image"),
    ],
)
def test_photo_name(photo, name):
    assert photo_name(photo) == name


def test_long_names_are_cut():
    assert len(photo_name("x" * 250 + ".jpg")) == 120
