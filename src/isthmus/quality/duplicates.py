"""Copies: exact ones by the bytes of the file, near ones by similar fingerprints or features.

All pairs are compared, in blocks of matrix products: 100 000 vectors of 512 numbers take a minute
or two and no more memory than the vectors and one block. What links more than two frames (a car
that stands at the lights) is a group: connected components of the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError

Matrix = NDArray[np.float32]
Indices = NDArray[np.int64]
BLOCK = 4096
MOST_PAIRS = 1_000_000


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows that are alike, most alike first.

    Attributes:
        first, second: (k,) row numbers; of one set, first < second.
        similarity: (k,) cosines, falling.
        count: pairs in all; more than k where only the most alike `MOST_PAIRS` are listed.
        group: (n,) of one set: number of the group that each row belongs to, by first member.
    """

    first: Indices
    second: Indices
    similarity: NDArray[np.float32]
    count: int
    group: Indices

    def __len__(self) -> int:
        return len(self.first)

    @property
    def groups(self) -> list[list[int]]:
        """Groups of two rows or more, each in order, by first member."""
        members: dict[int, list[int]] = {}
        for row, name in enumerate(self.group.tolist()):
            members.setdefault(name, []).append(row)
        return [rows for rows in members.values() if len(rows) > 1]

    @property
    def distinct(self) -> int:
        """Rows that are left if each group counts once."""
        return len(np.unique(self.group))


def exact_groups(digests: Sequence[str]) -> list[list[int]]:
    """Positions that share a digest, two or more each, by first position."""
    places: dict[str, list[int]] = {}
    for position, digest in enumerate(digests):
        places.setdefault(digest, []).append(position)
    return [group for group in places.values() if len(group) > 1]


def near_duplicates(
    features: Matrix,
    threshold: float,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Pairs:
    """Pairs of rows of `features` (n, d) whose cosine is `threshold` or more.

    Rows of length 0 are like nothing.

    Raises:
        InputError: features that are not finite, or a threshold not within (0, 1].
    """
    unit = unit_rows(features, threshold)
    n = len(unit)
    found = _Collector(n)
    starts = range(0, n, BLOCK)
    total, done = len(starts) * (len(starts) + 1) // 2, 0
    for i in starts:
        for j in range(i, n, BLOCK):
            rows, columns, values = _alike(unit[i : i + BLOCK], unit[j : j + BLOCK], threshold)
            if i == j:
                above = rows < columns
                rows, columns, values = rows[above], columns[above], values[above]
            found.add(rows + i, columns + j, values)
            done += 1
            if progress:
                progress(done, total, "near duplicates")
    return found.pairs()


def near_across(one: Matrix, other: Matrix, threshold: float) -> Pairs:
    """Pairs of a row of `one` (n, d) and a row of `other` (m, d); `group` is empty.

    Raises:
        InputError: as `near_duplicates`, or other numbers of features.
    """
    if one.shape[1:] != other.shape[1:]:
        raise InputError(f"features of {one.shape[1:]} and {other.shape[1:]} numbers: not the same")
    left, right = unit_rows(one, threshold), unit_rows(other, threshold)
    found = _Collector(0)
    for i in range(0, len(left), BLOCK):
        for j in range(0, len(right), BLOCK):
            rows, columns, values = _alike(left[i : i + BLOCK], right[j : j + BLOCK], threshold)
            found.add(rows + i, columns + j, values)
    return found.pairs()


def unit_rows(features: Matrix, threshold: float) -> Matrix:
    """Rows brought to length 1 (0 stays 0), float32, after a check of both."""
    if not 0 < threshold <= 1:
        raise InputError(f"near duplicates: threshold {threshold}; expected above 0, at most 1")
    if features.ndim != 2 or not np.isfinite(features).all():
        raise InputError("near duplicates: features are not finite numbers in rows (n, d)")
    rows = features.astype(np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(length > 0, length, 1)
    return rows


def _alike(a: Matrix, b: Matrix, threshold: float) -> tuple[Indices, Indices, NDArray[np.float32]]:
    products = a @ b.T
    # Rounding must not lose copies at a threshold of 1.
    flat = np.flatnonzero(products >= threshold - 1e-6)
    rows, columns = np.divmod(flat, len(b))
    return rows, columns, products.ravel()[flat]


class _Collector:
    """Pairs as they come; groups stay exact however many pairs there are."""

    def __init__(self, n: int) -> None:
        self.n, self.count = n, 0
        self.parts: list[tuple[Indices, Indices, NDArray[np.float32]]] = []
        self.held = 0
        self.group = np.arange(n)

    def add(self, first: Indices, second: Indices, similarity: NDArray[np.float32]) -> None:
        if not len(first):
            return
        self.count += len(first)
        self.held += len(first)
        self.parts.append((first, second, similarity))
        if self.n:
            self._join(first, second)
        if self.held > 4 * MOST_PAIRS:
            self.parts = [self._best()]
            self.held = len(self.parts[0][0])

    def _join(self, first: Indices, second: Indices) -> None:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        a = np.concatenate([np.arange(self.n), first])
        b = np.concatenate([self.group, second])
        links = coo_array((np.ones(len(a), bool), (a, b)), shape=(self.n, self.n))
        _, names = connected_components(links, directed=False)
        _, heads = np.unique(names, return_index=True)
        self.group = heads[names]

    def _best(self) -> tuple[Indices, Indices, NDArray[np.float32]]:
        if not self.parts:
            none = np.zeros(0, np.int64)
            return none, none, np.zeros(0, np.float32)
        first, second, similarity = (np.concatenate(p) for p in zip(*self.parts, strict=True))
        order = np.lexsort((second, first, -similarity))[:MOST_PAIRS]
        return first[order], second[order], similarity[order]

    def pairs(self) -> Pairs:
        first, second, similarity = self._best()
        return Pairs(first, second, np.minimum(similarity, 1), self.count, self.group)
