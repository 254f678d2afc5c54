"""Indices and the Vendi score: closed forms and invariants."""

import math

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.quality.diversity import INDICES, diversity, vendi


def test_indices_of_equal_kinds():
    found = diversity({"a": 25, "b": 25, "c": 25, "d": 25})
    assert set(found) == set(INDICES)
    assert found["richness"] == 4
    assert found["shannon"] == pytest.approx(math.log(4))
    assert found["evenness"] == pytest.approx(1)
    assert found["simpson"] == pytest.approx(24 / 99)  # the second is one of 24 of 99
    assert found["gini_simpson"] == pytest.approx(75 / 99)


def test_indices_of_the_observed_and_not_of_what_was_expected():
    nearly_all_one = diversity({"a": 99, "b": 1})
    assert nearly_all_one["shannon"] == pytest.approx(0.056, abs=1e-3)
    assert diversity({"a": 100, "b": 0}) == {
        "richness": 1, "simpson": 1, "gini_simpson": 0, "shannon": 0, "evenness": 1
    }  # fmt: skip
    assert diversity({})["simpson"] == 1


def test_simpson_is_unbiased():
    rng = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.2])
    found = [diversity(rng.multinomial(6, shares))["simpson"] for _ in range(4000)]
    assert np.mean(found) == pytest.approx(float((shares**2).sum()), abs=0.012)


def test_counts_below_zero_are_refused():
    with pytest.raises(InputError, match="from 0"):
        diversity({"a": -1})


def test_vendi_counts_what_is_different():
    kinds = np.eye(5, dtype=np.float32)
    assert vendi(kinds) == pytest.approx(5)
    assert vendi(np.repeat(kinds, 7, axis=0)) == pytest.approx(5)
    assert vendi(np.ones((9, 3), np.float32)) == pytest.approx(1)
    shares = np.array([0.7, 0.2, 0.1])
    rows = np.repeat(np.eye(3, dtype=np.float32), [70, 20, 10], axis=0)
    assert vendi(rows) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    assert vendi(rows, order=2) == pytest.approx(1 / (shares**2).sum())
    assert vendi(rows, order=math.inf) == pytest.approx(1 / 0.7)


def test_vendi_from_the_small_gram_matrix_is_that_of_the_kernel():
    rows = np.random.default_rng(1).normal(size=(60, 8)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    values = np.linalg.eigvalsh((unit @ unit.T).astype(np.float64) / 60)
    values = values[values > 1e-9]
    assert vendi(rows) == pytest.approx(float(np.exp(-(values * np.log(values)).sum())), rel=1e-4)
    wide = np.random.default_rng(2).normal(size=(8, 60)).astype(np.float32)
    assert vendi(wide) == pytest.approx(vendi(np.pad(wide, ((0, 0), (0, 5)))), rel=1e-6)


def test_vendi_refuses_what_it_cannot_judge():
    with pytest.raises(InputError, match="not finite"):
        vendi(np.array([[np.nan, 1]], np.float32))
    with pytest.raises(InputError, match="expected"):
        vendi(np.zeros((0, 3), np.float32))
    with pytest.raises(InputError, match="order"):
        vendi(np.ones((2, 2), np.float32), order=0)
