"""How much of the target's domain the source covers, cell by cell.

A cell is a value of an attribute, or a combination of up to t attributes' values. Of each: how
often source and target show it (Wilson's intervals, frames of a video counted for what they are
worth), what would be expected in the target by the source's frames weighted with a density ratio,
and whether it is *covered*: enough source frames for what the target asks. Target frames that lie
in a cell that is not covered are the *uncovered mass*; 1 less its share is the coverage that a plan
is to raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.attributes import Facts, value_of
from isthmus.cornercases.odd import DesignDomain, Row
from isthmus.errors import InputError
from isthmus.quality.completeness import Combination, t_way
from isthmus.quality.completeness import Coverage as Combinations
from isthmus.quality.shares import wilson
from isthmus.quality.support import weighted_share

Column = NDArray[np.float64]
FEWEST_LEFT = 20
"""Target frames outside a cell from which a gap is measured; fewer say next to nothing."""
LEAST_FRAMES = 5
"""Source frames that a cell needs to be covered at all."""
ENOUGH = 0.5
"""Share of the target's share (lower end) that the source must reach."""
LEAST_TARGET = 3
LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Side:
    """Frames of one side with their attributes.

    Attributes:
        ids: of the frames.
        rows: attribute → value of each; attributes that cannot be told are absent.
        worth: number of independent frames that they are.
    """

    ids: tuple[str, ...]
    rows: tuple[Row, ...]
    worth: float

    @classmethod
    def of(
        cls, ids: Sequence[str], facts: Sequence[Facts], domain: DesignDomain, worth: float
    ) -> Side:
        """Attributes of the domain, taken from what is known of the frames."""
        rows = []
        for known in facts:
            values = {name: value_of(name, known) for name in domain.attributes}
            rows.append({name: v for name, v in values.items() if v is not None})
        return cls(tuple(ids), tuple(rows), worth)

    def members(self, cell: Combination) -> list[int]:
        """Frames that lie in a cell."""
        return [i for i, row in enumerate(self.rows) if all(row.get(n) == v for n, v in cell)]

    def knows(self, names: Sequence[str]) -> bool:
        """Whether all these attributes are told of some frame."""
        return any(all(n in row for n in names) for row in self.rows)


@dataclass(frozen=True)
class Cell:
    """One cell of the domain on both sides.

    Attributes:
        values: attribute → value.
        source, target: frames in it.
        source_share, target_share: (share, low, high), 95 %.
        expected: share in the target that the source's weighted frames let expect; None without
            weights.
        covered: see the module's text.
        source_ids, target_ids: frames in it, in order.
    """

    values: Row
    source: int
    target: int
    source_share: tuple[float, float, float]
    target_share: tuple[float, float, float]
    expected: float | None
    covered: bool
    source_ids: tuple[str, ...]
    target_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """Readable, unique within a domain."""
        return "+".join(f"{name}-{value}" for name, value in self.values.items())

    @property
    def missing(self) -> float:
        """How much rarer it is in the source than in the target, as a share of frames."""
        return max(0.0, self.target_share[0] - self.source_share[0])


@dataclass(frozen=True)
class Coverage:
    """Coverage of the target by the source.

    Attributes:
        cells: all cells of up to `strength` attributes that either side shows.
        covered_mass: share of target frames no cell of which is uncovered.
        uncovered_ids: the other target frames, those with most uncovered cells first.
        completeness: t → combinations of the whole domain that the source shows, of the possible.
        unknown: attributes that the target does not tell.
    """

    cells: tuple[Cell, ...]
    covered_mass: float
    uncovered_ids: tuple[str, ...]
    completeness: Mapping[int, Combinations]
    unknown: tuple[str, ...]


def coverage(
    source: Side, target: Side, domain: DesignDomain, weights: Column | None = None
) -> Coverage:
    """Cells of `domain` on both sides, and how much of the target is covered.

    Args:
        source, target: frames with attributes.
        domain: attributes, rules, strength.
        weights: (n,) density ratios of the source's frames.

    Raises:
        InputError: no frames, or no attribute that both sides tell.
    """
    if not source.ids or not target.ids:
        raise InputError("coverage: both sides need frames")
    names = [n for n in domain.attributes if source.knows([n]) and target.knows([n])]
    if not names:
        raise InputError(
            "coverage: the target tells none of the domain's attributes "
            f"({', '.join(domain.attributes)}); label attributes are the source's alone"
        )
    known = {n: domain.attributes[n] for n in names}
    cells = []
    for strength in range(1, min(domain.strength, len(names)) + 1):
        ours, theirs = (t_way(s.rows, known, strength, domain.never) for s in (source, target))
        for combination in dict.fromkeys((*theirs.counts, *ours.counts)):
            cells.append(_cell(combination, source, target, weights))
    at_fault = np.zeros(len(target.ids), np.int64)
    for cell in cells:
        if not cell.covered:
            at_fault[target.members(tuple(cell.values.items()))] += 1
    order = np.argsort(-at_fault, kind="stable")
    return Coverage(
        tuple(cells),
        float((at_fault == 0).mean()),
        tuple(target.ids[i] for i in order if at_fault[i]),
        {
            t: t_way(source.rows, domain.attributes, t, domain.never)
            for t in range(1, min(3, len(domain.attributes)) + 1)
        },
        tuple(n for n in domain.attributes if n not in names),
    )


def _cell(combination: Combination, source: Side, target: Side, weights: Column | None) -> Cell:
    ours, theirs = source.members(combination), target.members(combination)
    shares = []
    for side, members in ((source, ours), (target, theirs)):
        share = len(members) / len(side.ids)
        shares.append((share, *wilson(share, side.worth)))
    asked = max(ENOUGH * shares[1][1], 0.0)
    negligible = len(theirs) < LEAST_TARGET or shares[1][0] < LEAST_SHARE
    covered = negligible or (len(ours) >= LEAST_FRAMES and shares[0][0] >= asked)
    expected = None
    if weights is not None:
        inside = np.zeros(len(source.ids), bool)
        inside[ours] = True
        expected = weighted_share(inside, weights)
    return Cell(
        dict(combination),
        len(ours),
        len(theirs),
        shares[0],
        shares[1],
        expected,
        covered,
        tuple(source.ids[i] for i in ours),
        tuple(target.ids[i] for i in theirs),
    )


def own_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Uncovered cells that are not explained by one of fewer attributes, most missing first.

    A combination says something of its own where each of its values alone is covered; otherwise
    what is missing is that value, and every combination with it.
    """
    open_cells = [cell for cell in cells if not cell.covered]
    known = {tuple(sorted(cell.values.items())) for cell in open_cells}
    chosen = [
        cell
        for cell in open_cells
        if not any(
            tuple(sorted(part)) in known
            for size in range(1, len(cell.values))
            for part in combinations(cell.values.items(), size)
        )
    ]
    return sorted(chosen, key=lambda cell: (-cell.missing, cell.name))


def explained_gap(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    members: NDArray[np.bool_],
) -> float | None:
    """Share of the gap that goes when the target's frames of a cell are left out, at most 1.

    The gap is the squared distance of the means of features (n, d) and (m, d), each over its
    deviation among the frames of both sets (each set counting for a half: no feature adds more than
    4, however little it varies within a set), less what it would be by chance. None where there is
    next to no gap, or where fewer than 20 frames lie outside the cell to tell by. Below 0: the
    cell's frames lie nearer to the source than the others.
    """
    deviation = _deviation(source, target)
    usable = deviation > 1e-6
    x, y = (rows[:, usable] / deviation[usable] for rows in (source, target))
    whole = _between_means(x, y)
    rest = y[~members]
    if whole <= 0 or len(rest) < FEWEST_LEFT:
        return None
    return min(1.0, 1 - max(0.0, _between_means(x, rest)) / whole)


def _deviation(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    """(d,) standard deviations of a sample that is half of either set."""
    shift = x.mean(axis=0, dtype=np.float64) - y.mean(axis=0, dtype=np.float64)
    within = x.var(axis=0, dtype=np.float64) + y.var(axis=0, dtype=np.float64)
    deviation: NDArray[np.float64] = np.sqrt(within / 2 + np.square(shift) / 4)
    return deviation


def _between_means(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Unbiased estimate of the squared distance of means (linear MMD)."""
    chance = x.var(axis=0, ddof=1).sum() / len(x) + y.var(axis=0, ddof=1).sum() / len(y)
    return float(np.square(x.mean(axis=0) - y.mean(axis=0)).sum() - chance)
