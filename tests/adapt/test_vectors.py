"""Classifiers of feature vectors under a shift: formulas, and that adapting beats not adapting."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.adapt.vectors.coral import recoloured
from isthmus.adapt.vectors.joint import mmd_matrix
from isthmus.adapt.vectors.method import VECTOR_METHODS, classify, nearest_neighbour, principal
from isthmus.adapt.vectors.self_training import clusters_around, locality_projection, surest
from isthmus.errors import ConfigError, InputError


def domains(seed=0, classes=3, count=40):
    """Clusters in six dimensions; the target is the source turned and moved."""
    rng = np.random.default_rng(seed)
    centres = 3.0 * rng.standard_normal((classes, 6))
    labels = np.repeat(np.arange(classes), count)
    source, target = (centres[labels] + rng.standard_normal((len(labels), 6)) for _ in range(2))
    angle = 0.9
    turn = np.eye(6)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return source, labels, target @ turn + 1.5, labels


def accuracy(method, seed=0, **more):
    source, labels, target, truth = domains(seed, **more)
    return float((classify(method, source, labels, target) == truth).mean())


@pytest.mark.parametrize("method", sorted(VECTOR_METHODS))
def test_every_method_predicts_classes_of_the_source_and_is_seeded(method):
    source, labels, target, _ = domains()
    found = classify(method, source, labels + 5, target, seed=3)
    assert set(found) <= {5, 6, 7}, "labels need not begin at 0"
    assert np.array_equal(found, classify(method, source, labels + 5, target, seed=3))


@pytest.mark.parametrize("method", ["mmd", "self_training"])
def test_adapting_beats_not_adapting_on_a_turned_target(method):
    plain = np.mean([accuracy("source_only", seed) for seed in range(4)])
    adapted = np.mean([accuracy(method, seed) for seed in range(4)])
    assert adapted > plain + 0.02


def test_recoloured_rows_have_the_targets_covariance():
    source, _, target, _ = domains()
    moved = recoloured(source, target, ridge=1e-9)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(target.T), rtol=1e-4, atol=1e-4)


def test_the_mmd_matrix_is_the_squared_distance_of_means():
    source, labels, target, truth = domains()
    rows = np.concatenate([source, target])
    matrix = mmd_matrix(labels, None, len(target), 3)
    expected = ((source.mean(0) - target.mean(0)) ** 2).sum()
    value = np.trace(rows.T @ matrix @ rows)
    n, m = len(source), len(target)
    # the matrix has unit norm; that of the outer product is (1/n + 1/m)
    assert value * (1 / n + 1 / m) == pytest.approx(expected)
    by_class = mmd_matrix(labels, truth, len(target), 3)
    assert np.linalg.norm(by_class) == pytest.approx(1)
    assert np.abs(by_class.sum(1)).max() < 1e-12, "a common shift costs nothing"


def test_the_projection_brings_classes_together():
    source, labels, _, _ = domains()
    projected = source @ locality_projection(source, labels, 2)

    def ratio(x):
        within = np.mean([x[labels == k].var(0).sum() for k in range(3)])
        return x.var(0).sum() / within

    assert ratio(projected) > ratio(source)


def test_of_every_class_the_surest_share_is_chosen():
    likely = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45], [0.3, 0.7], [0.2, 0.8]])
    assert surest(likely, 0.5).tolist() == [True, True, False, False, False, True]
    assert surest(likely, 1.0).all()


def test_clusters_keep_an_empty_one():
    rows = np.array([[0.0], [0.2], [5.0], [5.2]])
    found = clusters_around(rows, np.array([[0.0], [4.0], [90.0]]))
    np.testing.assert_allclose(found, [[0.1], [5.1], [90.0]])


def test_helpers():
    rows = np.array([[0.0, 0], [1, 0], [0, 2]])
    assert nearest_neighbour(rows, np.array([4, 5, 6]), np.array([[0.9, 0.2]])).tolist() == [5]
    a, b = principal(rows, rows + 1, 10)
    assert a.shape == b.shape == (3, 2)


def test_wrong_input_is_named():
    source, labels, target, _ = domains()
    with pytest.raises(ConfigError, match="svm"):
        classify("svm", source, labels, target)
    with pytest.raises(InputError, match="do not fit"):
        classify("coral", source, labels[:-1], target)
    with pytest.raises(InputError, match="rows of the target are not finite"):
        classify("coral", source, labels, np.where(target > 3, np.nan, target))
    with pytest.raises(InputError, match="two or more classes"):
        classify("coral", source, labels * 0, target)


@pytest.mark.parametrize("method", sorted(VECTOR_METHODS))
def test_a_feature_that_never_moves_in_the_source_does_not_drown_the_others(method):
    source, labels, target, truth = domains()
    noise = np.random.default_rng(9).standard_normal((len(target), 1))
    still = np.concatenate([source, np.zeros((len(source), 1))], axis=1)
    moving = np.concatenate([target, 0.3 * noise], axis=1)
    found = classify(method, still, labels, moving)
    plain = (classify(method, source, labels, target) == truth).mean()
    assert (found == truth).mean() >= plain - 0.1
