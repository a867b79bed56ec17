"""Each setting is turned on alone, and what only it does is measured against the faces without it."""

from dataclasses import fields, replace

import pytest
import torch

from trainer.training.augmentation import augment_faces, normalise_faces
from trainer.training.config import AugmentationSection

NAMES = [field.name for field in fields(AugmentationSection)]
NOTHING = AugmentationSection(**{field.name: field.type(0) for field in fields(AugmentationSection)})
BATCH, SIDE, SIZE = 128, 80, 48
LUMA = torch.tensor([0.299, 0.587, 0.114])


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (16, 3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def blobs():
    """Upright ellipses of 255 on 0, in the middle: a Gaussian of 3 by 6 pixels."""
    at = torch.arange(SIDE) - (SIDE - 1) / 2
    blob = 255 * torch.exp(-(at[None, :] ** 2) / (2 * 3**2) - at[:, None] ** 2 / (2 * 6**2))
    return blob.round().to(torch.uint8).expand(BATCH, 3, SIDE, SIDE)


@pytest.fixture
def coloured():
    """Smooth faces of many colours, neither dark nor bright."""
    coarse = torch.rand(BATCH, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 60 + 98
    return torch.nn.functional.interpolate(coarse, SIDE, mode="bilinear").to(torch.uint8)


def flat(value=128):
    return torch.full((BATCH, 3, SIDE, SIDE), value, dtype=torch.uint8)


def augmented(pixels, settings, seed=0, size=32):
    return augment_faces(pixels, size, settings, torch.Generator().manual_seed(seed))


def with_only(pixels, **setting):
    """`(batch, 3, SIZE, SIZE)` float: the faces with one setting, and those with none; mirrored alike."""
    return tuple(augmented(pixels, settings, size=SIZE) for settings in (replace(NOTHING, **setting), NOTHING))


def mirrored():
    """bool `(batch,)`: which faces are mirrored, whatever the settings."""
    ramp = torch.linspace(0, 255, SIDE).to(torch.uint8).expand(BATCH, 3, SIDE, SIDE)
    faces = augmented(ramp, NOTHING, size=SIZE)
    return faces[:, 0, 0, 0] > faces[:, 0, 0, -1]


def measured(faces):
    """Of blobs: centre `(batch, 2)` from the middle in pixels, spread `(batch, 2)` in pixels, and turn in degrees."""
    weights = (faces.mean(1).double() + 1) / 2
    at = torch.arange(faces.shape[-1]) - (faces.shape[-1] - 1) / 2
    y, x = torch.meshgrid(at, at, indexing="ij")
    points = torch.stack([x, y], -1).reshape(-1, 2).double()
    weights = weights.flatten(1) / weights.flatten(1).sum(1, keepdim=True)
    centre = weights @ points
    off = points[None] - centre[:, None]
    covariance = torch.einsum("bn,bni,bnj->bij", weights, off, off)
    variances, axes = torch.linalg.eigh(covariance)
    long_axis = axes[:, :, 1]
    turn = torch.rad2deg(torch.atan(long_axis[:, 0] / long_axis[:, 1]))
    return centre, variances.sqrt(), turn


def chosen(faces, clean, tolerance=1e-3):
    """bool `(batch,)`: which faces the setting changed."""
    return ((faces - clean).abs() > tolerance).flatten(1).any(1)


def luma(faces):
    return (faces * LUMA[:, None, None]).sum(1)


def test_turned_off_it_is_the_middle_or_its_mirror_image(pixels):
    faces = augmented(pixels, NOTHING)
    middle = normalise_faces(pixels[..., 4:36, 4:36])
    same = [torch.allclose(face, expected, atol=1e-4) for face, expected in zip(faces, middle, strict=True)]
    mirrored = [
        torch.allclose(face, expected.flip(-1), atol=1e-4) for face, expected in zip(faces, middle, strict=True)
    ]
    assert all(one != other for one, other in zip(same, mirrored, strict=True))
    assert any(same)
    assert any(mirrored)


def test_the_same_state_gives_the_same_faces(pixels):
    settings = AugmentationSection()
    assert torch.equal(augmented(pixels, settings, 3), augmented(pixels, settings, 3))
    assert not torch.equal(augmented(pixels, settings, 3), augmented(pixels, settings, 4))


def test_values_stay_in_range(pixels):
    faces = augmented(pixels, AugmentationSection(colour=1.0, noise=0.5))
    assert faces.shape == (16, 3, 32, 32)
    assert faces.abs().max() <= 1


def test_rotation_turns_by_up_to_so_many_degrees(blobs):
    centre, spread, turn = measured(with_only(blobs, rotation=30.0)[0])
    assert centre.abs().max() < 0.05
    assert spread == pytest.approx(torch.tensor([3.0, 6.0]).expand(BATCH, 2), rel=0.03)
    # A mirror image turns the other way, so only faces that are mirrored alike tell of a one-sided draw.
    for alike in (turn[mirrored()], turn[~mirrored()]):
        assert 24 < alike.max() < 30.5
        assert -30.5 < alike.min() < -24
    assert 13 < turn.abs().mean() < 17, "any angle is as likely as the others"


def test_scale_changes_the_size_by_up_to_so_much(blobs):
    centre, spread, turn = measured(with_only(blobs, scale=0.2)[0])
    factor = spread / torch.tensor([3.0, 6.0])
    assert centre.abs().max() < 0.05
    assert turn.abs().max() < 0.5
    assert factor[:, 0] == pytest.approx(factor[:, 1], rel=0.03), "alike in both directions"
    assert 0.8 < factor.min() < 0.88
    assert 1.15 < factor.max() < 1.27  # 1 / (1 - 0.2) = 1.25


def test_shift_moves_by_up_to_a_share_of_the_side(blobs):
    centre, spread, turn = measured(with_only(blobs, shift=0.1)[0])
    assert spread == pytest.approx(torch.tensor([3.0, 6.0]).expand(BATCH, 2), rel=0.03)
    assert turn.abs().max() < 0.5
    for along in centre.T:
        assert 0.085 * SIZE < along.max() < 0.1 * SIZE + 0.05
        assert -0.1 * SIZE - 0.05 < along.min() < -0.085 * SIZE
    assert abs(torch.corrcoef(centre.abs().T)[0, 1]) < 0.4, "each direction is drawn on its own"


def test_colour_changes_brightness_contrast_and_saturation(coloured):
    faces, clean = with_only(coloured, colour=0.3)
    assert chosen(faces, clean).all()
    brightness = (luma(faces) - luma(clean)).flatten(1).mean(1)
    assert 0.25 < brightness.max() < 0.3 + 1e-4
    assert -0.3 - 1e-4 < brightness.min() < -0.25
    contrast = luma(faces).flatten(1).std(1) / luma(clean).flatten(1).std(1)
    assert 0.7 - 1e-3 < contrast.min() < 0.75
    assert 1.25 < contrast.max() < 1.3 + 1e-3
    chroma, chroma_clean = (each - luma(each)[:, None] for each in (faces, clean))
    saturation = chroma.flatten(1).std(1) / chroma_clean.flatten(1).std(1) / contrast
    assert 0.7 - 1e-3 < saturation.min() < 0.75
    assert 1.25 < saturation.max() < 1.3 + 1e-3
    for one, other in ((brightness, contrast), (brightness, saturation), (contrast, saturation)):
        assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 0.4, "each is drawn on its own"
    # Nothing moves: a face without colour keeps its pattern.
    for face, before in zip(luma(faces).flatten(1), luma(clean).flatten(1), strict=True):
        assert torch.corrcoef(torch.stack([face, before]))[0, 1] > 0.9999


def test_grey_takes_the_colour_of_a_share_and_leaves_their_brightness(coloured):
    faces, clean = with_only(coloured, grey=0.5)
    without_colour = (faces - luma(faces)[:, None]).abs().flatten(1).amax(1) < 1e-4
    assert torch.equal(without_colour, chosen(faces, clean))
    assert 0.35 < without_colour.float().mean() < 0.65
    torch.testing.assert_close(luma(faces), luma(clean), atol=1e-4, rtol=0)
    assert (with_only(coloured, grey=1.0)[0].diff(dim=1).abs() < 1e-4).all()


def test_low_resolution_takes_the_detail_of_a_share_and_leaves_the_rest(coloured):
    at = torch.arange(SIDE)
    checks = (255 * ((at[:, None] + at[None, :]) % 2)).to(torch.uint8).expand(BATCH, 3, SIDE, SIDE)
    faces, clean = with_only(checks, low_resolution=0.5)
    reduced = chosen(faces, clean)
    assert 0.35 < reduced.float().mean() < 0.65
    inside = (slice(None), slice(None), slice(6, -6), slice(6, -6))
    assert clean[inside].std() > 0.9
    assert faces[reduced][inside].std() < 0.15, "two to three times smaller, checks of a pixel are grey"
    assert torch.equal(faces[~reduced], clean[~reduced])
    faces, clean = with_only(coloured, low_resolution=1.0)
    assert (faces - clean).abs().max() < 0.1, "smooth faces stay as they are"
    assert (faces - clean).abs().max() > 0


def test_noise_is_new_for_every_pixel_and_of_up_to_so_much():
    faces, clean = with_only(flat(), noise=0.05)
    noise = (faces - clean) / 2  # on the scale of pixels in [0, 1]
    deviation = noise.flatten(1).std(1)
    assert 0.045 < deviation.max() < 0.051
    assert deviation.min() < 0.005
    assert (noise.flatten(1).mean(1).abs() < 0.004).all(), "the brightness stays"
    loud = noise[deviation > 0.02]
    for beside in (loud[:, 0] * loud[:, 1], loud[..., 1:] * loud[..., :-1], loud[..., 1:, :] * loud[..., :-1, :]):
        assert abs(beside.mean() / loud.square().mean()) < 0.02, "neighbours and colours tell nothing of each other"


def test_erase_puts_a_grey_rectangle_over_a_part_of_a_share():
    faces, clean = with_only(flat(255), erase=0.5)
    grey = faces == 0
    assert torch.equal(grey, faces != clean)
    assert torch.equal(grey[:, 0], grey[:, 1])
    covered = grey.flatten(1).any(1)
    assert 0.3 < covered.float().mean() < 0.6  # a few begin so far out that none of them shows
    for mask in grey[covered][:, 0]:
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns[None, :])
        for line in (rows, columns):
            at = line.nonzero().flatten()
            assert at[-1] - at[0] + 1 == len(at), "one piece"
            assert len(at) <= SIZE / 2 + 1


def test_retouching_smooths_skin_and_keeps_edges():
    texture = torch.randint(-12, 13, (BATCH, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    halves = torch.where(torch.arange(SIDE)[None, :] < SIDE // 2, 70, 190)
    faces, plain = with_only((halves + texture).to(torch.uint8).expand(-1, 3, -1, -1), retouch=1.0)
    middle = SIZE // 2
    for side in (slice(4, middle - 4), slice(middle + 4, -4)):
        assert _texture(faces[..., side]) < 0.5 * _texture(plain[..., side])
    step = (faces[..., middle + 2] - faces[..., middle - 3]).abs().mean()
    assert step > 0.85 * (plain[..., middle + 2] - plain[..., middle - 3]).abs().mean()


def _texture(faces):
    return faces.flatten(1).std(dim=1).mean()


def test_a_share_of_the_faces_is_retouched():
    noise = torch.randint(118, 139, (BATCH, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    faces, plain = with_only(noise.to(torch.uint8), retouch=0.3)
    changed = (faces != plain).flatten(1).any(1)
    assert 0.15 < changed.float().mean() < 0.45
