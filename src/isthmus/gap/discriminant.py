"""Fisher's discriminant with a ridge, trained once a fold for any number of weightings.

The covariance is that of all training rows together, whoever they belong to (the direction is the
same as with the within-class covariance, by Sherman-Morrison), so that one factorisation a fold
serves all permutations. The ridge is Ledoit and Wolf's shrinkage (2004), counting a unit as one
observation.

The threshold is not halfway between the means but freed of bias to first order (Moran & Murphy,
"A closer look at two alternative methods of statistical discrimination", Applied Statistics 28,
1979): a row seems farther from the mean that fewer units were averaged for, by their spread over
their number. Without this an uneven split of the units costs accuracy that the sample as observed,
being more even than most exchanges, does not pay; and rows that are left out make their own side
the smaller one in training, so that without a gap more than half are taken for the other side's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isthmus.gap.estimate import Matrix
from isthmus.gap.folds import Folds, Moments
from isthmus.gap.metric import Counts, Flags, Floats, Indices, Rows, unit_sums

WEIGHTINGS_AT_ONCE = 256


@dataclass(frozen=True)
class Judged:
    """What classifiers that were trained elsewhere take the rows of a fold for.

    `rows` (k,) the rows; `side` (r, k) for each weighting's classifier 1 for x, -1 for y, 0 for
    undecided; `taught` (r,) whether it saw rows of both sides in training.
    """

    rows: Indices
    side: npt.NDArray[np.int8]
    taught: Flags


def in_row_space(rows: Rows) -> Rows:
    """The same rows in as many coordinates as there are rows, where features are more.

    A rotation: products of rows, and with them discriminants with a ridge, stay what they are.
    """
    count, d = rows.z.shape
    if d <= count:
        return rows
    triangle = np.asarray(np.linalg.qr(rows.z.T, mode="r"))
    return replace(rows, z=np.ascontiguousarray(triangle.T))


@dataclass(frozen=True)
class Common:
    """What all folds share.

    `everything`: moments of all rows; `share`: the ridge over the mean variance; `lean`: how far
    the threshold moves for a mean's variance, in variances of units.
    """

    everything: Moments
    share: float
    lean: float

    @classmethod
    def of(cls, folds: Folds, sides: Sequence[int], ridge: float | None) -> Common:
        """Of the units on `sides`: 0 for x, 1 for y; `ridge` None: from the data."""
        everything = folds.moments(None, sides)
        share = folds.shrinkage(everything, sides) if ridge is None else ridge
        solve = _solver(everything.covariance(), share, folds.width)
        return cls(everything, share, _spread_of_units(folds, everything, sides, solve) / 2)


def discriminant(
    folds: Folds, sides: Sequence[int], common: Common, wx: Counts, wy: Counts
) -> Iterator[Judged]:
    """Held-out judgements of the ridge discriminant trained for each weighting of these sides."""
    rows = folds.rows
    by_unit = _by_unit(rows)
    used = folds.units(None, sides)
    whole = [_Sums.of(rows, by_unit, w, used) for w in (wx, wy)]
    for fold in range(folds.count):
        held = folds.units(fold, sides)
        covariance = common.everything.without(folds.moments(fold, sides)).covariance()
        solve = _solver(covariance, common.share, folds.width)
        here = np.flatnonzero(held[rows.unit])
        side = np.empty((len(wx), len(here)), dtype=np.int8)
        taught = np.empty(len(wx), dtype=bool)
        for block in slices(len(wx)):
            x, y = (
                every.within(block).without(_Sums.of(rows, by_unit, w[block], held))
                for every, w in zip(whole, (wx, wy), strict=True)
            )
            directions = solve((x.means - y.means).T)
            middle = (x.means + y.means) / 2
            score = (rows.z[here] @ directions.astype(rows.z.dtype)).astype(np.float64)
            score -= np.einsum("rd,dr->r", middle, directions) + common.lean * (y.noise - x.noise)
            side[block] = np.sign(score).T
            taught[block] = (x.count > 0) & (y.count > 0)
        yield Judged(here, side, taught)


@dataclass(frozen=True)
class _Sums:
    """Of one side's rows, for each weighting: `total` (r, d), `count` and `squares` (r,).

    `squares` sums the squared sizes of units.
    """

    total: Floats
    count: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: Rows, by_unit: Matrix, weights: Counts, chosen: Flags) -> _Sums:
        picked = weights[:, chosen]
        total: Floats = (picked.astype(by_unit.dtype) @ by_unit[chosen]).astype(np.float64)
        sizes = rows.sizes[chosen]
        return cls(total, picked @ sizes, picked @ sizes**2)

    def within(self, block: slice) -> _Sums:
        return _Sums(self.total[block], self.count[block], self.squares[block])

    def without(self, part: _Sums) -> _Sums:
        return _Sums(self.total - part.total, self.count - part.count, self.squares - part.squares)

    @property
    def means(self) -> Floats:
        return self.total / np.maximum(self.count, 1)[:, None]

    @property
    def noise(self) -> Floats:
        """The variance of the mean over the variance of units."""
        return self.squares / np.square(np.maximum(self.count, 1))


def _spread_of_units(
    folds: Folds, everything: Moments, sides: Sequence[int], solve: Callable[[Floats], Floats]
) -> float:
    """Mean squared distance of these sides' units (their means) from the centre, whitened."""
    rows = folds.rows
    if rows.each_row_is_a_unit:
        return float(np.trace(solve(everything.covariance())))
    used = folds.units(None, sides)
    sizes = rows.sizes[used]
    means = _by_unit(rows)[used].astype(np.float64) / sizes[:, None]
    means -= sizes @ means / sizes.sum()
    if len(means) < means.shape[1]:
        return float(sizes @ (means * solve(means.T).T).sum(axis=1) / sizes.sum())
    return float(np.trace(solve(means.T @ (means * sizes[:, None]))) / sizes.sum())


def _by_unit(rows: Rows) -> Matrix:
    return unit_sums(rows, rows.z, 0, len(rows.z))[2]


def _solver(covariance: Floats, share: float, width: int) -> Callable[[Floats], Floats]:
    """Right sides (d, r) → solutions, with a ridge of `share` of the mean over `width` features."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    covariance[np.diag_indices(len(covariance))] += share * np.trace(covariance) / width + 1e-300
    try:
        factor = cho_factor(covariance, lower=True)
    except LinAlgError:
        # Constant features: the directions that vary are all there is to learn from.
        inverse = np.linalg.pinv(covariance, hermitian=True)
        return lambda right: np.asarray(inverse @ right)
    return lambda right: np.asarray(cho_solve(factor, right))


def slices(count: int) -> Iterator[slice]:
    """Blocks of weightings."""
    return (
        slice(start, start + WEIGHTINGS_AT_ONCE) for start in range(0, count, WEIGHTINGS_AT_ONCE)
    )
