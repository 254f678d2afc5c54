"""What a method for feature vectors is, their registry, and the one way to call them."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np

from isthmus.errors import ConfigError, InputError


class VectorMethod(Protocol):
    """One method, with its settings.

    Attributes: `label`, for people.
    """

    label: str

    def predict(
        self, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int
    ) -> np.ndarray:
        """Class of each target row; see `classify`."""
        ...


VECTOR_METHODS: dict[str, str] = {
    "source_only": "source_only:SourceOnly",
    "coral": "coral:Coral",
    "mmd": "joint:JointDistributions",
    "dann": "dann:AdversarialClassifier",
    "self_training": "self_training:SelfTraining",
}
"""Name → module in this folder and class."""


def classify(
    method: str, source: np.ndarray, labels: np.ndarray, target: np.ndarray, *, seed: int = 0
) -> np.ndarray:
    """Classes of target rows, from labelled source rows and the target rows themselves.

    Args:
        method: a name in `VECTOR_METHODS`.
        source: (n, d) features, finite.
        labels: (n,) classes as integers from 0.
        target: (m, d) features, finite.
        seed: decides all that is drawn.

    Returns:
        int64 (m,).

    Raises:
        ConfigError: unknown method.
        InputError: shapes that do not fit, values that are not finite, fewer than two classes.
    """
    if method not in VECTOR_METHODS:
        raise ConfigError(f"method {method!r}: unknown; there is {', '.join(VECTOR_METHODS)}")
    source, target = np.asarray(source, float), np.asarray(target, float)
    labels = np.asarray(labels, np.int64)
    fits = source.ndim == target.ndim == 2 and source.shape[1] == target.shape[1]
    if not fits or labels.shape != source.shape[:1] or not len(target):
        raise InputError(
            f"{method}: source {source.shape}, labels {labels.shape} and target {target.shape} "
            "do not fit; (n, d), (n,) and (m, d) are expected"
        )
    for name, rows in (("source", source), ("target", target)):
        bad = np.flatnonzero(~np.isfinite(rows).all(1))
        if len(bad):
            raise InputError(f"{method}: {len(bad)} rows of the {name} are not finite: {bad[:5]}")
    if labels.min() < 0 or len(np.unique(labels)) < 2:
        raise InputError(f"{method}: two or more classes from 0 are needed in the source")
    module, kind = VECTOR_METHODS[method].split(":")
    chosen: VectorMethod = getattr(importlib.import_module(f"{__package__}.{module}"), kind)()
    # Classes that the source lacks are left out of the counting, and put back at the end.
    names, compact = np.unique(labels, return_inverse=True)
    found = chosen.predict(source, compact, target, seed=seed)
    return np.asarray(names[found], np.int64)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def principal(
    source: np.ndarray, target: np.ndarray, dimensions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both sets on their common principal axes, at most `dimensions` of them."""
    rows = np.concatenate([source, target])
    mean = rows.mean(0)
    _, values, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = axes[: min(dimensions, int((values > 1e-9 * values[0]).sum()))].T
    return (source - mean) @ kept, (target - mean) @ kept


def nearest_neighbour(rows: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Class of the nearest row for each of `others` (Euclidean)."""
    squared = (rows**2).sum(1)[None] - 2 * others @ rows.T
    return np.asarray(labels[squared.argmin(1)])
