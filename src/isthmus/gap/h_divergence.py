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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from isthmus import seeds
from isthmus.errors import ConfigError, InputError
from isthmus.gap.estimate import Matrix, checked_pair
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
# Held-out rows (k,) and the side that each weighting's classifier takes them for (r, k):
# 1 for x, -1 for y, 0 for undecided.
Judged = tuple[Indices, Floats]


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
    partitions = [fold_of_units(rows, count, seed, repeat) for repeat in range(repeats)]

    settings: dict[str, Any] = {"classifier": classifier, "folds": count, "repeats": repeats}
    if classifier == "linear":
        settings["ridge"] = "from the data" if ridge is None else ridge

    def sides(partition: Indices, used: Flags, wx: Counts, wy: Counts) -> Iterator[Judged]:
        folded = Folded(rows, used, partition, count)
        if classifier == "linear":
            return _discriminant(folded, ridge, wx, wy)
        return _refitted(folded, classifier, seed, wx, wy)

    def evaluate(wx: Counts, wy: Counts) -> Floats:
        error = np.zeros(len(wx))
        for used, chosen in _by_support(rows, wx, wy):
            left, right = wx[chosen], wy[chosen]
            for partition in partitions:
                judged = sides(partition, used, left, right)
                error[chosen] += _balanced_error(rows, judged, left, right) / repeats
        result: Floats = 2 * (1 - 2 * error)
        return result

    def drawn(wx: Counts, wy: Counts) -> Floats:
        error = np.zeros(len(wx))
        everything = np.ones(rows.units, dtype=bool)
        coins = seeds.generator(seed, "coins").poisson(1.0, size=(2, len(wx)))
        for partition in partitions:
            judged = sides(partition, everything, *observed(rows))
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
            wrong = (1 - sign * side) / 2
            counted = weights[:, rows.unit[here]].astype(np.float64)
            missed[which] += np.einsum("rn,rn->r", counted, np.broadcast_to(wrong, counted.shape))
    if coins is not None:
        units = np.array([rows.units_x, rows.units - rows.units_x])
        average = np.array([rows.rows_x, len(rows.unit) - rows.rows_x]) / units
        added = coins * average[:, None]
        missed, weight = missed + added / 2, weight + added
    result: Floats = (missed / weight).mean(axis=0)
    return result


def fold_of_units(rows: Rows, folds: int, seed: int, repeat: int) -> Indices:
    """A fold number for each unit; either side's units are dealt out evenly."""
    rng = seeds.generator(seed, "folds", repeat)
    out = np.empty(rows.units, dtype=np.int64)
    for start, stop in ((0, rows.units_x), (rows.units_x, rows.units)):
        out[start:stop] = rng.permutation(np.arange(stop - start) % folds)
    return out


def _by_support(rows: Rows, wx: Counts, wy: Counts) -> Iterator[tuple[Flags, Flags]]:
    """Units in play and weightings that use them: both sides' units, or halves of one side."""
    weights = wx + wy
    from_x: Flags = np.asarray(weights[:, : rows.units_x].any(axis=1))
    from_y: Flags = np.asarray(weights[:, rows.units_x :].any(axis=1))
    is_x: Flags = np.asarray(np.arange(rows.units) < rows.units_x)
    everything = np.ones(rows.units, dtype=bool)
    for used, chosen in (
        (everything, from_x & from_y),
        (is_x, from_x & ~from_y),
        (~is_x, from_y & ~from_x),
    ):
        if chosen.any():
            yield used, chosen


@dataclass(frozen=True)
class Folded:
    """Rows, which units are in play, and the fold (units,) of each."""

    rows: Rows
    used: Flags
    partition: Indices
    folds: int


def _discriminant(folded: Folded, ridge: float | None, wx: Counts, wy: Counts) -> Iterator[Judged]:
    """Held-out judgements of the ridge discriminant trained for each weighting."""
    rows, used = folded.rows, folded.used
    z, d = rows.z, rows.z.shape[1]
    in_fold = [used & (folded.partition == fold) for fold in range(folded.folds)]
    parts = [z[flags[rows.unit]] for flags in in_fold]
    grams = [(part.T @ part).astype(np.float64) for part in parts]
    sums = [part.sum(axis=0, dtype=np.float64) for part in parts]
    gram, total, count = sum(grams), sum(sums), sum(len(part) for part in parts)
    by_unit = unit_sums(rows, z, 0, len(z))[2]
    share = shrinkage(rows, used) if ridge is None else ridge
    whole = [_weighted_sums(rows, by_unit, w, used) for w in (wx, wy)]
    for held, part, part_gram, part_sum in zip(in_fold, parts, grams, sums, strict=True):
        kept = max(count - len(part), 1)
        mean = (total - part_sum) / kept
        covariance = (gram - part_gram) / kept - np.outer(mean, mean)
        covariance[np.diag_indices(d)] += share * np.trace(covariance) / d + 1e-300
        away = [_weighted_sums(rows, by_unit, w, held) for w in (wx, wy)]
        sizes = [a[1] - b[1] for a, b in zip(whole, away, strict=True)]
        means = [
            (a[0] - b[0]) / np.maximum(n, 1)[:, None]
            for a, b, n in zip(whole, away, sizes, strict=True)
        ]
        directions = _solve(covariance, (means[0] - means[1]).T)
        middle = (means[0] + means[1]) / 2
        score = (part @ directions.astype(part.dtype)).astype(np.float64)
        score -= np.einsum("rd,dr->r", middle, directions)
        # A score of exactly zero is a coin toss; so is a fold whose training lacks one side.
        side = np.sign(score)
        side[:, (sizes[0] == 0) | (sizes[1] == 0)] = 0
        yield np.flatnonzero(held[rows.unit]), side.T


def _weighted_sums(
    rows: Rows, by_unit: Matrix, weights: Counts, chosen: Flags
) -> tuple[Floats, Floats]:
    """Sums of rows (r, d) and their number (r,) over the chosen units, for each weighting."""
    picked = weights[:, chosen].astype(by_unit.dtype)
    sums: Floats = (picked @ by_unit[chosen]).astype(np.float64)
    return sums, picked @ rows.sizes[chosen]


def _solve(covariance: Floats, right: Floats) -> Floats:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        result: Floats = cho_solve(cho_factor(covariance, lower=True), right)
    except LinAlgError:
        # Constant features: the directions that vary are all there is to learn from.
        result = np.linalg.pinv(covariance, hermitian=True) @ right
    return result


def shrinkage(rows: Rows, used: Flags) -> float:
    """Ledoit and Wolf's intensity for the used rows' covariance, as a ridge on the mean variance.

    (1 - s) S + s μ I points the discriminant the same way as S + s / (1 - s) μ I.
    """
    z = rows.z[used[rows.unit]].astype(np.float64)
    z -= z.mean(axis=0)
    n, d = z.shape
    gram = z.T @ z / n if d <= n else z @ z.T / n
    squared = float(np.square(gram).sum())
    mean_variance = float(np.trace(gram)) / d
    spread = squared - d * mean_variance**2
    noise = (float(np.square(np.square(z).sum(axis=1)).mean()) - squared) / n
    noise *= n / int(used.sum())
    share = min(max(noise / spread, 0.0), 0.99) if spread > 0 else 0.99
    return max(share / (1 - share), 1e-6)


def _refitted(
    folded: Folded, classifier: str, seed: int, wx: Counts, wy: Counts
) -> Iterator[Judged]:
    """The same from a classifier of scikit-learn, refitted for every weighting."""
    rows = folded.rows
    fold = folded.partition[rows.unit]
    for held in range(folded.folds):
        here, others = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        side = np.zeros((len(wx), len(here)))
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
