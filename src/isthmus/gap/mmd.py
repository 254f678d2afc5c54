"""Maximum mean discrepancy, squared: how far apart two samples' mean embeddings lie.

Gretton et al., "A kernel two-sample test", JMLR 13 (2012), equation 3: the unbiased U-statistic
mean k(x, x') + mean k(y, y') - 2 mean k(x, y). It may fall below zero when there is no gap.

Kernels: `rbf` exp(-|a-b|²/(2σ²)); `rbf_mixture`, the mean of three of them at σ·{½, 1, 2};
`linear` <a, b>; `polynomial` (<a, b>/d + 1)³, which makes this the kernel distance KID of
Binkowski et al. (ICLR 2018). Without `bandwidth`, σ² is half the median squared distance of
distinct pairs of the pooled sample (the median heuristic of the paper, sec. 8), from at most
2000 evenly spaced rows a side so that the larger side does not drown the smaller one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple, observed, pooled_rows
from isthmus.gap.pairs import Kernel, products, squared_distances, u_statistic

KernelName = Literal["rbf", "rbf_mixture", "linear", "polynomial"]
KERNELS = ("rbf", "rbf_mixture", "linear", "polynomial")
BANDWIDTH_ROWS = 2000
DEGENERATE = 1e-3


def mmd(
    x: Matrix,
    y: Matrix,
    *,
    kernel: KernelName = "rbf",
    bandwidth: float | None = None,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> float:
    """MMD² of `x` (n, d) and `y` (m, d), unbiased; 0 in expectation for equal distributions.

    `bandwidth` is σ of the RBF kernels in the features' unit (None: median heuristic);
    `degree`, `gamma` (None: 1/d) and `coef0` shape the polynomial kernel.
    """
    rows = pooled_rows(*checked_pair(x, y))
    statistic = prepare(
        rows, kernel=kernel, bandwidth=bandwidth, degree=degree, gamma=gamma, coef0=coef0
    )
    return float(statistic.evaluate(*observed(rows))[0, 0])


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    kernel: KernelName = "rbf",
    bandwidth: float | None = None,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> Simple:
    """The resampled form; pairs of rows from one unit do not count (see `pairs`)."""
    del seed  # nothing here is drawn
    function, settings, warnings = kernel_of(
        rows, kernel, bandwidth=bandwidth, degree=degree, gamma=gamma, coef0=coef0
    )

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        return u_statistic(rows, function, wx, wy)

    return Simple(evaluate, settings=settings, warnings=warnings)


def kernel_of(
    rows: Rows,
    kernel: str,
    *,
    bandwidth: float | None = None,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> tuple[Kernel, dict[str, Any], tuple[str, ...]]:
    """The kernel's tile function over the pooled rows, its settings, and warnings."""
    if kernel not in KERNELS:
        raise ConfigError(f"kernel {kernel!r} is not known; choose one of {', '.join(KERNELS)}")
    if kernel == "linear":
        return _polynomial(rows.z, 1.0, 0.0, 1, rows.device), {"kernel": kernel}, ()
    if kernel == "polynomial":
        scale = 1.0 / rows.z.shape[1] if gamma is None else gamma
        # The one kernel that is not blind to a common shift: give the mean back.
        z = rows.z + rows.centre.astype(rows.z.dtype)
        settings = {"kernel": kernel, "degree": degree, "gamma": scale, "coef0": coef0}
        return _polynomial(z, scale, coef0, degree, rows.device), settings, ()
    if bandwidth is not None and not bandwidth > 0:
        raise ConfigError(f"bandwidth {bandwidth} must be above 0 (or None: median heuristic)")
    median, warnings = (bandwidth, ()) if bandwidth else median_bandwidth(rows)
    warnings += _degeneracy(rows, median)
    settings = {"kernel": kernel, "bandwidth": median, "bandwidth_given": bandwidth is not None}
    make = _rbf if kernel == "rbf" else _rbf_mixture
    tile = make(rows.z, median, rows.device)
    return tile, settings, warnings


def median_bandwidth(rows: Rows) -> tuple[float, tuple[str, ...]]:
    """σ by the median heuristic, and a warning where most rows are equal to each other."""
    distances = _sampled_distances(rows)
    median = float(np.median(distances))
    if median > 0:
        return float(np.sqrt(median / 2)), ()
    positive = distances[distances > 0]
    fallback = float(np.sqrt(positive.mean() / 2)) if positive.size else 1.0
    return fallback, (
        "over half of all pairs of frames have identical features: the median bandwidth is zero; "
        f"{fallback:.3g} (from the pairs that differ) is used instead",
    )


def _sampled_distances(rows: Rows) -> Matrix:
    """Squared distances of the distinct pairs among evenly spaced rows of both sides."""
    n, total = rows.rows_x, len(rows.unit)
    picked = np.concatenate([_spaced(0, n), _spaced(n, total)])
    sample = replace(rows, z=rows.z[picked])
    tile = squared_distances(sample.z)(0, len(picked), 0, len(picked))
    result: Matrix = tile[np.triu_indices(len(picked), 1)]
    return result


def _spaced(start: int, stop: int) -> np.ndarray[Any, Any]:
    count = min(stop - start, BANDWIDTH_ROWS)
    return start + (np.arange(count) * (stop - start)) // count


def _degeneracy(rows: Rows, bandwidth: float) -> tuple[str, ...]:
    typical = float(np.median(_sampled_distances(rows))) / (2 * bandwidth**2)
    if np.exp(-typical) < DEGENERATE:
        return (
            f"bandwidth {bandwidth:.3g} is far below the typical distance of two frames: the "
            "kernel sees every frame as unlike any other; leave it out for the median heuristic",
        )
    if 0 < typical < DEGENERATE:
        return (
            f"bandwidth {bandwidth:.3g} is far above the typical distance of two frames: the "
            "kernel sees only means; leave it out for the median heuristic",
        )
    return ()


def _rbf(z: Matrix, bandwidth: float, device: str) -> Kernel:
    distances = squared_distances(z, device)
    factor = z.dtype.type(-0.5 / bandwidth**2)

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        out = distances(i0, i1, j0, j1)
        out *= factor
        return np.exp(out, out=out)

    return tile


def _rbf_mixture(z: Matrix, bandwidth: float, device: str) -> Kernel:
    widest = _rbf(z, 2 * bandwidth, device)

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        # exp(-t/4) to the 4th and 16th power are the kernels of half and a quarter the width.
        wide = widest(i0, i1, j0, j1)
        middle = np.square(np.square(wide))
        narrow = np.square(np.square(middle))
        result: Matrix = (wide + middle + narrow) / 3
        return result

    return tile


def _polynomial(z: Matrix, gamma: float, coef0: float, degree: int, device: str) -> Kernel:
    product = products(z, device)

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        out: Matrix = product(i0, i1, j0, j1)
        out *= z.dtype.type(gamma)
        out += z.dtype.type(coef0)
        result: Matrix = out.copy()
        for _ in range(degree - 1):
            result *= out
        return result

    return tile


METRIC = Metric(
    name="mmd",
    label="Maximum mean discrepancy (squared)",
    estimator="unbiased U-statistic over pairs from different units",
    biased=False,
    distance=mmd,
    prepare=prepare,
)
