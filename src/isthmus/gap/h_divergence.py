"""Proxy A-distance: how well a classifier tells the domains apart on frames it has not seen.

Ben-David et al., "Analysis of representations for domain adaptation", NIPS 2006, after Kifer
et al.: 2 (1 - 2 ε), with ε the classifier's error. Here ε is balanced (the mean of both sides'
errors: 0.5 is chance for any n and m) and cross-validated with whole units held out: frames of a
unit are never in training and test at once, or the classifier would recognise the place instead
of the domain. 0: indistinguishable; 2: always told apart; slightly below 0 is chance.

`linear` is Fisher's discriminant with a ridge, in closed form. Its covariance is that of all
training rows together, whoever they belong to (the direction is the same as with the within-class
covariance, by Sherman-Morrison), so one factorisation a fold serves all permutations. The ridge
is Ledoit and Wolf's shrinkage (2004), counting a unit as one observation. `rbf` (support vectors)
and `mlp` refit scikit-learn's classifiers for every permutation: lower their number with these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isthmus import seeds
from isthmus.errors import ConfigError, InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.folds import SIDES, Folds
from isthmus.gap.metric import (
    Counts,
    Flags,
    Floats,
    Indices,
    Metric,
    Rows,
    Simple,
    observed,
    pooled_rows,
    unit_sums,
)

ClassifierName = Literal["linear", "rbf", "mlp"]
CLASSIFIERS = ("linear", "rbf", "mlp")
RELABELINGS = 200
WEIGHTINGS_AT_ONCE = 256
# Held-out rows (k,) and the side that each weighting's classifier takes them for (r, k):
# 1 for x, -1 for y, 0 for undecided.
Judged = tuple[Indices, npt.NDArray[np.int8]]


def proxy_a_distance(
    x: Matrix,
    y: Matrix,
    *,
    groups_x: Indices | None = None,
    groups_y: Indices | None = None,
    classifier: ClassifierName = "linear",
    folds: int = 5,
    repeats: int = 2,
    ridge: float | None = None,
    seed: int = 0,
) -> float:
    """2 (1 - 2 balanced error) of `x` (n, d) against `y` (m, d), in [-2, 2].

    `groups_x` (n,), `groups_y` (m,): rows with equal numbers stay together on one side of each
    fold. `ridge`: share of the mean variance added to the covariance (None: from the data).
    """
    left, right = checked_pair(x, y)
    units = [
        np.arange(len(rows)) if groups is None else np.unique(groups, return_inverse=True)[1]
        for rows, groups in ((left, groups_x), (right, groups_y))
    ]
    rows = pooled_rows(left, right, units[0].astype(np.int64), units[1].astype(np.int64))
    statistic = prepare(
        rows, seed=seed, classifier=classifier, folds=folds, repeats=repeats, ridge=ridge
    )
    return float(statistic.evaluate(*observed(rows))[0, 0])


def prepare(
    rows: Rows,
    *,
    seed: int = 0,
    classifier: ClassifierName = "linear",
    folds: int = 5,
    repeats: int = 2,
    ridge: float | None = None,
) -> Simple:
    """The resampled form; the folds are the same for all weightings."""
    if classifier not in CLASSIFIERS:
        raise ConfigError(f"classifier {classifier!r}; choose one of {', '.join(CLASSIFIERS)}")
    if folds < 2 or repeats < 1:
        raise ConfigError(f"folds = {folds}, repeats = {repeats}; expected at least 2 and 1")
    fewest = min(rows.units_x, rows.units - rows.units_x)
    if fewest < 2:
        raise InputError(
            "the proxy A-distance needs at least 2 units (frames, sequences or blocks) a side: "
            "one to learn from and one to be tested on"
        )
    count = min(folds, fewest)
    partitions = [Folds(rows, count, seed, repeat) for repeat in range(repeats)]

    settings: dict[str, Any] = {"classifier": classifier, "folds": count, "repeats": repeats}
    if classifier == "linear":
        settings["ridge"] = "from the data" if ridge is None else ridge

    def judgements(folds: Folds, sides: Sequence[int], wx: Counts, wy: Counts) -> Iterator[Judged]:
        if classifier == "linear":
            return _discriminant(folds, sides, ridge, wx, wy)
        return _refitted(folds, classifier, seed, wx, wy)

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        error = np.zeros(len(wx))
        for sides, chosen in _by_support(rows, wx, wy):
            left, right = wx[chosen], wy[chosen]
            for partition in partitions:
                judged = judgements(partition, sides, left, right)
                error[chosen] += _balanced_error(rows, judged, left, right) / repeats
        result: Floats = 2 * (1 - 2 * error)
        return result

    def drawn(wx: Counts, wy: Counts) -> Floats:
        error = np.zeros(len(wx))
        coins = seeds.generator(seed, "coins").poisson(1.0, size=(2, len(wx)))
        for partition in partitions:
            judged = judgements(partition, SIDES, *observed(rows))
            error += _balanced_error(rows, judged, wx, wy, coins) / repeats
        times = RELABELINGS if classifier == "linear" else RELABELINGS // 10
        relabelled = evaluate(*_relabelled(rows, times, seed))
        return _spread_out(2 * (1 - 2 * error), float(evaluate(*observed(rows))[0]), relabelled)

    return Simple(evaluate, settings=settings, drawn=drawn, bounds=(-2.0, 2.0))


def _relabelled(rows: Rows, count: int, seed: int) -> tuple[Counts, Counts]:
    """Units dealt to the sides at random, as many to each as they have."""
    rng = seeds.generator(seed, "relabelings")
    start, _ = observed(rows)
    wx = rng.permuted(np.repeat(start, count, axis=0), axis=1)
    return wx, (1 - wx).astype(np.int16)


def _spread_out(draws: Floats, value: float, relabelled: Floats) -> Floats:
    """Bootstrap draws (r,) with the spread that learning from another sample would add.

    Units are drawn anew while their held-out judgements stay, because learning from the draws too
    would mostly show that fewer different units teach less. What is missing then is seen in full
    without a gap, as the spread over relabelings, and vanishes as the classifier gets everything
    right; in between it is taken to shrink like an error's own deviation, sqrt(4 ε (1 - ε)).
    """
    least = float(relabelled.std()) * np.sqrt(max(0.0, 1 - value**2 / 4))
    spread = float(draws.std())
    if 0 < spread < least:
        draws = draws.mean() + (draws - draws.mean()) * (least / spread)
    return draws


def _balanced_error(
    rows: Rows, judged: Iterable[Judged], wx: Counts, wy: Counts, coins: Indices | None = None
) -> Floats:
    """Mean over both sides of the share of rows (r,) taken for the other side's.

    `coins` (2, r) adds so many units of average size to either side that are judged by a coin.
    Drawn around one of k + 1 units, they keep few units that are all told apart from seeming to
    leave no doubt.
    """
    missed, weight = np.zeros((2, len(wx))), np.stack([wx @ rows.sizes, wy @ rows.sizes])
    for here, side in judged:
        for which, (weights, sign) in enumerate(((wx, 1.0), (wy, -1.0))):
            for block in _slices(len(weights)):
                counted = weights[block][:, rows.unit[here]].astype(np.float64)
                wrong = (1 - sign * (side if len(side) == 1 else side[block])) / 2
                missed[which, block] += (counted * wrong).sum(axis=1)
    if coins is not None:
        units = np.array(rows.independent)
        average = np.array([rows.rows_x, len(rows.unit) - rows.rows_x]) / units
        added = coins * average[:, None]
        missed, weight = missed + added / 2, weight + added
    result: Floats = (missed / weight).mean(axis=0)
    return result


def _by_support(rows: Rows, wx: Counts, wy: Counts) -> Iterator[tuple[tuple[int, ...], Flags]]:
    """Sides in play and the weightings that use them: both sides' units, or halves of one."""
    weights = wx + wy
    from_x: Flags = np.asarray(weights[:, : rows.units_x].any(axis=1))
    from_y: Flags = np.asarray(weights[:, rows.units_x :].any(axis=1))
    for sides, chosen in (
        ((0, 1), from_x & from_y),
        ((0,), from_x & ~from_y),
        ((1,), from_y & ~from_x),
    ):
        if chosen.any():
            yield sides, chosen


def _discriminant(
    folds: Folds, sides: Sequence[int], ridge: float | None, wx: Counts, wy: Counts
) -> Iterator[Judged]:
    """Held-out judgements of the ridge discriminant trained for each weighting."""
    rows = folds.rows
    d = rows.z.shape[1]
    everything = folds.moments(None, sides)
    share = folds.shrinkage(everything, sides) if ridge is None else ridge
    by_unit = unit_sums(rows, rows.z, 0, len(rows.z))[2]
    used = np.isin(np.arange(rows.units) >= rows.units_x, np.array(sides, bool))
    whole = [_weighted_sums(rows, by_unit, w, used) for w in (wx, wy)]
    for fold in range(folds.count):
        held = folds.units(fold, sides)
        covariance = everything.without(folds.moments(fold, sides)).covariance()
        covariance[np.diag_indices(d)] += share * np.trace(covariance) / d + 1e-300
        solve = _solver(covariance)
        here = np.flatnonzero(held[rows.unit])
        side = np.empty((len(wx), len(here)), dtype=np.int8)
        for block in _slices(len(wx)):
            away = [_weighted_sums(rows, by_unit, w[block], held) for w in (wx, wy)]
            sizes = [a[1][block] - b[1] for a, b in zip(whole, away, strict=True)]
            means = [
                (a[0][block] - b[0]) / np.maximum(n, 1)[:, None]
                for a, b, n in zip(whole, away, sizes, strict=True)
            ]
            directions = solve((means[0] - means[1]).T)
            middle = (means[0] + means[1]) / 2
            score = (rows.z[here] @ directions.astype(rows.z.dtype)).astype(np.float64)
            score -= np.einsum("rd,dr->r", middle, directions)
            # A score of exactly zero is a coin toss; so is a fold whose training lacks one side.
            score[:, (sizes[0] == 0) | (sizes[1] == 0)] = 0
            side[block] = np.sign(score).T
        yield here, side


def _weighted_sums(
    rows: Rows, by_unit: Matrix, weights: Counts, chosen: Flags
) -> tuple[Floats, Floats]:
    """Sums of rows (r, d) and their number (r,) over the chosen units, for each weighting."""
    picked = weights[:, chosen].astype(by_unit.dtype)
    sums: Floats = (picked @ by_unit[chosen]).astype(np.float64)
    return sums, picked @ rows.sizes[chosen]


def _slices(count: int) -> Iterator[slice]:
    return (
        slice(start, start + WEIGHTINGS_AT_ONCE) for start in range(0, count, WEIGHTINGS_AT_ONCE)
    )


def _solver(covariance: Floats) -> Callable[[Floats], Floats]:
    """Right sides (d, r) → solutions."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        factor = cho_factor(covariance, lower=True)
    except LinAlgError:
        # Constant features: the directions that vary are all there is to learn from.
        inverse = np.linalg.pinv(covariance, hermitian=True)
        return lambda right: np.asarray(inverse @ right)
    return lambda right: np.asarray(cho_solve(factor, right))


def _refitted(folds: Folds, classifier: str, seed: int, wx: Counts, wy: Counts) -> Iterator[Judged]:
    """The same from a classifier of scikit-learn, refitted for every weighting."""
    rows = folds.rows
    fold = folds.partition[rows.unit]
    for held in range(folds.count):
        here, others = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        side = np.zeros((len(wx), len(here)), dtype=np.int8)
        for r in range(len(wx)):
            # Whole rows are repeated, because not every classifier takes weights.
            train = [np.repeat(others, w[r, rows.unit[others]]) for w in (wx, wy)]
            if not len(train[0]) or not len(train[1]):
                continue
            labels = np.r_[np.ones(len(train[0])), -np.ones(len(train[1]))]
            model = _model(classifier, seed).fit(rows.z[np.concatenate(train)], labels)
            side[r] = model.predict(rows.z[here])
        yield here, side


def _model(classifier: str, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model: Any = SVC(class_weight="balanced")
    if classifier == "mlp":
        # L-BFGS on a small net: deterministic, and no learning rate to choose.
        model = MLPClassifier(
            (32,), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=seed % 2**32
        )
    return make_pipeline(StandardScaler(), model)


METRIC = Metric(
    name="proxy_a_distance",
    label="Proxy A-distance",
    estimator="2 (1 - 2 balanced error), whole units held out",
    biased=False,
    distance=proxy_a_distance,
    prepare=prepare,
)
