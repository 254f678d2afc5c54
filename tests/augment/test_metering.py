"""Exposure after the weather has changed."""

import numpy as np
import pytest

from isthmus.augment.daylight import BRIGHT, LIFTED, MIDDLE, metered


def flat(level):
    return np.full((30, 40, 3), level, np.float32)


def test_a_usual_scene_comes_out_as_light_as_it_was():
    before = flat(0.1)
    before[:, ::4] = 0.9
    assert metered(0.3 * before, before) == pytest.approx(before, rel=2e-3)


@pytest.mark.parametrize("street", [0.02, 0.06, 0.17])
def test_snow_comes_out_white_however_dark_the_street_was(street):
    shown = metered(flat(0.7), flat(street))
    assert shown == pytest.approx(BRIGHT, rel=1e-2)


def test_what_is_dim_before_white_things_is_not_lifted_without_end():
    before, after = flat(0.05), flat(0.3)
    after[:, :2] = 0.9
    middle = np.median(metered(after, before))
    assert 0.05 < middle <= LIFTED * MIDDLE
    assert metered(after, before).max() == pytest.approx(BRIGHT, rel=2e-2)


def test_no_amount_leaves_exposure_alone():
    assert metered(flat(0.7), flat(0.1), 0.0) == pytest.approx(0.7)
