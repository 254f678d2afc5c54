"""Many tests at once: p-values that stay honest when the largest of many results is looked at.

False discovery rate: Benjamini & Hochberg, "Controlling the false discovery rate", J. R. Statist.
Soc. B 57 (1995). An adjusted value q ≤ 0.05 means: among all results called so, at most 5 % are
expected to be chance (independent or positively dependent tests, Benjamini & Yekutieli 2001).

Familywise error: Westfall & Young, "Resampling-based multiple testing" (1993), single step. A
result is compared with the *largest* of all results in each permutation: with p ≤ 0.05 the chance
that any of them is called so without cause is 5 %, whatever they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isthmus.errors import InputError
from isthmus.gap.metric import Floats

ROUNDING = 1e-9


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values q in [0, 1], in the order given; None (no test made) stays None.

    q of the i-th smallest of k is the smallest p_j k / j over j ≥ i. Calling all with q ≤ α is
    Benjamini and Hochberg's procedure at level α.

    Raises:
        InputError: a p-value outside [0, 1].
    """
    known = np.array([p for p in p_values if p is not None], dtype=np.float64)
    if not ((known >= 0) & (known <= 1)).all():
        raise InputError("p-values must lie between 0 and 1")
    order = np.argsort(known, kind="stable")
    k = len(known)
    steps = known[order] * k / np.arange(1, k + 1)
    adjusted = np.empty(k)
    adjusted[order] = np.minimum.accumulate(steps[::-1])[::-1]
    found = iter(np.minimum(adjusted, 1).tolist())
    return [None if p is None else next(found) for p in p_values]


def largest_of_all(observed: npt.ArrayLike, permuted: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Familywise p-values (k,) by the largest standardised result, and the results so standardised.

    `observed` (k,), `permuted` (b, k). Each column is centred on its mean over permutations and
    divided by its deviation over them, so that no column decides for all by its scale alone; a
    column that never varies gets 0 and p = 1. p = (1 + count of permutations whose largest value
    reaches the observed one) / (b + 1).
    """
    seen, drawn = np.asarray(observed, np.float64), np.asarray(permuted, np.float64)
    centre, spread = drawn.mean(axis=0), drawn.std(axis=0)
    flat = ~(spread > ROUNDING * np.maximum(np.abs(drawn).max(axis=0), np.abs(seen)))
    safe = np.where(flat, 1.0, spread)
    scores = np.where(flat, 0.0, (seen - centre) / safe)
    largest = np.where(flat, -np.inf, (drawn - centre) / safe).max(axis=1)
    reached = (largest[:, None] >= scores[None] - ROUNDING).sum(axis=0)
    p_values: Floats = np.where(flat, 1.0, (reached + 1) / (len(drawn) + 1))
    return p_values, scores
