"""Moments of shards merge into those of the whole, and give the metrics of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.gap.cmd import cmd
from isthmus.gap.coral import coral
from isthmus.gap.frechet import frechet
from isthmus.gap.kl_gaussian import kl_gaussian
from isthmus.gap.mmd import mmd
from isthmus.gap.sufficient import (
    SufficientMoments,
    cmd_distance,
    coral_distance,
    frechet_distance,
    gaussian_divergence,
    mean_distance,
    merged,
)


def pair(n=90, m=70, d=4, offset=0.0):
    rng = np.random.default_rng(1)
    x = rng.gamma(2.0, size=(n, d)) + offset
    return x, rng.gamma(2.4, size=(m, d)) + offset


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 89), max_size=5, unique=True), st.sampled_from([0.0, 1000.0]))
def test_any_cut_into_shards_gives_the_same_moments(cuts, offset):
    x, _ = pair(offset=offset)
    shards = np.split(x, sorted(cuts))
    whole = merged(SufficientMoments.of(shard) for shard in shards if len(shard))
    assert whole.count == len(x)
    np.testing.assert_allclose(whole.mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(whole.covariance, np.cov(x, rowvar=False), rtol=1e-7, atol=1e-10)
    centred = x - x.mean(axis=0)
    for k in (2, 3, 4, 5):
        np.testing.assert_allclose(
            whole.central(k), (centred**k).mean(axis=0), rtol=1e-6, atol=1e-9
        )


def test_metrics_of_moments_are_those_of_the_rows():
    x, y = pair()
    a = merged([SufficientMoments.of(x[:31]), SufficientMoments.of(x[31:])])
    b = SufficientMoments.of(y)
    assert frechet_distance(a, b) == pytest.approx(frechet(x, y), rel=1e-9)
    assert coral_distance(a, b) == pytest.approx(coral(x, y), rel=1e-9)
    assert gaussian_divergence(a, b) == pytest.approx(kl_gaussian(x, y), rel=1e-9)
    bounds = (0.0, 16.0)
    assert cmd_distance(a, b, bounds=bounds) == pytest.approx(cmd(x, y, bounds=bounds), rel=1e-9)
    assert mean_distance(a, b) == pytest.approx(mmd(x, y, kernel="linear"), rel=1e-9)


def test_float32_rows_far_from_zero_keep_their_digits():
    x, y = (rows.astype(np.float32) for rows in pair(2000, 1500, offset=1000.0))
    a, b = SufficientMoments.of(x), SufficientMoments.of(y)
    exact = frechet(x.astype(np.float64), y.astype(np.float64))
    assert frechet_distance(a, b) == pytest.approx(exact, rel=1e-4)


def test_a_file_brings_back_the_same_and_refuses_others(tmp_path):
    a = SufficientMoments.of(pair()[0])
    a.save(tmp_path / "a.npz")
    back = SufficientMoments.load(tmp_path / "a.npz")
    assert back.count == a.count
    np.testing.assert_array_equal(back.gram, a.gram)
    (tmp_path / "b.npz").write_bytes(b"not numpy")
    with pytest.raises(InputError, match=r"b\.npz"):
        SufficientMoments.load(tmp_path / "b.npz")
    with pytest.raises(InputError, match="no such file"):
        SufficientMoments.load(tmp_path / "c.npz")


def test_what_does_not_belong_together_is_refused():
    a = SufficientMoments.of(pair(d=4)[0])
    with pytest.raises(InputError, match="cannot be merged"):
        a.merge(SufficientMoments.of(pair(d=3)[0]))
    with pytest.raises(InputError, match="NaN"):
        SufficientMoments.of(np.array([[np.nan, 1.0]]))
    with pytest.raises(InputError, match="at least 2 rows"):
        _ = SufficientMoments.of(np.ones((1, 2))).covariance
    with pytest.raises(InputError, match="no moments"):
        merged([])
