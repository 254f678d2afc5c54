"""Each formula against an independent one: naive sums, scipy, scikit-learn, published numbers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from isthmus.gap.cmd import cmd
from isthmus.gap.coral import coral
from isthmus.gap.energy import energy
from isthmus.gap.folds import Folds
from isthmus.gap.frechet import frechet
from isthmus.gap.h_divergence import prepare as prepare_pad
from isthmus.gap.h_divergence import proxy_a_distance
from isthmus.gap.kl_gaussian import kl_gaussian
from isthmus.gap.metric import observed, pooled_rows
from isthmus.gap.mmd import mmd
from isthmus.gap.neighbours import neighbourhood
from isthmus.gap.order import content_order
from isthmus.gap.sliced_wasserstein import draw, quantile_distance, sliced_wasserstein
from isthmus.gap.wasserstein import by_feature, wasserstein

rng = np.random.default_rng(7)
MIX = rng.normal(size=(6, 6)) / 2
X = rng.normal(size=(61, 6))
Y = rng.normal(size=(43, 6)) @ MIX + 0.4


def u_mmd(kernel, x, y) -> float:
    n, m = len(x), len(y)
    xx, yy = kernel(x, x), kernel(y, y)
    return (
        (xx.sum() - np.trace(xx)) / (n * (n - 1))
        + (yy.sum() - np.trace(yy)) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )


def test_mmd_rbf_equals_the_naive_u_statistic() -> None:
    expected = u_mmd(partial(rbf_kernel, gamma=1 / (2 * 1.7**2)), X, Y)
    assert mmd(X, Y, bandwidth=1.7) == pytest.approx(expected, abs=1e-13)


def test_mmd_median_bandwidth_is_half_the_median_squared_distance() -> None:
    pooled = np.concatenate([X, Y])
    median = np.median(cdist(pooled, pooled, "sqeuclidean")[np.triu_indices(len(pooled), 1)])
    expected = u_mmd(partial(rbf_kernel, gamma=1 / median), X, Y)
    assert mmd(X, Y) == pytest.approx(expected, abs=1e-13)


def test_mmd_mixture_is_the_mean_of_three_bandwidths() -> None:
    expected = np.mean([mmd(X, Y, bandwidth=1.3 * factor) for factor in (0.5, 1, 2)])
    assert mmd(X, Y, kernel="rbf_mixture", bandwidth=1.3) == pytest.approx(expected, abs=1e-13)


def test_kernel_distance_of_binkowski() -> None:
    kernel = partial(polynomial_kernel, degree=3, gamma=1 / 6, coef0=1)
    shifted = X + 3, Y + 3  # this kernel is not blind to a common shift
    expected = u_mmd(kernel, *shifted)
    assert mmd(*shifted, kernel="polynomial") == pytest.approx(expected, rel=1e-10)
    assert mmd(X, Y, kernel="polynomial") != pytest.approx(expected, rel=1e-2)


def test_linear_mmd_is_the_squared_distance_of_means_less_its_bias() -> None:
    bias = np.trace(np.cov(X.T)) / len(X) + np.trace(np.cov(Y.T)) / len(Y)
    expected = np.square(X.mean(0) - Y.mean(0)).sum() - bias
    assert mmd(X, Y, kernel="linear") == pytest.approx(expected, abs=1e-12)


def test_mmd_value_published_by_frouros() -> None:
    """The docstring of frouros 0.9's MMD: numpy's older generator, seed 31, sigma 0.5."""
    generator = np.random.RandomState(31)
    x = generator.multivariate_normal(mean=[1, 1], cov=[[2, 0], [0, 2]], size=100)
    y = generator.multivariate_normal(mean=[0, 0], cov=[[2, 1], [1, 2]], size=100)
    assert mmd(x, y, bandwidth=0.5) == pytest.approx(0.02146955300299802, abs=1e-12)


def test_wasserstein_value_published_by_scipy() -> None:
    x, y = np.array([[0.0], [1], [3]]), np.array([[5.0], [6], [8]])
    assert wasserstein(x, y, p=1) == pytest.approx(5.0)
    assert sliced_wasserstein(x, y, p=1, projections=3) == pytest.approx(5.0)


def test_wasserstein_by_feature_for_unequal_sizes() -> None:
    expected = [wasserstein_distance(X[:, j], Y[:, j]) for j in range(6)]
    np.testing.assert_allclose(by_feature(X, Y, p=1), expected, rtol=1e-12)
    assert wasserstein(X, Y, p=1) == pytest.approx(np.mean(expected))


def test_quantile_coupling_is_exact_when_sizes_differ() -> None:
    # Repeating rows until the sizes agree leaves both distributions as they are.
    x, y = np.sort(X[:8, :1], axis=0), np.sort(Y[:6, :1], axis=0)
    same = np.mean((np.repeat(x, 3, axis=0) - np.repeat(y, 4, axis=0)) ** 2)
    assert quantile_distance(x, y, 2.0)[0] == pytest.approx(same, rel=1e-14)


def test_sliced_wasserstein_along_given_directions() -> None:
    directions = draw(6, 20, seed=3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, atol=1e-12)
    a, b = X[:43] @ directions, Y @ directions
    powers = np.mean(np.abs(np.sort(a, axis=0) - np.sort(b, axis=0)) ** 3, axis=0)
    found = sliced_wasserstein(X[:43], Y, p=3, directions=directions)
    assert found == pytest.approx(powers.mean() ** (1 / 3), rel=1e-12)
    largest = sliced_wasserstein(X[:43], Y, p=3, directions=directions, maximum=True)
    assert largest == pytest.approx(powers.max() ** (1 / 3), rel=1e-12)


def test_cmd_as_zellinger_defines_it() -> None:
    a, b = -4.0, 5.0
    expected = np.linalg.norm(X.mean(0) - Y.mean(0)) / (b - a)
    for k in range(2, 6):
        difference = ((X - X.mean(0)) ** k).mean(0) - ((Y - Y.mean(0)) ** k).mean(0)
        expected += np.linalg.norm(difference) / (b - a) ** k
    assert cmd(X, Y, bounds=(a, b)) == pytest.approx(expected, abs=1e-13)


def test_frechet_against_the_matrix_square_root() -> None:
    cov_x, cov_y = np.cov(X.T), np.cov(Y.T)
    expected = np.square(X.mean(0) - Y.mean(0)).sum()
    expected += np.trace(cov_x + cov_y - 2 * sqrtm(cov_x @ cov_y).real)
    assert frechet(X, Y) == pytest.approx(expected, rel=1e-10)


def test_frechet_of_more_features_than_are_worked_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = frechet(X, Y)
    monkeypatch.setattr("isthmus.gap.frechet.COLUMNS_AT_ONCE", 4)
    monkeypatch.setattr("isthmus.gap.frechet.ROWS_AT_ONCE", 7)
    assert frechet(X, Y) == pytest.approx(whole, rel=1e-12)


def test_frechet_where_a_covariance_is_singular() -> None:
    """A constant and a doubled feature, against the nuclear norm of A Bᵀ (centred and scaled)."""
    x, y = X, np.column_stack([Y[:, :3], np.full(len(Y), 1.5), Y[:, 4], Y[:, 4]])
    a, b = ((side - side.mean(0)) / np.sqrt(len(side) - 1) for side in (x, y))
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    expected = np.square(x.mean(0) - y.mean(0)).sum() + (a**2).sum() + (b**2).sum() - 2 * root
    assert frechet(x, y) == pytest.approx(expected, rel=1e-7)
    assert frechet(y, x) == pytest.approx(expected, rel=1e-7)


def test_frechet_with_fewer_rows_than_features() -> None:
    """Features that only rotate and pad the data change nothing; the covariance is singular."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(90, 90)))[0][:6]
    assert frechet(X @ turn, Y @ turn) == pytest.approx(frechet(X, Y), rel=1e-10)


def test_energy_distance_of_scipy_in_one_dimension() -> None:
    x, y = X[:, :1], Y[:, :1]
    within = [cdist(a, a).sum() / (len(a) * (len(a) - 1)) for a in (x, y)]
    assert energy(x, y) == pytest.approx(2 * cdist(x, y).mean() - sum(within), abs=1e-12)


def test_coral_distance() -> None:
    expected = np.square(np.cov(X.T) - np.cov(Y.T)).sum() / (4 * 36)
    assert coral(X, Y) == pytest.approx(expected, rel=1e-12)


def test_jeffreys_divergence_of_one_dimensional_gaussians() -> None:
    x, y = X[:, :1], Y[:, :1]
    v, w, shift = x.var(ddof=1), y.var(ddof=1), (x.mean() - y.mean()) ** 2
    expected = ((v + shift) / w + (w + shift) / v) / 2 - 1
    assert kl_gaussian(x, y, ridge=0.0) == pytest.approx(expected, rel=1e-12)


def test_neighbourhood_scores_against_their_definition() -> None:
    k = 4
    xx, yy, xy = cdist(X, X), cdist(Y, Y), cdist(X, Y)
    radius_x, radius_y = np.sort(xx, axis=1)[:, k], np.sort(yy, axis=1)[:, k]
    inside = xy < radius_x[:, None]
    found = neighbourhood(X, Y, k=k)
    assert found.precision == inside.any(axis=0).mean()
    assert found.recall == (xy < radius_y).any(axis=1).mean()
    assert found.density == pytest.approx(inside.sum(axis=0).mean() / k)
    assert found.coverage == inside.any(axis=1).mean()
    np.testing.assert_allclose(found.realism, (radius_x[:, None] / xy).max(axis=0))


def test_linear_proxy_a_distance_is_that_of_cross_validated_lda() -> None:
    """scikit-learn's LDA on the other folds, without a ridge and its threshold without bias.

    A row is farther from the mean of m others by 1 / m of their d dimensions, which moves the
    log-odds by d / 2 (1 / m - 1 / n); in the metric of all rows, which the discriminant uses,
    they are smaller by 1 + p q |mean difference|².
    """
    rows = pooled_rows(X, Y)
    found = prepare_pad(rows, seed=5, folds=4, repeats=1, ridge=0.0).evaluate(*observed(rows))
    fold = Folds(rows, 4, 5, 0, order=content_order(rows), width=X.shape[1]).partition
    is_x = np.arange(len(fold)) < len(X)
    wrong = np.zeros(len(fold))
    for held in range(4):
        train = fold != held
        model = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(rows.z[train], is_x[train])
        n, m = is_x[train].sum(), (~is_x[train]).sum()
        difference = np.subtract(*(rows.z[train & side].mean(axis=0) for side in (is_x, ~is_x)))
        scale = (n + m) / (n + m - 2)  # its covariance is over the rows less two
        apart = scale * model.coef_[0] @ difference
        odds = scale * model.decision_function(rows.z[~train])
        moved = odds / (1 + n * m / (n + m) ** 2 * apart) - X.shape[1] / 2 * (1 / m - 1 / n)
        wrong[~train] = (moved > 0) != is_x[~train]
    error = (wrong[is_x].mean() + wrong[~is_x].mean()) / 2
    assert found[0, 0] == pytest.approx(2 * (1 - 2 * error), abs=1e-12)


@pytest.mark.parametrize("classifier", ["rbf", "mlp"])
def test_other_classifiers_see_what_a_line_cannot(classifier: str) -> None:
    generator = np.random.default_rng(0)
    inner, outer = generator.normal(size=(2, 80, 2))
    outer *= 4 / np.linalg.norm(outer, axis=1, keepdims=True)
    assert proxy_a_distance(inner, outer) < 0.7
    assert proxy_a_distance(inner, outer, classifier=classifier) > 1.6
