"""Central moment discrepancy: differences of the mean and of the central moments up to order K.

Zellinger et al., "Central moment discrepancy (CMD) for domain-invariant representation
learning", ICLR 2017, definition 2: for features in [a, b]^d

    CMD_K = |E x - E y| / |b - a| + sum over k = 2..K of |c_k(x) - c_k(y)| / |b - a|^k

with c_k the vector of k-th central moments. There is no division by K. The bounds belong to the
definition: give them where the activation has them (sigmoid: 0, 1), so that values of different
runs can be compared. Without, they are the pooled sample's extremes, and a warning says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, unit_sums
from isthmus.gap.weightings import Weightings

ORDER = 5
VALUES_AT_ONCE = 1 << 23


def cmd(
    x: Matrix, y: Matrix, *, order: int = ORDER, bounds: Sequence[float] | None = None
) -> float:
    """CMD_K of `x` (n, d) and `y` (m, d): no unit, 0 for samples with equal moments.

    `bounds` (a, b) with a < b; None takes the smallest and largest pooled value.
    """
    left, right = checked_pair(x, y)
    low = float(min(left.min(), right.min()))
    high = float(max(left.max(), right.max()))
    width, _, _ = _width(order, bounds, low, high)
    moments = zip(_moments(left, order, width), _moments(right, order, width), strict=True)
    return float(sum(np.linalg.norm(a - b) for a, b in moments))


def _moments(x: Matrix, order: int, width: float) -> Floats:
    """Mean and central moments 2..K over `width`^k, (K, d), in float64 by blocks of columns."""
    out = np.empty((order, x.shape[1]))
    step = max(1, VALUES_AT_ONCE // len(x))
    for start in range(0, x.shape[1], step):
        block = x[:, start : start + step].astype(np.float64)
        mean = block.mean(axis=0)
        out[0, start : start + step] = mean / width
        block -= mean
        block /= width
        power = block.copy()
        for k in range(1, order):
            power *= block
            out[k, start : start + step] = power.mean(axis=0)
    return out


def prepare(
    rows: Rows, *, seed: int = 0, order: int = ORDER, bounds: Sequence[float] | None = None
) -> CmdStatistic:
    """The resampled form, from sums of powers by unit."""
    del seed  # nothing here is drawn
    low = float((rows.z.min(axis=0) + rows.centre).min())
    high = float((rows.z.max(axis=0) + rows.centre).max())
    width, settings, warnings = _width(order, bounds, low, high)
    return CmdStatistic(rows, order, width, settings, warnings)


@dataclass(frozen=True)
class CmdStatistic:
    """Squared norms of the moments' differences for many weightings."""

    rows: Rows
    order: int
    width: float
    settings: dict[str, Any]
    warnings: tuple[str, ...]
    stretch: float = 1.0

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        """(r, K): |difference of the k-th moment|², where a finite sample's bias is additive."""
        out = np.zeros((len(wx), self.order))
        count, d = self.rows.z.shape
        step = max(1, VALUES_AT_ONCE // (count * 2 + 2 * len(wx) * self.order))
        weightings = Weightings(self.rows, wx, wy, np.float64)
        totals = [(w @ self.rows.sizes)[:, None] for w in (wx, wy)]
        for start in range(0, d, step):
            z = self.rows.z[:, start : start + step].astype(np.float64) / self.width
            raw = _raw_moments(self.rows, z, weightings, totals, self.order)
            left, right = (_central(moments) for moments in raw)
            out += np.square(left - right).sum(axis=2).T
        return out

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        """None: `evaluate` shows the spread."""

    def combine(self, components: Floats) -> Floats:
        """The sum of the norms; never below zero.

        A bias-free square may be negative. Its signed root lets noise in one order balance noise
        in another; dropping it would add up the positive halves of all orders' noise.
        """
        roots = np.sign(components) * np.sqrt(np.abs(components))
        result: Floats = np.maximum(roots.sum(axis=-1), 0)
        return result


def _raw_moments(
    rows: Rows, z: Floats, weightings: Weightings, totals: list[Floats], order: int
) -> tuple[list[Floats], list[Floats]]:
    """Moments about zero 0..K, each (r, k), of `z` (rows, k) under each weighting of x and of y."""
    ones = np.ones((weightings.count, z.shape[1]))
    left, right = [ones], [ones]
    power = z
    for k in range(order):
        power = power * z if k else z
        sums = weightings.sums(unit_sums(rows, power, 0, len(z))[2])
        left.append(sums[0] / totals[0])
        right.append(sums[1] / totals[1])
    return left, right


def _central(raw: list[Floats]) -> Floats:
    """(K, r, k): mean and central moments from moments about zero.

    Rows are centred on the pooled mean and at most one wide, so the binomial sum loses no digits.
    """
    order = len(raw) - 1
    out = np.empty((order, *raw[1].shape))
    out[0] = raw[1]
    minus = -raw[1]
    for k in range(2, order + 1):
        # Horner's scheme in the mean: fewer passes than powers.
        total = np.ones_like(minus)
        for j in range(1, k + 1):
            total = total * minus + math.comb(k, j) * raw[j]
        out[k - 1] = total
    return out


def _width(
    order: int, bounds: Sequence[float] | None, low: float, high: float
) -> tuple[float, dict[str, Any], tuple[str, ...]]:
    if order < 1:
        raise ConfigError(f"CMD of order {order}; the order must be at least 1")
    warnings: tuple[str, ...] = ()
    if bounds is None:
        a, b = low, high
        warnings = (
            f"CMD bounds taken from the pooled sample ({low:.4g} to {high:.4g}): values of other "
            "samples are comparable only with the same bounds, set by `bounds`",
        )
    else:
        if len(bounds) != 2 or not bounds[0] < bounds[1]:
            raise ConfigError(f"CMD bounds {tuple(bounds)}; expected (a, b) with a < b")
        a, b = float(bounds[0]), float(bounds[1])
        if low < a or high > b:
            warnings = (
                f"features reach from {low:.4g} to {high:.4g}, beyond the CMD bounds ({a}, {b}): "
                "the discrepancy is not bounded as its definition promises",
            )
    settings = {"order": order, "bounds": [a, b], "bounds_given": bounds is not None}
    return (b - a) or 1.0, settings, warnings


METRIC = Metric(
    name="cmd",
    label="Central moment discrepancy",
    estimator="Zellinger's sum of norms, finite-sample bias removed from each squared norm",
    biased=True,
    distance=cmd,
    prepare=prepare,
)
