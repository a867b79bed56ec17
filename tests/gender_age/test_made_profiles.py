"""Colours that a file describes in numbers, without an ICC profile: gAMA, cHRM and cICP of PNG, nclx of AVIF, HEIC."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from gender_age.images import open_photo
from gender_age.made_profiles import cicp_profile, gama_profile

from .pictures import encoded, profile, with_chunks

COLOUR = (200, 120, 60)
P3 = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
AS_P3 = (b"cICP", bytes((12, 13, 0, 1)))


def gama(value):
    return b"gAMA", struct.pack(">I", value)


def chrm(*places):
    return b"cHRM", struct.pack(f">{len(places)}I", *places)


def pixel(tmp_path, *chunks, mode="RGB", **options):
    image = Image.new("RGB", (4, 4), COLOUR).convert(mode)
    (tmp_path / "a.png").write_bytes(with_chunks(encoded(image, "PNG", **options), *chunks))
    return np.array(open_photo(tmp_path / "a.png").getpixel((1, 1)), int)


def encode(light):
    """sRGB's curve: light in 0..1 to samples in 0..255."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P"])
@pytest.mark.parametrize("exponent", [1.0, 1.8, 3.0])
def test_gamma(tmp_path, mode, exponent):
    stored = np.array(Image.new("RGB", (1, 1), COLOUR).convert(mode).convert("RGB").getpixel((0, 0)))
    got = pixel(tmp_path, gama(round(100_000 / exponent)), mode=mode)
    assert np.abs(got - encode((stored / 255) ** exponent)).max() <= 2


@pytest.mark.parametrize("chunk", [AS_P3, (chrm(*P3), gama(45455))])
def test_primaries(tmp_path, chunk):
    chunks = chunk if isinstance(chunk[0], tuple) else (chunk,)
    wanted = pixel(tmp_path, icc_profile=profile("p3"))
    assert np.abs(pixel(tmp_path, *chunks) - wanted).max() <= 1
    assert np.abs(wanted - COLOUR).max() > 4


@pytest.mark.parametrize(
    "chunks",
    [
        (gama(45455),),
        (gama(45455), chrm(*SRGB)),
        (chrm(*P3),),
        (gama(100_000), (b"sRGB", b"\0")),
        ((b"cICP", bytes((1, 13, 0, 1))), gama(100_000)),
        ((b"cICP", bytes((1, 1, 0, 1))),),
        ((b"cICP", bytes((2, 2, 0, 1))),),
        ((b"cICP", b"\x0c"),),
        (gama(0),),
        (gama(2**32 - 1),),
        ((b"gAMA", b""),),
        (gama(45455), chrm(*[0] * 8)),
        (gama(45455), chrm(*[31270] * 8)),
        (gama(45455), chrm(*[2**32 - 1] * 8)),
        (gama(45455), chrm(1, 2)),
    ],
)
def test_srgb_and_nonsense_change_nothing(tmp_path, chunks):
    assert pixel(tmp_path, *chunks).tolist() == list(COLOUR)


def test_the_first_of_cicp_iccp_srgb_and_gamma_counts(tmp_path):
    wanted = pixel(tmp_path, AS_P3).tolist()
    assert pixel(tmp_path, AS_P3, (b"sRGB", b"\0"), icc_profile=profile(gamma=1.0)).tolist() == wanted
    linear = pixel(tmp_path, gama(100_000)).tolist()
    assert pixel(tmp_path, gama(22_000), (b"sRGB", b"\0"), icc_profile=profile(gamma=1.0)).tolist() == linear


@pytest.mark.parametrize("gama_value", [1, 10, 5000, 999_999])
def test_no_gamma_costs_the_picture(tmp_path, gama_value):
    assert pixel(tmp_path, gama(gama_value)).shape == (3,)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_neither_grey_nor_dark(tmp_path, transfer):
    """Paper white is at 0.58 of PQ and, on a screen of 1,000 cd/m², at 0.75 of HLG."""
    white, half = {16: (148, 110), 18: (191, 130)}[transfer]
    levels = [0, half, white, 255]
    image = Image.fromarray(np.repeat(np.uint8([levels])[..., None], 3, 2))
    data = with_chunks(encoded(image, "PNG"), (b"cICP", bytes((9, transfer, 0, 1))))
    (tmp_path / "a.png").write_bytes(data)
    black, grey, paper, brightest = np.asarray(open_photo(tmp_path / "a.png"))[0, :, 0].tolist()
    assert black == 0
    assert 60 < grey < 130
    assert 170 < paper < 210
    assert brightest == 255


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_code_points_of_avif(tmp_path):
    data = encoded(Image.new("RGB", (32, 32), COLOUR), "AVIF", quality=100, subsampling="4:4:4")
    place = data.index(b"colrnclx") + 8
    wanted, got = pixel(tmp_path, AS_P3), {}
    assert np.abs(wanted - COLOUR).max() > 4
    for primaries in (1, 12, 77):
        (tmp_path / "a.avif").write_bytes(data[:place] + struct.pack(">HH", primaries, 13) + data[place + 4 :])
        got[primaries] = np.array(open_photo(tmp_path / "a.avif").getpixel((16, 16)), int)
    assert np.abs(got[1] - COLOUR).max() <= 2
    assert np.abs(got[77] - COLOUR).max() <= 2
    assert np.abs(got[12] - wanted).max() <= 2


def test_code_points_of_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    heif = pillow_heif.from_pillow(Image.new("RGB", (64, 64), COLOUR))
    heif.save(stream, quality=95, color_primaries=12, transfer_characteristics=13)
    (tmp_path / "a.heic").write_bytes(stream.getvalue())
    got, wanted = np.array(open_photo(tmp_path / "a.heic").getpixel((32, 32)), int), pixel(tmp_path, AS_P3)
    assert np.abs(got - wanted).max() <= 3 < np.abs(wanted - COLOUR).max()


def test_profiles_of_srgb_are_not_made():
    assert cicp_profile(1, 13) == gama_profile(45455, b"", False) == gama_profile(45455, b"", True) == b""
    assert cicp_profile(2, 2) is None
