"""How sure a share is, and how many frames of a video are worth how many independent looks.

Frames of a drive resemble their neighbours: 300 frames of one street are not 300 independent
looks at the world. A share therefore gets Wilson's interval (E. B. Wilson, 1927) with the
*effective* number of frames: the number divided by the autocorrelation time of what was
measured along the sequences (initial positive sequence, Geyer 1992).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Z95 = 1.959963984540054


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share of `n` independent observations (`n` need not be whole)."""
    if n <= 0:
        return 0.0, 1.0
    spread = Z95 * Z95 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    low = 0.0 if share <= 0 else max(0.0, middle - half)
    high = 1.0 if share >= 1 else min(1.0, middle + half)
    return low, high


def effective_number(columns: Iterable[Column], sequences: Sequence[str]) -> float:
    """Number of independent frames that these are worth, from 1 to their number.

    Each column (n,) that varies gives an autocorrelation time over the sequences; their median
    counts. Deviations are from the mean over all sequences, so that drives that differ as
    wholes count for little more than their number.
    """
    times = [autocorrelation_time(c, sequences) for c in columns if np.ptp(c) > 0]
    n = float(len(sequences))
    return min(n, max(1.0, n / float(np.median(times)))) if times else n


def autocorrelation_time(values: Column, sequences: Sequence[str]) -> float:
    """1 + 2 × the sum of autocorrelations, at least 1; neighbours only within a sequence."""
    deviations = values - values.mean()
    parts = [deviations[rows] for rows in _rows_of(sequences).values()]
    total = float((deviations**2).sum())
    if total == 0:
        return 1.0
    longest = max(len(part) for part in parts)
    sum_of_pairs = 0.0
    for lag in range(0, longest, 2):
        pair = sum(_product(part, lag) + _product(part, lag + 1) for part in parts) / total
        if pair <= 0:
            break
        sum_of_pairs += pair
    # Pairs start with lag 0, whose correlation is 1: 1 + 2 Σ_{k>0} = 2 Σ_{k>=0} - 1.
    return max(1.0, 2 * sum_of_pairs - 1)


def _product(part: Column, lag: int) -> float:
    return float((part[lag:] * part[: len(part) - lag]).sum()) if lag < len(part) else 0.0


def _rows_of(sequences: Sequence[str]) -> Mapping[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(sequences):
        rows.setdefault(name, []).append(row)
    return rows
