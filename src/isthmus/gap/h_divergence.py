"""Proxy A-distance: how well a classifier tells the domains apart on frames it has not seen.

Ben-David et al., "Analysis of representations for domain adaptation", NIPS 2006, after Kifer
et al.: 2 (1 - 2 ε), with ε the classifier's error. Here ε is balanced (the mean of both sides'
errors: 0.5 is chance for any n and m) and cross-validated with whole units held out: frames of a
unit are never in training and test at once, or the classifier would recognise the place instead
of the domain. 0: indistinguishable; 2: always told apart; slightly below 0 is chance.

`linear` is Fisher's discriminant with a ridge (see `discriminant`). `rbf` (support vectors) and
`mlp` refit scikit-learn's classifiers for every permutation: lower their number with these.

Folds know units by their content and nothing of the sides: the value does not depend on the order
of rows, nor (but for copies) on which sample comes first. With few units it depends on which of
them share a fold; cross-validation is repeated with other folds, the more often the fewer units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError, InputError
from isthmus.gap.discriminant import Common, Judged, discriminant, in_row_space, slices
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
)
from isthmus.gap.order import content_order

ClassifierName = Literal["linear", "rbf", "mlp"]
CLASSIFIERS = ("linear", "rbf", "mlp")
RELABELINGS = 200
REPEATS = (2, 10)
REPEATED_UNITS = 2000
REPEATED_WORK = 1 << 24


def proxy_a_distance(
    x: Matrix,
    y: Matrix,
    *,
    groups_x: Indices | None = None,
    groups_y: Indices | None = None,
    classifier: ClassifierName = "linear",
    folds: int = 5,
    repeats: int | None = None,
    ridge: float | None = None,
    seed: int = 0,
) -> float:
    """2 (1 - 2 balanced error) of `x` (n, d) against `y` (m, d), in [-2, 2].

    `groups_x` (n,), `groups_y` (m,): rows with equal numbers stay together on one side of each
    fold. `repeats`: of the cross-validation with other folds (None: 2 for many units, up to 10 for
    few). `ridge`: share of the mean variance added to the covariance (None: from the data).
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
    repeats: int | None = None,
    ridge: float | None = None,
) -> Simple:
    """The resampled form; the folds are the same for all weightings."""
    if classifier not in CLASSIFIERS:
        raise ConfigError(f"classifier {classifier!r}; choose one of {', '.join(CLASSIFIERS)}")
    if folds < 2 or (repeats is not None and repeats < 1):
        raise ConfigError(f"folds = {folds}, repeats = {repeats}; expected at least 2 and 1")
    if min(rows.units_x, rows.units - rows.units_x) < 2:
        raise InputError(
            "the proxy A-distance needs at least 2 units (frames, sequences or blocks) a side: "
            "one to learn from and one to be tested on"
        )
    partitions = _partitions(rows, classifier, folds, repeats, seed)
    rows, repeats = partitions[0].rows, len(partitions)
    settings: dict[str, Any] = {
        "classifier": classifier,
        "folds": partitions[0].count,
        "repeats": repeats,
    }
    if classifier == "linear":
        settings["ridge"] = "from the data" if ridge is None else ridge
    common = cache(lambda sides: Common.of(partitions[0], sides, ridge))

    def judged(sides: tuple[int, ...], wx: Counts, wy: Counts) -> Iterator[Judged]:
        for partition in partitions:
            if classifier == "linear":
                yield from discriminant(partition, sides, common(sides), wx, wy)
            else:
                yield from _refitted(partition, classifier, seed, wx, wy)

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        error = np.empty(len(wx))
        for sides, chosen in _by_support(rows, wx, wy):
            left, right = wx[chosen], wy[chosen]
            error[chosen] = _balanced_error(rows, judged(sides, left, right), left, right)
        result: Floats = 2 * (1 - 2 * error)
        return result

    def drawn(wx: Counts, wy: Counts) -> Floats:
        coins = repeats * seeds.generator(seed, "coins").poisson(1.0, size=(2, len(wx)))
        error = _balanced_error(rows, judged(SIDES, *observed(rows)), wx, wy, coins)
        times = RELABELINGS if classifier == "linear" else RELABELINGS // 10
        relabelled = evaluate(*_relabelled(rows, times, seed))
        return _spread_out(2 * (1 - 2 * error), float(evaluate(*observed(rows))[0]), relabelled)

    return Simple(evaluate, settings=settings, drawn=drawn, bounds=(-2.0, 2.0))


def _partitions(
    rows: Rows, classifier: str, folds: int, repeats: int | None, seed: int
) -> list[Folds]:
    """The folds of each repetition; more repetitions for few units, if they are quickly done."""
    count, width, order = min(folds, rows.units), rows.z.shape[1], content_order(rows)
    least, most = REPEATS
    if classifier == "linear":
        rows = in_row_space(rows)
        quick = REPEATED_WORK // (count * rows.z.shape[1] ** 2)
        least = max(least, min(most, quick, -(-REPEATED_UNITS // rows.units)))
    return [
        Folds(rows, count, seed, repeat, order=order, width=width)
        for repeat in range(least if repeats is None else repeats)
    ]


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

    Rows whose classifier has seen one side only say nothing and do not count. `coins` (2, r) adds
    so many units of average size to either side that are judged by a coin. Drawn around one of
    k + 1 units, they keep few units that are all told apart from seeming to leave no doubt.
    """
    missed, weight = np.zeros((2, 2, len(wx)))
    for fold in judged:
        once = len(fold.side) == 1
        for which, (weights, sign) in enumerate(((wx, 1.0), (wy, -1.0))):
            for block in slices(len(weights)):
                counted = weights[block][:, rows.unit[fold.rows]].astype(np.float64)
                counted *= fold.taught[slice(None) if once else block, None]
                wrong = (1 - sign * fold.side[slice(None) if once else block]) / 2
                missed[which, block] += (counted * wrong).sum(axis=1)
                weight[which, block] += counted.sum(axis=1)
    if coins is not None:
        units = np.array(rows.independent)
        average = np.array([rows.rows_x, len(rows.unit) - rows.rows_x]) / units
        added = coins * average[:, None]
        missed, weight = missed + added / 2, weight + added
    share = np.divide(missed, weight, out=np.full(missed.shape, 0.5), where=weight > 0)
    result: Floats = share.mean(axis=0)
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


def _refitted(folds: Folds, classifier: str, seed: int, wx: Counts, wy: Counts) -> Iterator[Judged]:
    """The same from a classifier of scikit-learn, refitted for every weighting."""
    rows = folds.rows
    fold = folds.partition[rows.unit]
    for held in range(folds.count):
        here, others = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        side = np.zeros((len(wx), len(here)), dtype=np.int8)
        taught = np.zeros(len(wx), dtype=bool)
        for r in range(len(wx)):
            # Whole rows are repeated, because not every classifier takes weights.
            train = [np.repeat(others, w[r, rows.unit[others]]) for w in (wx, wy)]
            if not len(train[0]) or not len(train[1]):
                continue
            labels = np.r_[np.ones(len(train[0])), -np.ones(len(train[1]))]
            model = _model(classifier, seed).fit(rows.z[np.concatenate(train)], labels)
            side[r], taught[r] = model.predict(rows.z[here]), True
        yield Judged(here, side, taught)


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
