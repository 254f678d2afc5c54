"""Galleries: the frames that make the gap, ranked, without showing the same moment twice.

Three scores rank frames, each for both sides:

witness     the frame's own share of MMD² (Gretton et al., JMLR 13, 2012; see `witness`): how much
            denser its surroundings are with its own side's frames than with the other's
classifier  held-out log-odds to belong to the source, of a logistic regression with a unit normal
            prior on its weights (features of variance 1/d), which keeps the odds finite where the
            domains are told apart without error; it never judges a frame whose unit it has learnt
            from
distance    distance to the nearest frame of the other side, over the median of the distances
            to the nearest frame (of another unit) within that other side

Videos fill a ranking with copies of one moment. Frames are taken greedily from the top; one that
is near a taken one, in time or in features, is passed over and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus import seeds
from isthmus.errors import ConfigError, InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.folds import fold_of_units
from isthmus.gap.inference import Scale, scaled
from isthmus.gap.metric import Floats, Indices, pooled_rows
from isthmus.gap.pairs import squared_distances
from isthmus.gap.units import find_units
from isthmus.gap.witness import witness

SCORES = ("witness", "classifier", "distance")
FOLDS = 5
ALIKE = 0.25
APART = 15
ROWS_AT_ONCE = 1024
SAMPLED = 1000


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """One frame of a gallery: its row in the features, its id, its score."""

    row: int
    id: str
    sequence: str
    value: float


@dataclass(frozen=True, slots=True)
class Gallery:
    """A ranking of frames.

    `side`: "source" or "target"; `title`: "most target-like source frames" or "least source-like
    target frames"; `score`: one of `SCORES`; `entries`: best first; `passed_over`: frames ranked
    before the last entry that are near duplicates of one shown.
    """

    side: str
    title: str
    score: str
    entries: tuple[GalleryEntry, ...]
    passed_over: int

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {**asdict(self), "entries": [asdict(entry) for entry in self.entries]}


@dataclass(frozen=True)
class FrameScores:
    """One score of every frame, `x` (n,) and `y` (m,).

    For `witness` and `classifier` low means target-like on both sides; for `distance` low means
    near to the other side.
    """

    name: str
    x: Floats
    y: Floats


def frame_scores(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    seed: int = 0,
    scale: Scale = "none",
) -> tuple[FrameScores, ...]:
    """The three scores of every row of `x` (n, d) and `y` (m, d), in the order of `SCORES`.

    Raises:
        InputError: features that are no finite matrices, or fewer than two units a side.
    """
    left, right = checked_pair(x, y)
    if scale == "pooled":
        left, right, _ = scaled(left, right)
    units = find_units(left, right, groups_x, groups_y)
    whole_x, whole_y = _filled(units.x), _filled(units.y)
    shares = witness(left, right, units_x=whole_x, units_y=whole_y)
    logits = domain_logits(left, right, whole_x, whole_y, seed=seed)
    distances = nearest_distances(left, right, whole_x, whole_y)
    return (
        FrameScores("witness", shares.x, shares.y),
        FrameScores("classifier", *logits),
        FrameScores("distance", *distances),
    )


def _filled(units: Indices) -> Indices:
    """Units with the frames between two blocks given to the block before them."""
    out = units.copy()
    last = 0
    for row, unit in enumerate(units):
        last = unit if unit >= 0 else last
        out[row] = last
    return out


def domain_logits(
    x: Matrix, y: Matrix, units_x: Indices, units_y: Indices, *, seed: int = 0
) -> tuple[Floats, Floats]:
    """Log-odds (n,), (m,) that a row is one of x; whole units are held out, sides count alike.

    Raises:
        InputError: fewer than two units on a side.
    """
    from sklearn.linear_model import LogisticRegression

    fewest = min(len(np.unique(units_x)), len(np.unique(units_y)))
    if fewest < 2:
        raise InputError("a held-out classifier needs two units (frames, sequences, blocks) a side")
    numbers = [np.unique(u, return_inverse=True)[1].astype(np.int64) for u in (units_x, units_y)]
    rows = pooled_rows(x, y, *numbers)
    fold = fold_of_units(rows, min(FOLDS, fewest), seed, 0)
    of_unit = [fold[numbers[0]], fold[numbers[1] + rows.units_x]]
    pooled = np.concatenate([x, y]).astype(np.float64)
    spread = pooled.std(axis=0)
    pooled = (pooled - pooled.mean(axis=0)) / np.where(spread > 0, spread, 1)
    pooled /= np.sqrt(pooled.shape[1])
    folds, side = np.concatenate(of_unit), np.r_[np.ones(len(x), int), np.zeros(len(y), int)]
    out = np.zeros(len(pooled))
    for held in range(int(folds.max()) + 1):
        model: Any = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000)
        model.fit(pooled[folds != held], side[folds != held])
        out[folds == held] = model.decision_function(pooled[folds == held])
    return out[: len(x)], out[len(x) :]


def nearest_distances(
    x: Matrix, y: Matrix, units_x: Indices, units_y: Indices
) -> tuple[Floats, Floats]:
    """Distance (n,), (m,) to the nearest row of the other side, over that side's own spacing."""
    tile = squared_distances(pooled_rows(x, y).z)
    n, total = len(x), len(x) + len(y)
    units = np.concatenate([units_x, units_y])
    to_x, to_y = np.empty(total), np.empty(total)
    for start in range(0, total, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, total)
        for a, b, out in ((0, n, to_x), (n, total, to_y)):
            distances = tile(start, stop, a, b)
            rows = np.arange(start, stop)
            own = ((rows < n) == (a < n))[:, None] & (units[start:stop, None] == units[None, a:b])
            out[start:stop] = np.where(own, np.inf, distances).min(axis=1)
    to_x, to_y = np.sqrt(to_x), np.sqrt(to_y)
    spacing = [float(np.median(part)) for part in (to_x[:n], to_y[n:])]
    steps = [s if np.isfinite(s) and s > 0 else 1.0 for s in spacing]
    return to_y[:n] / steps[1], to_x[n:] / steps[0]


def galleries(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    ids_x: Sequence[str],
    ids_y: Sequence[str],
    groups_x: Sequence[str] | None = None,
    groups_y: Sequence[str] | None = None,
    times_x: Sequence[float] | None = None,
    times_y: Sequence[float] | None = None,
    count: int = 12,
    apart: float = APART,
    alike: float = ALIKE,
    seed: int = 0,
    scale: Scale = "none",
) -> tuple[Gallery, ...]:
    """Most target-like source frames and least source-like target frames, by each score.

    Args:
        x, y: features (n, d) of the source and (m, d) of the target.
        ids_x, ids_y: id of each row.
        groups_x, groups_y: the sequence of each row, "" or None for none.
        times_x, times_y: time of each row within its sequence, in any unit; None: its place.
        count: entries of a gallery, at most.
        apart: entries of one sequence are at least this far apart in time; 0: no such rule.
        alike: entries are farther apart in features than this share of the median distance of two
            frames of their side; 0: no such rule.
        seed, scale: as for `measure`.

    Raises:
        InputError: ids, groups or times that do not fit the rows.
        ConfigError: numbers out of their range.
    """
    if count < 1 or apart < 0 or alike < 0:
        raise ConfigError(f"count = {count}, apart = {apart}, alike = {alike}: out of range")
    left, right = checked_pair(x, y)
    if scale == "pooled":
        left, right, _ = scaled(left, right)
    sides = {
        "source": _Side.of(left, ids_x, groups_x, times_x, seed),
        "target": _Side.of(right, ids_y, groups_y, times_y, seed),
    }
    out = []
    for score in frame_scores(left, right, groups_x=groups_x, groups_y=groups_y, seed=seed):
        titles = ("most target-like source frames", "least source-like target frames")
        far = -1.0 if score.name == "distance" else 1.0
        orders = (np.argsort(score.x, kind="stable"), np.argsort(far * score.y, kind="stable"))
        values = (score.x, score.y)
        for (name, side), title, order, value in zip(
            sides.items(), titles, orders, values, strict=True
        ):
            chosen, passed = side.without_duplicates(order, count, apart, alike)
            entries = tuple(
                GalleryEntry(row, side.ids[row], side.groups[row], float(value[row]))
                for row in chosen
            )
            out.append(Gallery(name, title, score.name, entries, passed))
    return tuple(out)


@dataclass(frozen=True)
class _Side:
    z: Matrix
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    times: Floats
    typical: float

    @classmethod
    def of(
        cls,
        z: Matrix,
        ids: Sequence[str],
        groups: Sequence[str] | None,
        times: Sequence[float] | None,
        seed: int,
    ) -> _Side:
        """With places in the sequence for times, and the median distance of two frames."""
        named = ["" if group is None else str(group) for group in groups or [""] * len(z)]
        seen: dict[str, int] = {}
        places = []
        for name in named:
            seen[name] = seen.get(name, -1) + 1
            places.append(seen[name])
        when = np.asarray(places if times is None else times, np.float64)
        if not len(ids) == len(named) == len(when) == len(z):
            raise InputError(
                f"{len(ids)} ids, {len(named)} groups and {len(when)} times for {len(z)} rows"
            )
        rng = seeds.generator(seed, "gallery", "typical distance")
        some = z[np.sort(rng.permutation(len(z))[:SAMPLED])].astype(np.float64)
        squares = squared_distances(some - some.mean(axis=0))(0, len(some), 0, len(some))
        typical = float(np.sqrt(np.median(squares[np.triu_indices(len(some), 1)])))
        return cls(z, tuple(ids), tuple(named), when, typical)

    def without_duplicates(
        self, order: Indices, count: int, apart: float, alike: float
    ) -> tuple[list[int], int]:
        """The first `count` rows in order that are near no row taken before; rows passed over."""
        chosen: list[int] = []
        passed = 0
        for row in map(int, order):
            if len(chosen) == count:
                break
            if any(self._near(row, other, apart, alike) for other in chosen):
                passed += 1
            else:
                chosen.append(row)
        return chosen, passed

    def _near(self, a: int, b: int, apart: float, alike: float) -> bool:
        together = self.groups[a] != "" and self.groups[a] == self.groups[b]
        if together and abs(self.times[a] - self.times[b]) < apart:
            return True
        distance = float(np.linalg.norm(self.z[a].astype(np.float64) - self.z[b]))
        return alike > 0 and distance <= alike * self.typical
