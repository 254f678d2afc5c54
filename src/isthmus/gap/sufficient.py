"""Statistics that merge: what shards and slices must keep so that no frame is read twice.

Count, mean, second moments and power sums of one shard, kept about a pilot value so that large
offsets cost no digits, add up to those of all shards together (Chan, Golub & LeVeque, "Updating
formulae and a pairwise algorithm for computing sample variances", 1979). Everything that is a
function of moments — Fréchet, CORAL, Gaussian divergence, CMD, the difference of means — then
follows for any union of shards or slices without their rows. Metrics of pairs and of order
statistics (MMD, Wasserstein, neighbours) need rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.files import atomic_path
from isthmus.gap.coral import coral_of
from isthmus.gap.estimate import Matrix, checked
from isthmus.gap.frechet import frechet_of
from isthmus.gap.kl_gaussian import RIDGE, jeffreys
from isthmus.gap.metric import Floats

ORDER = 5
PILOT_ROWS = 256
ROWS_AT_ONCE = 4096
SCHEMA = "isthmus.moments/1"


@dataclass(frozen=True)
class SufficientMoments:
    """Sums over rows, in float64, about `pilot`.

    Attributes:
        count: rows.
        pilot: (d,) what is subtracted from each row first.
        powers: (K, d) sums of (x - pilot)^k for k = 1..K, feature by feature.
        gram: (d, d) sum of (x - pilot)(x - pilot)ᵀ.
    """

    count: int
    pilot: Floats
    powers: Floats
    gram: Floats

    @classmethod
    def of(cls, x: Matrix, *, order: int = ORDER, pilot: Floats | None = None) -> SufficientMoments:
        """Of the rows of `x` (n, d), n ≥ 1; float32 products, float64 sums.

        `pilot` (d,): shards that share one merge without re-expansion; by default the mean of
        the first rows.

        Raises:
            InputError: not a finite matrix.
        """
        rows = checked(x, "x", least=1)
        start = rows[:PILOT_ROWS].mean(axis=0, dtype=np.float64) if pilot is None else pilot
        # Exactly what is subtracted from rows of this type.
        start = np.asarray(start, dtype=rows.dtype)
        d = rows.shape[1]
        powers, gram = np.zeros((order, d)), np.zeros((d, d))
        for first in range(0, len(rows), ROWS_AT_ONCE):
            z = rows[first : first + ROWS_AT_ONCE] - start
            gram += z.T @ z
            power = z.astype(np.float64)
            for k in range(order):
                powers[k] += power.sum(axis=0)
                if k + 1 < order:
                    power *= z
        return cls(len(rows), start.astype(np.float64), powers, gram)

    @property
    def order(self) -> int:
        """Highest power kept."""
        return len(self.powers)

    @property
    def mean(self) -> Floats:
        """(d,)."""
        return np.asarray(self.pilot + self.powers[0] / self.count)

    @property
    def covariance(self) -> Floats:
        """(d, d), over n - 1."""
        if self.count < 2:
            raise InputError(f"a covariance needs at least 2 rows; there are {self.count}")
        first = self.powers[0]
        result: Floats = (self.gram - np.outer(first, first) / self.count) / (self.count - 1)
        return result

    def central(self, order: int) -> Floats:
        """Central moment of `order` ≥ 2 of each feature, (d,)."""
        if not 2 <= order <= self.order:
            raise InputError(f"central moment {order}; moments 2 to {self.order} are kept")
        shifted = _about(self, self.mean)
        result: Floats = shifted[order - 1] / self.count
        return result

    def merge(self, other: SufficientMoments) -> SufficientMoments:
        """Of both samples together.

        Raises:
            InputError: they differ in features or in the powers kept.
        """
        if self.powers.shape != other.powers.shape:
            raise InputError(
                f"moments of {self.powers.shape[1]} features to order {self.order} cannot be "
                f"merged with {other.powers.shape[1]} features to order {other.order}"
            )
        step = other.pilot - self.pilot
        first = other.powers[0]
        # (x - p) = (x - q) + step for the other's pilot q.
        gram = other.gram + np.outer(first, step) + np.outer(step, first)
        gram += other.count * np.outer(step, step)
        powers = _about(other, self.pilot)
        return SufficientMoments(
            self.count + other.count, self.pilot, self.powers + powers, self.gram + gram
        )

    def save(self, path: Path | str) -> None:
        """Write to `path` (.npz), atomically."""
        with atomic_path(Path(path)) as temporary, temporary.open("wb") as handle:
            np.savez(
                handle,
                schema=np.array(SCHEMA),
                count=np.array(self.count),
                pilot=self.pilot,
                powers=self.powers,
                gram=self.gram,
            )

    @classmethod
    def load(cls, path: Path | str) -> SufficientMoments:
        """Read what `save` wrote.

        Raises:
            InputError: missing, damaged, or something else.
        """
        try:
            with Path(path).open("rb") as handle, np.load(handle, allow_pickle=False) as content:
                if str(content["schema"]) != SCHEMA:
                    raise ValueError(f"schema {content['schema']}, expected {SCHEMA}")
                found = cls(
                    int(content["count"]),
                    *(content[k].astype(float) for k in ("pilot", "powers", "gram")),
                )
            d = len(found.pilot)
            if found.powers.shape[1:] != (d,) or found.gram.shape != (d, d) or found.count < 1:
                raise ValueError("shapes do not agree")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file of moments") from None
        except Exception as error:
            raise InputError(f"{path}: not a readable file of moments ({error})") from error
        return found


def merged(parts: Iterable[SufficientMoments]) -> SufficientMoments:
    """Of all parts together; at least one."""
    listed = list(parts)
    if not listed:
        raise InputError("no moments to merge")
    return reduce(SufficientMoments.merge, listed)


def mean_distance(x: SufficientMoments, y: SufficientMoments) -> float:
    """|difference of means|², less its expectation without a gap: MMD² with a linear kernel."""
    noise = np.trace(x.covariance) / x.count + np.trace(y.covariance) / y.count
    return float(np.square(x.mean - y.mean).sum() - noise)


def frechet_distance(x: SufficientMoments, y: SufficientMoments) -> float:
    """`isthmus.gap.frechet.frechet` of the rows (n > d on both sides)."""
    return frechet_of(x.mean, x.covariance, y.mean, y.covariance)


def coral_distance(x: SufficientMoments, y: SufficientMoments) -> float:
    """`isthmus.gap.coral.coral` of the rows."""
    return coral_of(x.covariance, y.covariance)


def gaussian_divergence(
    x: SufficientMoments, y: SufficientMoments, *, ridge: float = RIDGE
) -> float:
    """`isthmus.gap.kl_gaussian.kl_gaussian` of the rows, in nats."""
    stacks = (x.mean[None], x.covariance[None], y.mean[None], y.covariance[None])
    return float(jeffreys(*stacks, ridge)[0])


def cmd_distance(
    x: SufficientMoments, y: SufficientMoments, *, bounds: tuple[float, float]
) -> float:
    """`isthmus.gap.cmd.cmd` of the rows to the order kept; bounds cannot be read off sums."""
    width = bounds[1] - bounds[0]
    if not width > 0:
        raise InputError(f"CMD bounds {bounds}; expected (a, b) with a < b")
    total = float(np.linalg.norm(x.mean - y.mean)) / width
    for k in range(2, min(x.order, y.order) + 1):
        total += float(np.linalg.norm(x.central(k) - y.central(k))) / width**k
    return total


def _about(moments: SufficientMoments, centre: Floats) -> Floats:
    """Power sums (K, d) about another centre, by the binomial theorem."""
    step = moments.pilot - centre
    raw = np.concatenate([np.full((1, len(step)), float(moments.count)), moments.powers])
    out = np.empty_like(moments.powers)
    for k in range(1, moments.order + 1):
        out[k - 1] = sum(math.comb(k, j) * raw[j] * step ** (k - j) for j in range(k + 1))
    return out
