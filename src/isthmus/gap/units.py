"""Which frames may count as independent: sequences, blocks of a video, or the frames themselves.

Frames of a video are near copies of each other; treating 400 of them as 400 observations makes
any two drives "differ significantly". Three cases:

- No groups given: the caller says that frames are independent; each is a unit.
- At least 8 sequences on both sides: a sequence is a unit (cluster inference).
- Fewer: contiguous blocks within sequences, of one length for both sides (blocks of different
  length are not exchangeable). The length is 4 τ, where τ is the lag at which the autocorrelation
  of the leading principal components falls below 1/e, taken on the side where it is longer; up to
  2 τ frames between neighbouring blocks are left out, because a permutation would otherwise put
  two halves of one moment on opposite sides. At least 4 blocks a side are kept, at the price of
  shorter ones; a warning says when that happened.

Where sequences are named on one side only, each frame of the other still counts as independent:
nothing is known to the contrary, and a warning says so.

Why 4 τ with a gap of 2 τ: on AR(1) videos of 120 to 400 frames with coefficients 0.8 to 0.95, MMD
with blocks of 2 τ and no gap rejects a true null hypothesis in 26 % of cases or more at the 5 %
level. With this rule all five metrics of the panel reject in 5 to 8 % at coefficient 0.8 (400 and
200 frames) and in 7 to 10 % at 0.9 (three times 150 and 120 frames, about 12 τ on the shorter
side; 400 draws each). Shorter sides than that, in units of τ, reject too often, and are warned
about. `benchmarks/gap_calibration.py` repeats this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.errors import InputError
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Floats, Indices

SEQUENCES_ENOUGH = 8
BLOCKS_LEAST = 4
BLOCKS_WANTED = 6
LENGTH = 4.0
GAP = 2.0
GAP_SHARE = 0.6
COMPONENTS = 5
GATHERED = 2000
GATHERED_LEAST = 500


@dataclass(frozen=True)
class Units:
    """A unit number for each row of x and y (-1: left out between blocks), and what they are.

    `kind`: "frames", "sequences" or "blocks"; `block_length`: frames a block and the gap after
    it, together; `gap`: frames left out between neighbouring blocks; `decorrelation`: τ in frames;
    `gathered`: independent frames that share a unit for speed.
    """

    x: Indices
    y: Indices
    kind: str
    block_length: int | None = None
    gap: int = 0
    decorrelation: float | None = None
    warnings: tuple[str, ...] = ()
    gathered: int = 1

    @property
    def count_x(self) -> int:
        """Units of x."""
        return int(self.x.max()) + 1

    @property
    def count_y(self) -> int:
        """Units of y."""
        return int(self.y.max()) + 1


def find_units(
    x: Matrix,
    y: Matrix,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
) -> Units:
    """The units of `x` (n, d) and `y` (m, d).

    `groups_x` (n,), `groups_y` (m,): the sequence of each frame, frames of a sequence in the
    order of time; None or "" in it marks a frame without a sequence, which stands for itself.
    Frames that are known to be independent are said to be so by a name of its own for each.
    """
    if groups_x is None and groups_y is None:
        return Units(np.arange(len(x)), np.arange(len(y)), "frames")
    runs_x, runs_y = _sequences(len(x), groups_x, "x"), _sequences(len(y), groups_y, "y")
    units = _of_runs(x, y, runs_x, runs_y)
    named_x, named_y = _any_named(groups_x), _any_named(groups_y)
    count = len(y if named_x else x)
    notes = _one_sided(named_x, named_y, runs_x + runs_y, count)
    return replace(units, warnings=units.warnings + notes)


def _of_runs(x: Matrix, y: Matrix, runs_x: list[Indices], runs_y: list[Indices]) -> Units:
    if min(len(runs_x), len(runs_y)) >= SEQUENCES_ENOUGH:
        units_x, units_y = _numbered(len(x), runs_x), _numbered(len(y), runs_y)
        if len(runs_x) == len(x) and len(runs_y) == len(y):
            return Units(units_x, units_y, "frames")
        return Units(units_x, units_y, "sequences")
    return _blocks(x, y, runs_x, runs_y)


def _one_sided(named_x: bool, named_y: bool, runs: list[Indices], count: int) -> tuple[str, ...]:
    """What to say where sequences of several frames are named on one side only."""
    if named_x == named_y or max(map(len, runs)) == 1:
        return ()
    known, other = ("x, the first", "y, the second")[:: 1 if named_x else -1]
    return (
        f"only {known} side, has sequences: each of the {count} frames of {other} side, counts as "
        "independent; if they are frames of a video, p-value, interval and floor are optimistic "
        "until their sequences are given too",
    )


def longest_units(
    pairs: Iterable[tuple[Matrix, Matrix]],
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
) -> Units:
    """Units for several features of the same frames: those of the pair that stays alike longest.

    `pairs`: (n, d) and (m, d) each, with the same frames as rows; groups: see `find_units`.
    """
    found = [find_units(x, y, groups_x, groups_y) for x, y in pairs]
    return max(found, key=lambda units: (units.block_length or 0, units.decorrelation or 0.0))


def gather(units: Units, seed: int) -> Units:
    """Put independent frames into units of a few, drawn at random, where there are very many.

    Exchanging whole groups of independent frames is a permutation test as exact as exchanging
    single ones, and drawing groups with replacement shows the same spread; the work falls with
    the number of units. At least `GATHERED_LEAST` units a side are kept.
    """
    count_x, count_y = units.count_x, units.count_y
    wanted = -(-(count_x + count_y) // (2 * GATHERED))
    size = min(wanted, min(count_x, count_y) // GATHERED_LEAST)
    if units.kind != "frames" or size < 2 or (units.x < 0).any() or (units.y < 0).any():
        return units
    sides = [
        seeds.generator(seed, "gathered", name).permutation(
            np.arange(count) * (count // size) // count
        )
        for name, count in (("x", count_x), ("y", count_y))
    ]
    return replace(units, x=sides[0], y=sides[1], gathered=size)


def _sequences(count: int, groups: Sequence[Any] | None, name: str) -> list[Indices]:
    """Row numbers of each sequence, in order of first appearance."""
    if groups is None:
        return [np.array([row]) for row in range(count)]
    if len(groups) != count:
        raise InputError(
            f"groups_{name} has {len(groups)} entries for {count} rows; give one sequence a row"
        )
    members: dict[Any, list[int]] = {}
    for row, group in enumerate(groups):
        named = _is_named(group)
        members.setdefault(("sequence", group) if named else ("alone", row), []).append(row)
    return [np.array(rows) for rows in members.values()]


def _is_named(group: Any) -> bool:
    return not (group is None or group == "")


def _any_named(groups: Sequence[Any] | None) -> bool:
    return groups is not None and any(map(_is_named, groups))


def _numbered(count: int, runs: list[Indices]) -> Indices:
    out = np.full(count, -1, dtype=np.int64)
    for number, rows in enumerate(runs):
        out[rows] = number
    return out


def _blocks(x: Matrix, y: Matrix, runs_x: list[Indices], runs_y: list[Indices]) -> Units:
    tau = max(decorrelation(x, runs_x), decorrelation(y, runs_y))
    sides = ((len(x), runs_x), (len(y), runs_y))
    wanted = max(1, int(np.ceil(LENGTH * tau)))
    length = max(1, min(wanted, *(count // BLOCKS_LEAST for count, _ in sides)))
    while length > 1 and any(_count(runs, length) < BLOCKS_LEAST for _, runs in sides):
        length -= 1
    gap = int(min(round(GAP * tau), GAP_SHARE * length)) if length > 1 else 0
    x_units, y_units = (_cut(count, runs, length, gap) for count, runs in sides)
    blocks = int(x_units.max()) + 1, int(y_units.max()) + 1
    warnings: tuple[str, ...] = ()
    if length < wanted:
        warnings += (
            f"frames stay alike for about {tau:.0f} frames, blocks of {wanted} would be needed "
            f"and {length} are all that these lengths allow: p-values and intervals are "
            "optimistic; more or longer sequences would settle it",
        )
    if min(blocks) < BLOCKS_WANTED:
        warnings += (f"only {blocks[0]} and {blocks[1]} independent blocks of frames a side",)
    drives = [len([rows for rows in runs if len(rows) > 1]) for _, runs in sides]
    few = [
        f"{number} {'sequence' if number == 1 else 'sequences'} of {name}"
        for number, name in zip(drives, "xy", strict=True)
        if 0 < number < SEQUENCES_ENOUGH
    ]
    if few and length > 1:
        warnings += (
            f"{' and '.join(few)}: the result tells these drives apart; "
            f"it takes {SEQUENCES_ENOUGH} a side to speak of drives in general",
        )
    kind = "blocks" if length > 1 else "frames"
    return Units(x_units, y_units, kind, length if length > 1 else None, gap, tau, warnings)


def decorrelation(x: Matrix, runs: list[Indices]) -> float:
    """τ: frames until the leading components' autocorrelation falls below 1/e; 0 if it never rose.

    Components are centred on the whole side, so that what sets sequences apart counts as
    correlation within them.
    """
    scores = _leading(x)
    variance = float(np.square(scores).sum()) / len(scores)
    longest = max(len(rows) for rows in runs)
    if variance == 0 or longest < 3:
        return 0.0
    before = 1.0
    for lag in range(1, longest):
        products = [_lagged(scores[rows], lag) for rows in runs if len(rows) > lag]
        pairs = sum(count for _, count in products)
        now = sum(total for total, _ in products) / pairs / variance
        if lag == 1 and now < 2 / np.sqrt(pairs):
            return 0.0
        if now < np.exp(-1):
            return float(lag - 1 + (before - np.exp(-1)) / (before - now))
        before = now
    return float(longest)


def _lagged(scores: Floats, lag: int) -> tuple[float, int]:
    return float((scores[:-lag] * scores[lag:]).sum()), len(scores) - lag


def _leading(x: Matrix) -> Floats:
    """Scores (n, k) on the leading components, by the smaller of the two Gram matrices."""
    z = x.astype(np.float64)
    z -= z.mean(axis=0)
    k = min(COMPONENTS, *z.shape)
    if z.shape[1] <= z.shape[0]:
        scores: Floats = z @ np.linalg.eigh(z.T @ z)[1][:, -k:]
        return scores
    values, vectors = np.linalg.eigh(z @ z.T)
    result: Floats = vectors[:, -k:] * np.sqrt(np.maximum(values[-k:], 0))
    return result


def _pieces(runs: list[Indices], length: int) -> Iterator[tuple[Indices, int]]:
    """Rows that are cut into equal blocks, with their number; short sequences are joined first.

    A union of independent units is a unit; joining brings short sequences to the blocks' length.
    """
    joined: list[list[Indices]] = [[]]
    for rows in runs:
        if len(rows) >= length:
            yield rows, len(rows) // length
            continue
        joined[-1].append(rows)
        if sum(len(part) for part in joined[-1]) >= length:
            joined.append([])
    rest = joined.pop()
    if joined and 2 * sum(len(part) for part in rest) < length:
        joined[-1] += rest
    elif rest:
        joined.append(rest)
    for parts in joined:
        yield np.concatenate(parts), 1


def _count(runs: list[Indices], length: int) -> int:
    return sum(number for _, number in _pieces(runs, length))


def _cut(count: int, runs: list[Indices], length: int, gap: int) -> Indices:
    out = np.full(count, -1, dtype=np.int64)
    first = 0
    for rows, number in _pieces(runs, length):
        edges = np.round(np.linspace(0, len(rows), number + 1)).astype(int)
        for block, (start, stop) in enumerate(pairwise(edges)):
            # The gap is taken half from either neighbour; a sequence's ends have none.
            lead = (gap + 1) // 2 if block else 0
            tail = gap // 2 if block < number - 1 else 0
            out[rows[start + lead : stop - tail]] = first + block
        first += number
    return out
