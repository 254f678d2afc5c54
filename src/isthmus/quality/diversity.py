"""How diverse a set is: indices of what was observed, and the Vendi score of features.

Indices take counts of kinds (classes, attribute values, groups of near duplicates):

    richness        kinds observed, S
    simpson         chance that two drawn without return are of one kind, sum n_i (n_i - 1) over
                    N (N - 1) (Simpson, "Measurement of diversity", Nature 163, 1949, unbiased form)
    gini_simpson    1 - simpson
    shannon         entropy of the observed shares, nats (Shannon 1948)
    evenness        shannon / ln S (Pielou 1966): 1 if all kinds are equally frequent

The Vendi score (Friedman & Dieng, "The Vendi score: a diversity evaluation metric for machine
learning", TMLR 2023) is the exponential entropy of the eigenvalues of K / n, with K the cosine
similarities of n feature vectors: the effective number of different frames. The eigenvalues that
are not zero are those of the d × d Gram matrix, so that the cost is n d² and not n³.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError

Counts = NDArray[np.int64]
Matrix = NDArray[np.float32]
ROWS_AT_ONCE = 65_536


def richness(counts: Counts) -> float:
    """Number of kinds with a count above 0."""
    return float((counts > 0).sum())


def simpson(counts: Counts) -> float:
    """Chance that two drawn without return are of one kind, [0, 1]; 1 for fewer than two."""
    total = int(counts.sum())
    if total < 2:
        return 1.0
    return float((counts * (counts - 1)).sum()) / (total * (total - 1))


def gini_simpson(counts: Counts) -> float:
    """Chance that two drawn without return are of different kinds, [0, 1]."""
    return 1.0 - simpson(counts)


def shannon(counts: Counts) -> float:
    """Entropy of the observed shares in nats: from 0 to ln S."""
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(max(0.0, -(shares * np.log(shares)).sum()))


def evenness(counts: Counts) -> float:
    """Entropy over its largest value for as many kinds, [0, 1]; 1 for one kind."""
    kinds = richness(counts)
    return shannon(counts) / math.log(kinds) if kinds > 1 else 1.0


INDICES: Mapping[str, Callable[[Counts], float]] = MappingProxyType(
    {
        "richness": richness,
        "simpson": simpson,
        "gini_simpson": gini_simpson,
        "shannon": shannon,
        "evenness": evenness,
    }
)
"""Name → index of counts (k,)."""


def diversity(counts: Mapping[str, int] | Counts) -> dict[str, float]:
    """Every index of `INDICES` for the counts of kinds.

    Raises:
        InputError: a count below 0.
    """
    values = list(counts.values()) if isinstance(counts, Mapping) else counts
    numbers = np.asarray(values, dtype=np.int64)
    if (numbers < 0).any():
        raise InputError("diversity: counts are numbers from 0")
    return {name: index(numbers) for name, index in INDICES.items()}


def vendi(features: Matrix, *, order: float = 1.0) -> float:
    """Effective number of different rows of `features` (n, d), from 1 to n.

    Args:
        features: finite; rows of length 0 count as unlike all others.
        order: q of the Rényi entropy of the eigenvalues (Pasarkar & Dieng 2024): 1 is Shannon's,
            larger ones look at what is frequent alone.

    Raises:
        InputError: no rows, values that are not finite, or an order not above 0.
    """
    if features.ndim != 2 or not len(features):
        raise InputError(f"vendi: features of shape {features.shape}; expected (n, d) with n ≥ 1")
    if not np.isfinite(features).all():
        raise InputError("vendi: features that are not finite numbers")
    if not order > 0:
        raise InputError(f"vendi: order {order}; expected a number above 0")
    n, d = features.shape
    if d <= n:
        gram = np.zeros((d, d))
        for start in range(0, n, ROWS_AT_ONCE):
            part = _unit_rows(features[start : start + ROWS_AT_ONCE])
            gram += part.T @ part
    else:
        unit = _unit_rows(features)
        gram = unit @ unit.T
    empty = int((np.linalg.norm(features, axis=1) == 0).sum())
    shares = np.maximum(np.linalg.eigvalsh(gram), 0) / n
    shares = np.concatenate([shares[shares > 1e-12], np.full(empty, 1 / n)])
    shares /= shares.sum()
    if order == 1.0:
        return float(np.exp(-(shares * np.log(shares)).sum()))
    if math.isinf(order):
        return float(1 / shares.max())
    return float((shares**order).sum() ** (1 / (1 - order)))


def _unit_rows(rows: Matrix) -> NDArray[np.float64]:
    wide = rows.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(length > 0, length, 1))
