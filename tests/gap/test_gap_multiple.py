"""Adjusted p-values: worked by hand, against another implementation, and honest without a gap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from isthmus.errors import InputError
from isthmus.gap.multiple import benjamini_hochberg, largest_of_all


def test_a_case_worked_by_hand() -> None:
    # Sorted .01 .02 .03 .5 times 4/1 4/2 4/3 4/4 = .04 .04 .04 .5; smallest from the right.
    found = benjamini_hochberg([0.03, 0.5, None, 0.01, 0.02])
    assert found == [pytest.approx(0.04), 0.5, None, pytest.approx(0.04), pytest.approx(0.04)]


def test_agrees_with_scipy_and_never_decreases_a_p_value() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    found = np.array(benjamini_hochberg(p.tolist()), float)
    np.testing.assert_allclose(found, false_discovery_control(p), rtol=1e-12)
    assert (found >= p).all()


def test_nothing_to_adjust_and_values_that_are_no_p_values() -> None:
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([None, None]) == [None, None]
    with pytest.raises(InputError, match="between 0 and 1"):
        benjamini_hochberg([0.2, 1.5])


def test_the_largest_of_all_holds_its_level_where_single_tests_do_not() -> None:
    rng = np.random.default_rng(1)
    scales = np.geomspace(1, 1e4, 20)
    single = family = 0
    for _ in range(200):
        draws = rng.standard_normal((200, 20)) * scales
        p, _ = largest_of_all(draws[0], draws[1:])
        family += bool((p <= 0.05).any())
        single += bool((((draws[1:] >= draws[0]).sum(axis=0) + 1) / 200 <= 0.05).any())
    assert family / 200 < 0.09
    assert single / 200 > 0.4


def test_a_column_that_never_varies_is_never_called() -> None:
    permuted = np.random.default_rng(2).standard_normal((99, 3))
    permuted[:, 1] = 4.0
    p, excess = largest_of_all([9.0, 4.0, 0.0], permuted)
    assert p[0] == pytest.approx(0.01)
    assert p[1] == 1.0
    assert excess[1] == 0.0
