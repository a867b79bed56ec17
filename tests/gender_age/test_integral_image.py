"""Integral images, and what is cut and resized with them."""

import numpy as np
import pytest
import torch

from gender_age.integral_image import crop_by_area, integral_images, resize_by_area


@pytest.mark.parametrize("size_hw", [(1, 1), (15, 7), (16, 20), (33, 50), (64, 3)])
def test_sums_of_all_pixels_above_and_left(size_hw):
    images = np.random.default_rng(0).integers(0, 256, (2, *size_hw, 3), dtype=np.uint8)
    integral = integral_images(torch.from_numpy(images)).numpy()
    assert integral.dtype == np.int32
    assert integral.shape == (2, size_hw[0] + 1, size_hw[1] + 1, 3)
    assert not integral[:, 0].any()
    assert not integral[:, :, 0].any()
    assert np.array_equal(integral[:, 1:, 1:], images.cumsum(axis=1, dtype=np.int64).cumsum(axis=2))


def test_crops_and_copies_average_areas():
    images = np.random.default_rng(1).integers(0, 256, (2, 40, 60, 3), dtype=np.uint8)
    integral = integral_images(torch.from_numpy(images))
    half = resize_by_area(integral, (20, 30)).numpy()
    assert np.allclose(half, images.reshape(2, 20, 2, 30, 2, 3).mean(axis=(2, 4)))
    windows, image_index = torch.tensor([[10, 4, 34, 28], [0, 0, 12, 12]]), torch.tensor([1, 0])
    crops = crop_by_area(integral, windows, image_index, 12).numpy()
    assert np.allclose(crops[0], images[1, 4:28, 10:34].reshape(12, 2, 12, 2, 3).mean(axis=(1, 3)))
    assert np.allclose(crops[1], images[0, :12, :12])
