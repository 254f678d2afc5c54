"""Estimates from samples against the populations' distances, which are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from isthmus.errors import ConfigError
from isthmus.gap import METRICS
from isthmus.gap.cmd import cmd
from isthmus.gap.energy import energy
from isthmus.gap.frechet import extrapolated, frechet
from isthmus.gap.h_divergence import proxy_a_distance
from isthmus.gap.inference import measure
from isthmus.gap.kl_gaussian import _design_effect
from isthmus.gap.metric import pooled_rows
from isthmus.gap.mmd import mmd
from isthmus.gap.sliced_wasserstein import sliced_wasserstein


def within(values: list[float], truth: float, deviations: float = 4.0) -> None:
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(np.mean(values) - truth) < deviations * error, (np.mean(values), truth, error)


def test_mmd_of_shifted_gaussians() -> None:
    d, s, shift = 8, 2.0, 0.5
    squared = d * shift**2
    c = (s**2 / (s**2 + 2)) ** (d / 2)
    truth = 2 * c * (1 - math.exp(-squared / (2 * (s**2 + 2))))
    assert truth == pytest.approx(0.06065, abs=1e-5)
    rng = np.random.default_rng(0)
    draws = [
        mmd(rng.normal(size=(120, d)), rng.normal(size=(80, d)) + shift, bandwidth=s)
        for _ in range(150)
    ]
    within(draws, truth)


def test_kernel_distance_of_gaussians() -> None:
    rng = np.random.default_rng(0)
    d = 5
    a, b = rng.normal(size=(2, d, d)) / 3
    s1, s2 = a @ a.T + 0.3 * np.eye(d), b @ b.T + 0.3 * np.eye(d)
    m1 = rng.normal(size=d)
    m2 = m1 + 0.4

    def third(m, s, k, t) -> float:
        """E (<u, v>/d + 1)³ for u ~ N(m, s), v ~ N(k, t)."""
        mean, q = m @ k, np.trace(s @ t) + m @ t @ m + k @ s @ k
        cubic = mean**3 + 3 * mean * q + 6 * k @ s @ t @ m
        return 1 + 3 * mean / d + 3 * (q + mean**2) / d**2 + cubic / d**3

    truth = third(m1, s1, m1, s1) + third(m2, s2, m2, s2) - 2 * third(m1, s1, m2, s2)
    draws = [
        mmd(
            rng.multivariate_normal(m1, s1, 200),
            rng.multivariate_normal(m2, s2, 200),
            kernel="polynomial",
        )
        for _ in range(200)
    ]
    within(draws, truth)


def test_sliced_wasserstein_of_a_shift() -> None:
    """SW_2 = |shift| / sqrt(d): a shifted copy is at exactly that distance, for whole bases."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70, 16))
    shift = rng.normal(size=16)
    found = sliced_wasserstein(x, x + shift, projections=32)
    assert found == pytest.approx(np.linalg.norm(shift) / 4, rel=1e-12)


def test_cmd_of_bernoulli_variables() -> None:
    rows = 1000
    x = (np.arange(rows) < 300).astype(float)[:, None]
    y = (np.arange(rows) < 500).astype(float)[:, None]
    assert cmd(x, y, bounds=(0, 1)) == pytest.approx(0.38792, abs=1e-10)


def test_energy_distance_of_shifted_gaussians() -> None:
    rng = np.random.default_rng(0)
    draws = [energy(rng.normal(size=(80, 1)), rng.normal(size=(60, 1)) + 1) for _ in range(200)]
    within(draws, 0.54181)


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_proxy_a_distance_approaches_bayes(shift: float) -> None:
    bayes = 2 * (1 - 2 * norm.cdf(-shift / 2))
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 8000, 3))
    y[:, 0] += shift
    assert proxy_a_distance(x, y) == pytest.approx(bayes, abs=0.05)


def test_frechet_of_gaussians() -> None:
    rng = np.random.default_rng(0)
    d = 4
    spread = np.array([0.5, 1.0, 2.0, 3.0])
    truth = 4 * 0.25 + np.square(spread - 1).sum()
    x = rng.normal(size=(200_000, d))
    y = rng.normal(size=(200_000, d)) * spread + 0.5
    assert frechet(x, y) == pytest.approx(truth, rel=0.02)


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (0.3, 1.1)])
def test_frechet_extrapolated_to_infinite_samples(shift: float, spread: float) -> None:
    """The formula reads far above the truth; the jackknife of both sides does not."""
    rng = np.random.default_rng(0)
    d, truth = 32, 32 * (shift**2 + (spread - 1) ** 2)
    draws = [
        (rng.normal(size=(280, d)), rng.normal(size=(200, d)) * spread + shift) for _ in range(30)
    ]
    found = np.array([extrapolated(x, y) for x, y in draws])
    assert min(frechet(x, y) for x, y in draws) > truth + 1.5
    within(list(found[:, 0]), truth)
    assert 0.7 < found[:, 1].mean() / found[:, 0].std() < 2  # the error is the sample's own


def test_measure_gives_the_frechet_distance_of_all_features_at_infinite_samples() -> None:
    """Most of this gap lies outside of the leading components; the formula adds its bias."""
    rng = np.random.default_rng(4)
    d, few = 80, {"permutations": 0, "bootstraps": 0, "floor_splits": 10}
    x, y = rng.normal(size=(400, d)), rng.normal(size=(300, d)) * 1.3
    found = measure(x, y, "frechet", components=8, **few)
    truth, error = d * 0.09, found.params["extrapolated_se"]
    assert found.plug_in > 2 * truth
    assert abs(found.params["extrapolated"] - truth) < 3 * error < truth
    assert found.value < truth / 2
    assert "extrapolated" not in measure(x, y, "frechet", extrapolate=False, **few).params


def test_frechet_is_extrapolated_over_independent_units() -> None:
    """Ten copies of each row are one observation: they leave value and error as they are."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(120, 6)), rng.normal(size=(90, 6)) + 0.4
    copies = [np.repeat(a, 10, axis=0) + 1e-9 * rng.normal(size=(10 * len(a), 6)) for a in (x, y)]
    groups = {"groups_x": np.repeat(np.arange(120), 10), "groups_y": np.repeat(np.arange(90), 10)}
    few = {"permutations": 0, "bootstraps": 0, "floor_splits": 0}
    single, many = measure(x, y, "frechet", **few), measure(*copies, "frechet", **groups, **few)
    for name in ("extrapolated", "extrapolated_se"):
        assert many.params[name] == pytest.approx(single.params[name], rel=0.05)


def test_frechet_is_not_extrapolated_unasked_from_fewer_rows_than_features() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(60, 70)), rng.normal(size=(60, 70))
    few = {"permutations": 0, "bootstraps": 0, "floor_splits": 0}
    assert "extrapolated" not in measure(x, y, "frechet", **few).params
    asked = measure(x, y, "frechet", extrapolate=True, **few)
    assert asked.params["extrapolated"] > asked.params["extrapolated_se"]  # the truth is 0
    assert any("60 independent observations" in warning for warning in asked.warnings)
    three = np.repeat(np.arange(3), 20)
    prepared = METRICS["frechet"].prepare(pooled_rows(x, y, three, three), extrapolate=True)
    assert "extrapolated" not in prepared.settings
    assert any("3 units on one side" in warning for warning in prepared.warnings)
    with pytest.raises(ConfigError, match="parts = 61 of 60 and 60 rows"):
        extrapolated(x, y, parts=61)


@pytest.mark.parametrize(
    ("metric", "truth"),
    [("frechet", 64 * 0.04), ("sliced_wasserstein", 0.2), ("wasserstein", 0.2)],
)
def test_measure_takes_the_finite_sample_bias_out(metric: str, truth: float) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(250, 64)), rng.normal(size=(150, 64)) + 0.2
    found = measure(x, y, metric, permutations=19, bootstraps=100, floor_splits=60)
    assert found.plug_in > 1.3 * truth
    assert found.low < truth < found.high
    assert abs(found.value - truth) < 0.3 * abs(found.plug_in - truth)


def test_frechet_of_unlike_covariances_is_neither_above_nor_below() -> None:
    """Chance adds less to a distance than to self-distances: halves alone would read 13 here."""
    d, n, m = 24, 120, 180
    spread = 1 / np.arange(1, d + 1) ** 0.7
    truth = float(np.square(1 - spread).sum())
    assert truth == pytest.approx(14.562, abs=1e-3)
    rng = np.random.default_rng(0)
    plan = {"permutations": 0, "bootstraps": 50, "floor_splits": 20}
    found = [
        measure(rng.normal(size=(n, d)), rng.normal(size=(m, d)) * spread, "frechet", **plan)
        for _ in range(20)
    ]
    assert np.mean([one.value for one in found]) == pytest.approx(truth, rel=0.05)
    assert np.mean([one.plug_in for one in found]) > 1.03 * truth
    assert sum(one.low <= truth <= one.high for one in found) >= 16


@pytest.mark.parametrize(("n", "m"), [(160, 240), (320, 160)])
def test_divergence_of_gaussians_in_closed_form(n: int, m: int) -> None:
    """16 components: halves alone would leave 15 % too much."""
    d, spread, shift = 16, 1 / np.arange(1, 17) ** 0.4, 0.2
    ratio = spread**2
    truth = ((ratio + 1 / ratio).sum() + (shift**2 * (1 + 1 / ratio)).sum()) / 2 - d
    rng = np.random.default_rng(1)
    plan = {"permutations": 0, "bootstraps": 60, "floor_splits": 20}
    found = [
        measure(
            rng.normal(size=(n, d)), rng.normal(size=(m, d)) * spread + shift, "kl_gaussian", **plan
        )
        for _ in range(20)
    ]
    assert found[0].params["components"] == 16
    assert not found[0].warnings
    assert np.mean([one.plug_in for one in found]) > 1.08 * truth
    assert np.mean([one.value for one in found]) == pytest.approx(truth, rel=0.04)
    assert sum(one.low <= truth <= one.high for one in found) >= 16


def test_divergence_from_twenty_frames_of_64_features() -> None:
    """It is that of the two components that twenty frames support, and says so."""
    spread = 10.0 / np.arange(1, 65) ** 2
    shift = np.where(np.arange(64) == 0, 20.0, 0.0)
    rng = np.random.default_rng(2)
    plan = {"permutations": 99, "bootstraps": 40, "floor_splits": 20}
    draws = [
        (rng.normal(size=(20, 64)) * spread, rng.normal(size=(20, 64)) * spread + shift)
        for _ in range(20)
    ]
    found = [measure(x, y, "kl_gaussian", **plan) for x, y in draws]
    assert {one.params["components"] for one in found} == {2}
    values = [one.value for one in found]
    assert np.median(values) == pytest.approx(4.0, rel=0.3)  # |shift|² / variance
    assert max(one.p_value for one in found) <= 0.05
    warnings = " ".join(found[0].warnings)
    assert "support 2 of 16 components" in warnings
    assert "size is that of the ridge" in warnings
    more = measure(*draws[0], "kl_gaussian", rows_a_component=2, **plan)
    assert more.params["components"] == 10
    assert any("20 frames on one side for 10 dimensions, fewer than 5" in w for w in more.warnings)


@pytest.mark.parametrize(("n", "warned"), [(39, True), (40, False)])
def test_five_frames_a_component_go_without_a_warning(n: int, warned: bool) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(60, 8)), rng.normal(size=(n, 8))
    plan = {"permutations": 0, "bootstraps": 0, "floor_splits": 0}
    for name, params in (("frechet", {}), ("kl_gaussian", {"rows_a_component": 1})):
        found = measure(x, y, name, **plan, **params)
        assert any("fewer than 5 each" in warning for warning in found.warnings) == warned


def copies(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """x is one point fifty times, y forty times that point and ten times one 0.3 away."""
    point = np.full(30, 0.7)
    x = np.tile(point, (50, 1))
    y = np.repeat([point, point + 0.3 / math.sqrt(30)], [40, 10], axis=0)
    draws = np.random.default_rng(0).normal(size=(2, 50, 30)) * noise
    return x + draws[0], y + draws[1]


@pytest.mark.parametrize("noise", [0.0, 1e-7])
def test_mmd_of_mostly_copies_takes_its_bandwidth_from_the_pairs_that_differ(noise: float) -> None:
    few = {"permutations": 19, "bootstraps": 20, "floor_splits": 10}
    found = measure(*copies(noise), "mmd", **few)
    assert found.params["bandwidth"] == pytest.approx(0.3 / math.sqrt(2), rel=1e-4)
    far = math.exp(-1)  # the kernel of the two points: 2 σ² is their squared distance
    within_y = (40 * 39 + 10 * 9 + 2 * 40 * 10 * far) / (50 * 49)
    assert found.value == pytest.approx(1 + within_y - 2 * (40 + 10 * far) / 50, abs=1e-5)
    assert any("identical features, or nearly so" in warning for warning in found.warnings)


@pytest.mark.parametrize("noise", [0.0, 1e-7])
@pytest.mark.parametrize(
    ("bandwidth", "words"),
    [(0.2, []), (0.03, ["far below"]), (1e-200, ["far below"]), (1e200, ["far above"])],
)
def test_mmd_of_mostly_copies_tells_of_a_bandwidth_that_sees_nothing(
    noise: float, bandwidth: float, words: list[str]
) -> None:
    """Most pairs are at distance 0, where every bandwidth is wide enough."""
    few = {"permutations": 9, "bootstraps": 0, "floor_splits": 0}
    found = measure(*copies(noise), "mmd", bandwidth=bandwidth, **few)
    assert math.isfinite(found.value)
    assert len(found.warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, found.warnings, strict=True))


def test_frames_that_resemble_each_other_count_as_fewer():
    """Frames seen ten times tell as much as once; as many different ones tell ten times more."""
    rng = np.random.default_rng(8)
    x, y = (np.repeat(rng.normal(size=(n, 4)), 10, axis=0) for n in (40, 30))
    order = (np.repeat(np.arange(40), 10), np.repeat(np.arange(30), 10))
    copies = pooled_rows(x, y, *order)
    assert _design_effect(copies, copies.z.astype(float)) == pytest.approx(10, rel=0.05)
    loose = pooled_rows(x, y)
    assert _design_effect(loose, loose.z.astype(float)) == 1
    apart = pooled_rows(rng.normal(size=(400, 4)), rng.normal(size=(300, 4)), *order)
    assert _design_effect(apart, apart.z.astype(float)) == pytest.approx(1, abs=0.35)


def test_a_divergence_of_few_sequences_is_not_inflated():
    """Sequences of ten like frames: the population's 8 lies in most intervals' middle."""
    rng, values = np.random.default_rng(9), []
    for seed in range(6):
        sides = []
        for count, shift in ((16, 0.0), (12, 1.0)):
            rows = rng.standard_normal((count, 10, 8))
            for i in range(1, 10):
                rows[:, i] = 0.6 * rows[:, i] + 0.8 * rows[:, i - 1]
            sides.append((rows.reshape(-1, 8) + shift, np.repeat(np.arange(count), 10)))
        (x, gx), (y, gy) = sides
        plan = {"permutations": 0, "bootstraps": 0, "floor_splits": 25, "ridge": 0.0, "seed": seed}
        values.append(measure(x, y, "kl_gaussian", groups_x=gx, groups_y=gy, **plan).value)
    assert np.mean(values) == pytest.approx(8, rel=0.2)
