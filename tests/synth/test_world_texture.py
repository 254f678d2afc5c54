"""Surface textures: seamless, of mean 1, the same every time."""

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.synth.world.texture import SIDE, TEXTURES, noise, tile


@pytest.mark.parametrize("name", list(TEXTURES))
def test_a_tile_has_mean_one_and_positive_factors(name):
    made = tile(name)
    assert made.colour.shape == (SIDE, SIDE, 3)
    assert made.colour.mean() == pytest.approx(1, abs=1e-3)
    assert made.colour.min() > 0
    assert 0.1 <= made.span <= 10


@pytest.mark.parametrize("name", ["asphalt", "grass", "bark", "cloth", "dirt"])
def test_noisy_tiles_have_no_seam(name):
    grey = tile(name).colour.mean(axis=2)
    for turned in (grey, grey.T):
        steps = np.abs(np.diff(turned, axis=0)).mean()
        seam = np.abs(turned[0] - turned[-1]).mean()
        assert seam < 2 * steps + 0.01


def test_stretch_draws_features_out_along_its_axis():
    long = noise("a", 1.0, (4.0, 0.5))
    assert np.abs(np.diff(long, axis=0)).mean() < 0.6 * np.abs(np.diff(long, axis=1)).mean()


def test_an_unknown_texture_names_the_known():
    with pytest.raises(ConfigError, match="asphalt"):
        tile("gold")
