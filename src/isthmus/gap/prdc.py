"""Gaps by nearest neighbours: the share of one sample that the other has nothing like.

`precision_gap` = 1 - precision, the share of y outside all balls of x: frames of a target unlike
any of the source. `recall_gap` = 1 - recall, the same from the other side: the share of x that y
has nothing like. `coverage_gap` = 1 - coverage, the share of balls of x without a row of y,
which single outliers cannot flatter. See `neighbours` for the balls and the papers.

All depend on k and on the sample sizes, and none is zero for two samples of one domain: of equal
distributions coverage is 1 - (n-1)…(n-k) / ((n+m-1)…(n+m-k)) in expectation (Naeem et al. 2020,
sec. 3.2), precision depends on the dimension. Inference therefore takes off what halves of one
domain show, all of the size of half the smaller sample, so that 0 means: as much like x as
another sample of x. `scores` gives the four
scores themselves, as papers print them, with intervals, p-values and what is usual in one domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Counts, Floats, Metric, Rows, Simple, observed, pooled_rows
from isthmus.gap.neighbour_lists import SCORES, NeighbourLists
from isthmus.gap.neighbours import neighbourhood
from isthmus.gap.resampling import Plan, make_plan
from isthmus.gap.transport import Bounded
from isthmus.gap.units import find_units, gather

K = 5
COPIED = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """One neighbourhood score of y with regard to x.

    `value`: the formula on all rows that take part (precision, recall and coverage in [0, 1],
    density in [0, n / k]); `low`..`high`: its interval of `level`; `p_value`: chance of so low
    a score between equal domains, (b + 1) / (B + 1) over exchanges of units; `usual`,
    `usual_low`, `usual_high`: mean and range of `level` of the score between two parts of one
    domain, drawn at random as n is to m, the lower of x and y each; `below_usual`: value <
    usual_low. Parts are smaller than the samples, their scores near those of the whole, not
    equal. None: cannot be known from this sample. `n`, `m`: rows; `units_x`, `units_y`:
    independent units.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    p_value: float | None
    usual: float | None
    usual_low: float | None
    usual_high: float | None
    below_usual: bool | None
    k: int
    n: int
    m: int
    units_x: int
    units_y: int
    level: float
    permutations: int
    bootstraps: int
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {**asdict(self), "warnings": list(self.warnings)}


def scores(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    k: int = K,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 999,
    bootstraps: int = 400,
    floor_splits: int = 100,
    seed: int = 0,
) -> dict[str, Score]:
    """Precision, recall, density and coverage of `y` (m, d) with regard to `x` (n, d), by name.

    Args:
        x, y: features, one row a frame; n and m may differ.
        k: neighbours that make a ball.
        groups_x, groups_y: the sequence of each row, in order of time (see `find_units`). Rows
            of one unit are not neighbours, and are resampled together.
        level, permutations, bootstraps, floor_splits, seed: as for `measure`.

    Raises:
        InputError: features that are not two finite matrices of equal width.
        ConfigError: a number out of its range.
    """
    if not 0.5 < level < 1 or min(permutations, bootstraps, floor_splits) < 0:
        raise ConfigError(
            f"level = {level}, permutations = {permutations}, bootstraps = {bootstraps}, "
            f"floor_splits = {floor_splits}; expected a level between 0.5 and 1, counts from 0"
        )
    left, right = checked_pair(x, y)
    units = gather(find_units(left, right, groups_x, groups_y), seed)
    rows = pooled_rows(left, right, units.x, units.y, loose=units.gathered > 1)
    plan = make_plan(
        units.count_x,
        units.count_y,
        permutations=permutations,
        bootstraps=bootstraps,
        splits=0,
        seed=seed,
    )
    used, notes = _neighbours(rows.rows_x, len(rows.unit) - rows.rows_x, k)
    lists = NeighbourLists.of(rows, used)
    notes = units.warnings + plan.warnings + notes + _copied(lists)
    sample = _Sample(rows, plan, used, level, notes)
    wx, wy, parts = _with_splits(sample, floor_splits, seed)
    found = lists.evaluate(wx, wy)
    return {
        name: _score(name, found[:, column], parts, sample) for column, name in enumerate(SCORES)
    }


@dataclass(frozen=True)
class _Sample:
    """What the four scores of one call share."""

    rows: Rows
    plan: Plan
    k: int
    level: float
    notes: tuple[str, ...]


def _with_splits(sample: _Sample, splits: int, seed: int) -> tuple[Counts, Counts, list[slice]]:
    """The plan's observation, exchanges and draws, and splits of x and of y as n is to m.

    Coverage and recall follow the sides' proportion even where there is no gap, and a split in
    halves would say nothing of 2000 rows against 200. A side too small for it gives none.
    """
    plan, rows = sample.plan, sample.rows
    share = rows.rows_x / len(rows.unit)
    stop = plan.parts[2].stop
    left, right = [plan.wx[:stop]], [plan.wy[:stop]]
    for side, units in (
        ("x", np.arange(rows.units_x)),
        ("y", np.arange(rows.units_x, rows.units)),
    ):
        first = round(share * len(units))
        smaller = min(share, 1 - share) * rows.sizes[units].sum()
        enough = 2 <= first <= len(units) - 2 and smaller > sample.k
        rng = seeds.generator(seed, "proportional-splits", side)
        weights = np.zeros((2, splits if enough else 0, rows.units), dtype=np.int16)
        for number in range(weights.shape[1]):
            drawn = rng.permutation(units)
            weights[0, number, drawn[:first]] = 1
            weights[1, number, drawn[first:]] = 1
        left.append(weights[0])
        right.append(weights[1])
    ends = np.cumsum([stop] + [len(part) for part in left[1:]])
    parts = list(plan.parts[:3]) + [slice(int(a), int(b)) for a, b in pairwise(ends)]
    return np.concatenate(left), np.concatenate(right), parts


def _score(name: str, found: Floats, parts: list[slice], sample: _Sample) -> Score:
    first, permuted, drawn, *splits = (found[part] for part in parts)
    rows, plan, value = sample.rows, sample.plan, float(first[0])
    low, high = _interval(name, value, drawn, sample)
    usual = _usual(splits, sample.level)
    reached = int((permuted <= value + 1e-12).sum())
    return Score(
        name=name,
        value=value,
        low=low,
        high=high,
        p_value=(reached + 1) / (len(permuted) + 1) if len(permuted) else None,
        usual=usual[0],
        usual_low=usual[1],
        usual_high=usual[2],
        below_usual=None if usual[1] is None else value < usual[1],
        k=sample.k,
        n=rows.rows_x,
        m=len(rows.unit) - rows.rows_x,
        units_x=rows.independent[0],
        units_y=rows.independent[1],
        level=sample.level,
        permutations=plan.permutations,
        bootstraps=plan.bootstraps,
        warnings=sample.notes,
    )


def _usual(splits: list[Floats], level: float) -> tuple[float | None, float | None, float | None]:
    """Mean and range over the splits of one domain, the lower of both domains each."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    known = [[found.mean(), *np.quantile(found, tails)] for found in splits if len(found)]
    if not known:
        return None, None, None
    middle, low, high = np.min(known, axis=0)
    return float(middle), float(low), float(high)


def _interval(
    name: str, value: float, drawn: Floats, sample: _Sample
) -> tuple[float | None, float | None]:
    """The draws' deviations from their mean, around the value, widened for few units.

    Drawn twice, a row shrinks balls: the draws' own mean is off, their spread is not.
    """
    if len(drawn) < 2:
        return None, None
    from scipy.stats import norm, t

    count = min(sample.rows.units_x, sample.rows.units - sample.rows.units_x)
    tail = (1 - sample.level) / 2
    wider = np.sqrt(count / (count - 1)) * t.ppf(1 - tail, count - 1) / norm.ppf(1 - tail)
    ends = value + wider * np.quantile(drawn - drawn.mean(), [tail, 1 - tail])
    low, high = np.clip(ends, 0, None if name == "density" else 1)
    return min(float(low), value), max(float(high), value)


def _neighbours(n: int, m: int, k: int) -> tuple[int, tuple[str, ...]]:
    """As many of k as the smaller side has so many others, and a warning where halves have not."""
    if k < 1:
        raise ConfigError(f"k = {k} neighbours; expected 1 or more")
    smaller = min(n, m)
    used = min(k, smaller - 1)
    if smaller // 2 > 2 * k:
        return used, ()
    return used, (
        f"{smaller} rows on one side for balls of k = {k} neighbours: the balls of a half hold "
        "most of its rows and scores say little; lower k or give more rows",
    )


def _copied(lists: NeighbourLists) -> tuple[str, ...]:
    """A warning for each side of which many rows have too many copies for balls to have a size."""
    sides = zip("xy", (weights[0] for weights in observed(lists.rows)), strict=True)
    shares = ((name, lists.without_radius(weights)) for name, weights in sides)
    return tuple(
        f"{share:.0%} of the rows of {name} have {lists.k} or more copies in {name}, at least to "
        "within rounding: their balls have no radius and hold nothing but exact copies"
        for name, share in shares
        if share >= COPIED
    )


def precision_gap(x: Matrix, y: Matrix, *, k: int = K) -> float:
    """Share of `y` (m, d) outside all balls of `x` (n, d), in [0, 1]."""
    return _gap(x, y, "precision", k)


def recall_gap(x: Matrix, y: Matrix, *, k: int = K) -> float:
    """Share of `x` (n, d) outside all balls of `y` (m, d), in [0, 1]."""
    return _gap(x, y, "recall", k)


def coverage_gap(x: Matrix, y: Matrix, *, k: int = K) -> float:
    """Share of balls of `x` (n, d) that hold no row of `y` (m, d), in [0, 1]."""
    return _gap(x, y, "coverage", k)


def _gap(x: Matrix, y: Matrix, score: str, k: int) -> float:
    left, right = checked_pair(x, y)
    used, _ = _neighbours(len(left), len(right), k)
    return float(1 - getattr(neighbourhood(left, right, k=used), score))


def _prepared(score: str) -> Callable[..., Simple]:
    """The resampled form of 1 - `score`."""

    def prepare(rows: Rows, *, seed: int = 0, k: int = K) -> Simple:
        n, m = rows.rows_x, len(rows.unit) - rows.rows_x
        used, notes = _neighbours(n, m, k)
        lists = NeighbourLists.of(rows, used)
        warnings = notes + _copied(lists)
        # Halves of x, of y, and of one against the other are compared: they need one size.
        thin = Bounded.of(rows, max(2, min(n, m) // 2), seed)

        def evaluate(wx: Counts, wy: Counts) -> Floats:
            result: Floats = 1 - lists.evaluate(wx, wy, [score], thin)[:, 0]
            return result

        return Simple(evaluate, settings={"k": used}, warnings=warnings, bounds=(0.0, 1.0))

    return prepare


PRECISION_GAP, RECALL_GAP, COVERAGE_GAP = (
    Metric(
        name=f"{score}_gap",
        label=label,
        estimator=f"1 - {score}, less what halves of one domain show",
        biased=True,
        distance=distance,
        prepare=_prepared(score),
    )
    for score, label, distance in (
        ("precision", "Share of y unlike x", precision_gap),
        ("recall", "Share of x unlike y", recall_gap),
        ("coverage", "Share of x not covered by y", coverage_gap),
    )
)
