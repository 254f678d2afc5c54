"""Maximum mean discrepancy, squared: how far apart two samples' mean embeddings lie.

Gretton et al., "A kernel two-sample test", JMLR 13 (2012), equation 3: the unbiased U-statistic
mean k(x, x') + mean k(y, y') - 2 mean k(x, y). It may fall below zero when there is no gap.

Kernels: `rbf` exp(-|a-b|²/(2σ²)); `rbf_mixture`, the mean of three of them at σ·{½, 1, 2};
`linear` <a, b>; `polynomial` (<a, b>/d + 1)³, which makes this the kernel distance KID of
Binkowski et al. (ICLR 2018). Without `bandwidth`, σ² is half the median squared distance of
distinct pairs of the pooled sample (the median heuristic of the paper, sec. 8), from at most
2000 evenly spaced rows a side so that the larger side does not drown the smaller one. Where most
pairs are copies the median says nothing of the others: the mean of the pairs that differ is taken.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple, observed, pooled_rows
from isthmus.gap.pairs import Kernel, products, squared_distances, u_statistic, unresolved

KernelName = Literal["rbf", "rbf_mixture", "linear", "polynomial"]
KERNELS = ("rbf", "rbf_mixture", "linear", "polynomial")
BANDWIDTH_ROWS = 2000
DEGENERATE = 1e-3
COPIES = 1e-4
"""Share of the mean squared distance below which two rows count as copies of each other."""


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
    gaussian = kernel.startswith("rbf")
    if bandwidth is not None and not gaussian:
        raise ConfigError(f"bandwidth = {bandwidth}: the {kernel} kernel has none")
    if kernel != "polynomial" and (gamma, degree, coef0) != (None, 3, 1.0):
        raise ConfigError(
            f"gamma, degree and coef0 belong to the polynomial kernel; the {kernel} kernel takes "
            + ("bandwidth = sqrt(1 / (2 gamma))" if gaussian else "none of them")
        )
    if kernel == "linear":
        return _polynomial(rows.z, 1.0, 0.0, 1, rows.device), {"kernel": kernel}, ()
    if kernel == "polynomial":
        scale = 1.0 / rows.z.shape[1] if gamma is None else gamma
        # The one kernel that is not blind to a common shift: give the mean back.
        z = rows.z + rows.centre.astype(rows.z.dtype)
        settings = {"kernel": kernel, "degree": degree, "gamma": scale, "coef0": coef0}
        return _polynomial(z, scale, coef0, degree, rows.device), settings, ()
    if bandwidth is not None and not 0 < bandwidth < np.inf:
        raise ConfigError(
            f"bandwidth {bandwidth}; expected a finite number above 0 (or None: median heuristic)"
        )
    distances = _sampled_distances(rows)
    median, warnings = (float(bandwidth), ()) if bandwidth else _median_bandwidth(distances)
    warnings += _degeneracy(distances, median)
    settings = {"kernel": kernel, "bandwidth": median, "bandwidth_given": bandwidth is not None}
    make = _rbf if kernel == "rbf" else _rbf_mixture
    tile = make(rows.z, median, rows.device)
    return tile, settings, warnings


def median_bandwidth(rows: Rows) -> tuple[float, tuple[str, ...]]:
    """σ by the median heuristic, and a warning where most rows are copies of each other."""
    return _median_bandwidth(_sampled_distances(rows))


def _median_bandwidth(distances: Matrix) -> tuple[float, tuple[str, ...]]:
    median, apart = float(np.median(distances)), _apart(distances)
    if median > COPIES * distances.mean(dtype=np.float64):
        return float(np.sqrt(median / 2)), ()
    fallback = float(np.sqrt(apart.mean(dtype=np.float64) / 2)) if apart.size else 1.0
    return fallback, (
        "over half of all pairs of frames have identical features, or nearly so: the median "
        f"bandwidth sees nothing else; {fallback:.3g} (from the pairs that differ) is used instead",
    )


def _apart(distances: Matrix) -> Matrix:
    """Those squared distances that are not between copies."""
    result: Matrix = distances[distances > COPIES * distances.mean(dtype=np.float64)]
    return result


def _sampled_distances(rows: Rows) -> Matrix:
    """Squared distances of the distinct pairs among evenly spaced rows of both sides."""
    n, total = rows.rows_x, len(rows.unit)
    z = rows.z[np.concatenate([_spaced(0, n), _spaced(n, total)])]
    tile = squared_distances(z)(0, len(z), 0, len(z))
    tile[tile <= unresolved(z)[:, None]] = 0
    result: Matrix = tile[np.triu_indices(len(z), 1)]
    return result


def _spaced(start: int, stop: int) -> np.ndarray[Any, Any]:
    count = min(stop - start, BANDWIDTH_ROWS)
    return start + (np.arange(count) * (stop - start)) // count


def _degeneracy(distances: Matrix, bandwidth: float) -> tuple[str, ...]:
    """A warning where the kernel of rows that are no copies is nearly always 0, or nearly 1."""
    apart = _apart(distances)
    if not apart.size:
        return ()
    typical = float(np.median(apart)) / 2 / bandwidth / bandwidth
    if np.exp(-typical) < DEGENERATE:
        return (
            f"bandwidth {bandwidth:.3g} is far below the typical distance of two frames: the "
            "kernel sees every frame as unlike any other; leave it out for the median heuristic",
        )
    if typical < DEGENERATE:
        return (
            f"bandwidth {bandwidth:.3g} is far above the typical distance of two frames: the "
            "kernel sees only means; leave it out for the median heuristic",
        )
    return ()


def _rbf(z: Matrix, bandwidth: float, device: str) -> Kernel:
    distances = squared_distances(z, device)
    # Bounded, for widths whose square is no number: 0 times infinity is none either.
    factor = z.dtype.type(-min(0.5 / bandwidth / bandwidth, float(np.finfo(z.dtype).max)))

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        out = distances(i0, i1, j0, j1)
        with np.errstate(over="ignore"):  # exp(-inf) is the 0 that is meant
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
