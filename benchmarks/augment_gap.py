"""The gap of `augment.py` between frames that show the same scenes: MMD² without the pairs."""

from __future__ import annotations

import numpy as np


def paired_mmd2(x: np.ndarray, y: np.ndarray, bandwidth: float) -> float:
    """Unbiased MMD² of x (n, d) and y (n, d), row k of both of one scene, by a Gaussian kernel.

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, Lemma 6: pairs do not count. The frames
    of a pair are alike because of their scene; were they counted, every gap would come out too
    small, and a small one below 0.
    """
    if x.shape != y.shape:
        raise ValueError(f"{x.shape}, {y.shape}: pairs are needed")
    rows = np.concatenate([x, y]).astype(np.float64)
    square = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    kernel = np.exp(-square / (2 * bandwidth**2))
    n = len(x)
    terms = kernel[:n, :n] + kernel[n:, n:] - kernel[:n, n:] - kernel[n:, :n]
    np.fill_diagonal(terms, 0)
    return float(terms.sum() / (n * (n - 1)))
