"""Windows, openings and quantiles against scipy and definitions."""

import numpy as np
import pytest
from scipy.ndimage import grey_opening, maximum_filter, minimum_filter

from isthmus.cornercases.order import extreme_around, opened, quantile

LINES = {
    (0, 1): np.ones((1, 5), bool), (1, 0): np.ones((5, 1), bool),
    (1, 1): np.eye(5, dtype=bool), (1, -1): np.eye(5, dtype=bool)[::-1],
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(("shape", "size"), [((40, 61), 3), ((40, 61), 15), ((3, 5), 7)])
def test_extremes_around_are_those_of_scipy(dtype, shape, size):
    values = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    lowest = minimum_filter(values, size=size, mode="nearest")
    highest = maximum_filter(values, size=size, mode="nearest")
    assert np.array_equal(extreme_around(values, size, np.minimum), lowest)
    assert np.array_equal(extreme_around(values, size, np.maximum), highest)


def test_openings_by_lines_are_those_of_scipy_away_from_the_edge():
    values = np.random.default_rng(1).random((30, 44), dtype=np.float32)
    single = [grey_opening(values, footprint=line, mode="nearest") for line in LINES.values()]
    inner = (slice(4, -4), slice(4, -4))
    assert np.array_equal(opened(values, LINES, 2)[inner], np.max(single, axis=0)[inner])
    assert (opened(values, LINES, 2) <= values).all()


def test_a_quantile_is_one_of_the_values():
    values = np.arange(101, dtype=np.float32)[::-1].reshape(1, 101)
    assert [quantile(values, share) for share in (0, 0.25, 0.5, 0.9, 1)] == [0, 25, 50, 90, 100]
    assert quantile(np.array([3, 1], np.uint8), 0.5) == 1
