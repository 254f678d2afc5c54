"""Tests of distributions: published nulls, right levels, power; GRTE's closed form."""

import numpy as np
import pytest
from scipy import stats

from isthmus.errors import InputError
from isthmus.quality import representativeness as module
from isthmus.quality.representativeness import (
    TESTS,
    chi2,
    grte,
    kolmogorov_smirnov,
    same_distribution,
    same_shares,
)


def test_known_parameters_give_scipys_numbers():
    values = np.random.default_rng(0).normal(3, 2, 80)
    found = kolmogorov_smirnov(values, "normal", parameters=(3, 2))
    wanted = stats.kstest(values, "norm", (3, 2))
    assert found.statistic == pytest.approx(wanted.statistic)
    assert found.p_value == pytest.approx(wanted.pvalue)


def test_the_fitted_null_is_that_of_lilliefors():
    """Critical value of D at 5 % with fitted normal, n = 20: 0.190 (Lilliefors 1967)."""
    rng = np.random.default_rng(1)
    null = module._simulated(
        module.FAMILIES["normal"],
        20,
        kolmogorov_smirnov_distance,
        "test",
        0,
    )
    assert np.quantile(null, 0.95) == pytest.approx(0.190, abs=0.006)
    levels = []
    for _ in range(60):
        levels.append(kolmogorov_smirnov(rng.normal(5, 9, 40), "normal").p_value)
    assert 0.3 < np.mean(levels) < 0.7  # uniform p-values: the textbook null gives 0.8 and more


def kolmogorov_smirnov_distance(values):
    place, scale = values.mean(), values.std(ddof=1)
    return module._distance(module._normal_cdf((np.sort(values) - place) / scale))


@pytest.mark.parametrize("name", ["chi2", "kolmogorov_smirnov"])
def test_a_wrong_family_is_found(name):
    values = np.random.default_rng(2).exponential(size=200)
    assert TESTS[name](values, "normal").p_value == pytest.approx(1 / 1000)
    assert TESTS[name](np.random.default_rng(3).random(200), "uniform").p_value > 0.01


def test_location_and_scale_do_not_matter():
    values = np.random.default_rng(4).normal(size=100)
    for test in (chi2, kolmogorov_smirnov):
        assert test(values, "normal").p_value == test(1e4 + 50 * values, "normal").p_value


def test_few_or_constant_values_are_refused():
    with pytest.raises(InputError, match="5 finite"):
        kolmogorov_smirnov(np.array([1.0, 2.0]), "normal")
    with pytest.raises(InputError, match="do not vary"):
        kolmogorov_smirnov(np.ones(50), "normal")
    with pytest.raises(InputError, match="a bin"):
        chi2(np.arange(20.0), "uniform")
    with pytest.raises(InputError, match="known are"):
        chi2(np.arange(90.0), "gamma")


def test_grte_compares_entropies():
    assert grte(np.array([5, 5]), np.array([50, 50])).statistic == pytest.approx(1)
    # H = 0 against ln 2: exp(-2 ln 2) = 1/4.
    assert grte(np.array([10, 0]), np.array([1, 1])).statistic == pytest.approx(0.25)
    with pytest.raises(InputError, match="not all 0"):
        grte(np.array([0, 0]), np.array([1, 1]))


def test_same_shares_is_pearsons_test_of_homogeneity():
    ours, theirs = np.array([30, 50, 20]), np.array([60, 70, 70])
    wanted = stats.chi2_contingency(np.array([ours, theirs]), correction=False)
    found = same_shares(ours, theirs)
    assert found.statistic == pytest.approx(wanted.statistic)
    assert found.p_value == pytest.approx(wanted.pvalue)
    assert same_shares(ours, theirs, worth=0.1).p_value > found.p_value
    rare = same_shares(np.array([50, 50, 1, 1, 2]), np.array([50, 50, 1, 2, 1]))
    assert rare.p_value > 0.5


def test_same_distribution_counts_what_frames_are_worth():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=150), rng.normal(0.5, 1, 150)
    found = same_distribution(x, y, worth_x=150, worth_y=150)
    wanted = stats.ks_2samp(x, y, method="asymp")
    assert found.statistic == pytest.approx(wanted.statistic)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=0.6)
    assert same_distribution(x, y, worth_x=10, worth_y=10).p_value > 0.1
