import dataclasses

import pytest
import torch

from trainer.training.augmentation import augment_faces, normalise_faces
from trainer.training.config import AugmentationSection

NAMES = ["rotation", "scale", "shift", "colour", "grey", "low_resolution", "noise", "erase"]
NOTHING = AugmentationSection(**dict.fromkeys(NAMES, 0.0))


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (16, 3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def augmented(pixels, settings, seed=0):
    return augment_faces(pixels, 32, settings, torch.Generator().manual_seed(seed))


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


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_changes_the_faces(pixels, name):
    settings = dataclasses.replace(NOTHING, **{name: 0.9})
    assert not torch.allclose(augmented(pixels, settings), augmented(pixels, NOTHING), atol=1e-3)


def test_grey_faces_have_no_colour(pixels):
    settings = dataclasses.replace(NOTHING, grey=1.0)
    faces = augmented(pixels, settings)
    assert (faces[:, 0] - faces[:, 2]).abs().max() < 1e-4
