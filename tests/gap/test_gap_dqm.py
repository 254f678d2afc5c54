"""dqm-ml's documented formulas, by hand and by what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from isthmus.errors import InputError
from isthmus.gap import dqm
from isthmus.gap.cmd import cmd as zellinger


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6)) / 2
    return rng.normal(size=(40, 6)) @ mixing, rng.normal(0.3, 1.2, size=(25, 6)) @ mixing


def test_fid_divides_by_n_and_adds_epsilon(samples):
    x, y = samples
    a, b = (np.cov(s.T, bias=True) + 1e-6 * np.eye(6) for s in samples)
    shift = np.square(x.mean(0) - y.mean(0)).sum()
    expected = shift + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert dqm.fid(x, y) == pytest.approx(expected, rel=1e-9)
    a, b = np.cov(x.T), np.cov(y.T)
    first = shift + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert dqm.fid(x, y, epsilon=0, ddof=1) == pytest.approx(first, rel=1e-9)


def test_klmvn_diag_is_the_divergence_of_independent_gaussians(samples):
    x, y = samples
    total = 0.0
    for a, b in zip(x.T, y.T, strict=True):
        va, vb = a.var(), b.var()
        total += np.log(np.sqrt(vb / va)) + (va + (a.mean() - b.mean()) ** 2) / (2 * vb) - 0.5
    assert dqm.klmvn_diag(x, y) == pytest.approx(total, rel=1e-12)
    assert dqm.klmvn_diag(x, x) == 0
    assert dqm.klmvn_diag(x, y) != pytest.approx(dqm.klmvn_diag(y, x), rel=1e-3)


def kernel_mean(a, b, kernel) -> float:
    return float(np.mean([[kernel(p, q) for q in b] for p in a]))


def test_mmd_counts_every_pair_and_its_rbf_kernel_does_not_square(samples):
    x, y = samples
    for function, kernel in (
        (lambda: dqm.mmd_rbf(x, y, gamma=0.7), lambda p, q: np.exp(-0.7 * np.linalg.norm(p - q))),
        (lambda: dqm.mmd_poly(x, y, gamma=0.5), lambda p, q: (0.5 * p @ q + 1) ** 3),
        (lambda: dqm.mmd_linear(x, y), lambda p, q: p @ q),
    ):
        expected = kernel_mean(x, x, kernel) + kernel_mean(y, y, kernel)
        expected -= 2 * kernel_mean(x, y, kernel)
        assert function() == pytest.approx(expected, rel=1e-9)


def test_mmd_rbf_is_blind_in_many_dimensions():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(500, 512)), rng.normal(size=(500, 512))
    assert dqm.mmd_rbf(x, y) == pytest.approx(0.004, abs=1e-6)
    assert dqm.mmd_rbf(x, y + 1) == pytest.approx(0.004, abs=1e-6)


def test_wasserstein_1d_is_what_histograms_of_64_dimensions_give():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(200, 70)), rng.normal(1, 1, size=(90, 70))
    total = 0.0
    for j in range(64):
        steps = []
        for side in (x[:, j], y[:, j]):
            inside = side[(side >= -3) & (side <= 3)]
            edges = -3 + 6 / 32 * np.arange(1, 33)
            steps.append([(inside < edge).mean() for edge in edges])
        total += np.abs(np.subtract(*steps)).sum() * 6 / 32
    assert dqm.wasserstein_1d(x, y) == pytest.approx(total / 64, rel=1e-12)
    y[:, 64:] += 100
    assert dqm.wasserstein_1d(x, y) == pytest.approx(total / 64, rel=1e-12)


@pytest.mark.parametrize(("source", "target", "read"), [(0, 5, 2.63), (0, 10, 3.10), (10, 20, 0)])
def test_wasserstein_1d_does_not_see_beyond_its_range(source, target, read):
    rng = np.random.default_rng(3)
    x, y = rng.normal(source, 1, (4000, 64)), rng.normal(target, 1, (4000, 64))
    assert dqm.wasserstein_1d(x, y) == pytest.approx(read, abs=0.02)


def test_wasserstein_1d_needs_as_many_features_as_histograms():
    with pytest.raises(InputError, match="32 features, and histograms of 64"):
        dqm.wasserstein_1d(np.eye(32), np.eye(32))


def test_cmd_is_zellingers_over_its_order(samples):
    x, y = samples
    sides = [1 / (1 + np.exp(-s)) for s in samples]
    assert dqm.cmd(x, y) == pytest.approx(zellinger(*sides, bounds=(0, 1)) / 5, rel=1e-12)
    maps = [s.reshape(len(s), 2, 3) for s in samples]
    flat = [s.transpose(0, 2, 1).reshape(-1, 2) for s in maps]
    assert dqm.cmd(*maps, order=3) == pytest.approx(dqm.cmd(*flat, order=3), rel=1e-12)


def test_pad_reads_one_where_nothing_differs_and_nearly_two_where_all_does():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(150, 2)), rng.normal(size=(150, 2))
    assert dqm.pad(x, y) == pytest.approx(1, abs=0.06)
    assert dqm.pad(x, y, evaluator="mae") == pytest.approx(0, abs=0.1)
    assert dqm.pad(x, y + 20) > 1.9


def test_the_first_version_takes_frames_for_features(samples):
    x, y = (s[:4] for s in samples)
    expected = np.mean([np.abs(np.sort(x[:, j]) - np.sort(y[:, j])).mean() for j in range(4)])
    assert dqm.wasserstein_first_features(x, y) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(InputError, match="25 frames in an array of 6 features"):
        dqm.wasserstein_first_features(*samples)
