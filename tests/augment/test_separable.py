"""Filters of pictures give the bits that scipy's give."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, gaussian_filter1d, uniform_filter1d

from isthmus.augment.separable import gaussian, upright


@pytest.mark.parametrize("shape", [(90, 160), (33, 32), (4, 5)])
@pytest.mark.parametrize("sigma", [0.6, 1.3, 5.9])
def test_gaussian_is_scipys_on_planes_and_on_colours(shape, sigma):
    picture = np.random.default_rng(0).random((*shape, 3), np.float32)
    for c in range(3):
        expected = gaussian_filter(picture[..., c], sigma, mode="nearest", truncate=3)
        np.testing.assert_array_equal(gaussian(picture[..., c], sigma), expected)
        np.testing.assert_array_equal(gaussian(picture, sigma)[..., c], expected)


@pytest.mark.parametrize("size", [1, 3, 19, 37])
def test_upright_is_two_boxes_and_a_gaussian(size):
    picture = np.random.default_rng(0).random((33, 32, 3), np.float32)
    expected = picture
    for _ in range(2):
        expected = uniform_filter1d(expected, size, axis=0, mode="nearest")
    expected = gaussian_filter1d(expected, 0.8, axis=1, mode="nearest", truncate=2)
    np.testing.assert_array_equal(upright(picture, size), expected)
