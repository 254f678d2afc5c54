"""Sums of a kernel over pairs of rows, for many weightings of the units at once.

MMD and the energy distance need, for weights a and b over units, the form aᵀ S b where S[u, v]
sums k over the rows of u and v. The pooled sample's kernel is computed once, tile by tile in
bounded memory and only above the diagonal; permutations, bootstrap draws and half-splits are
then columns of one matrix product (Sutherland et al. 2017, arXiv:1611.04488, sec. 3, use the
same for permutations).

Pairs of rows *within* a unit are left out. For independent rows that is the U-statistic's i ≠ j.
For frames of a video it is the same idea, carried through: neighbouring frames are alike for a
reason that says nothing about the domain, and counting those pairs makes any two drives differ.
Where units are loose (independent rows gathered at random), pairs of two rows of a unit do count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from isthmus.errors import ConfigError
from isthmus.gap.estimate import Matrix
from isthmus.gap.metric import Counts, Floats, Rows, unit_sums
from isthmus.gap.weightings import Weightings, complementary

Kernel = Callable[[int, int, int, int], Matrix]  # rows i0:i1 × rows j0:j1 -> (i1 - i0, j1 - j0)

TILE = 1024
ROUNDING = 16
"""Units of rounding of a row's square by which its distance to a copy of itself may be wrong."""
HELD_UNITS = 4096


def products(z: Matrix, device: str = "cpu") -> Kernel:
    """The kernel <a, b> of the rows of `z` (rows, d); on any `device` but "cpu" by torch.

    Nearly all work of a metric of pairs is in here; what follows is done on the processor.

    Raises:
        ConfigError: torch does not know the device, or cannot use it here.
    """
    if device == "cpu":
        return lambda i0, i1, j0, j1: z[i0:i1] @ z[j0:j1].T
    import torch

    try:
        rows = torch.from_numpy(np.ascontiguousarray(z)).to(device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {device!r} cannot be used here: {error}") from None

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        result: Matrix = (rows[i0:i1] @ rows[j0:j1].T).cpu().numpy()
        return result

    return tile


def squared_distances(z: Matrix, device: str = "cpu") -> Kernel:
    """The kernel |a - b|² of the rows of `z` (rows, d), by matrix products."""
    squares = np.einsum("ij,ij->i", z, z)
    product = products(z, device)

    def tile(i0: int, i1: int, j0: int, j1: int) -> Matrix:
        out: Matrix = product(i0, i1, j0, j1)
        out *= -2
        out += squares[i0:i1, None]
        out += squares[None, j0:j1]
        return np.maximum(out, 0, out=out)

    return tile


def unresolved(z: Matrix) -> Matrix:
    """What `squared_distances` may give (rows,) for a copy of each row of `z` (rows, d)."""
    result: Matrix = ROUNDING * np.finfo(z.dtype).eps * np.einsum("ij,ij->i", z, z)
    return result


def u_statistic(rows: Rows, kernel: Kernel, wx: Counts, wy: Counts) -> Floats:
    """Mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over pairs that count, (r,)."""
    if rows.units <= HELD_UNITS:
        xx, yy, xy = _held_forms(rows, unit_gram(rows, kernel), wx, wy)
    else:
        xx, yy, xy = _streamed_forms(rows, kernel, wx, wy)
    sx, sy = wx * rows.sizes, wy * rows.sizes
    total_x, total_y = sx.sum(axis=1), sy.sum(axis=1)
    pairs_xx = total_x**2 - (sx**2).sum(axis=1)
    pairs_yy = total_y**2 - (sy**2).sum(axis=1)
    pairs_xy = total_x * total_y - (sx * sy).sum(axis=1)
    if rows.loose:
        within, pairs = _within(rows, kernel)
        xx, yy = xx + wx @ within, yy + wy @ within
        pairs_xx, pairs_yy = pairs_xx + wx @ pairs, pairs_yy + wy @ pairs
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = xx / pairs_xx + yy / pairs_yy - 2 * xy / pairs_xy
    return result


def _within(rows: Rows, kernel: Kernel) -> tuple[Floats, Floats]:
    """Sums of k over ordered pairs of different rows of each unit (units,), and their number."""
    ends = np.cumsum(rows.sizes).astype(int)
    sums = np.zeros(rows.units)
    for unit, (stop, size) in enumerate(zip(ends, rows.sizes.astype(int), strict=True)):
        tile = kernel(stop - size, stop, stop - size, stop)
        sums[unit] = tile.sum(dtype=np.float64) - np.trace(tile, dtype=np.float64)
    return sums, rows.sizes * (rows.sizes - 1)


def unit_gram(rows: Rows, kernel: Kernel) -> Floats:
    """S (units, units) in float64, zero where both units are the same."""
    gram = np.zeros((rows.units, rows.units))
    for u0, u1, v0, v1, _, tile in _unit_tiles(rows, kernel):
        gram[u0:u1, v0:v1] += tile
    upper = np.triu(gram, 1)
    # Tiles on the diagonal hold both triangles, tiles above it only theirs: keep one of each.
    result: Floats = upper + upper.T
    return result


def _held_forms(rows: Rows, gram: Floats, wx: Counts, wy: Counts) -> tuple[Floats, Floats, Floats]:
    sx, sy = Weightings(rows, wx, wy, np.float64).sums(gram)
    return _dot(sx, wx), _dot(sy, wy), _dot(sx, wy)


def _unit_tiles(rows: Rows, kernel: Kernel) -> Iterator[tuple[int, int, int, int, bool, Matrix]]:
    """Tiles of S on and above the diagonal: (u0, u1, v0, v1, above the diagonal?, sums)."""
    total = len(rows.unit)
    starts = range(0, total, TILE)
    for i0 in starts:
        i1 = min(i0 + TILE, total)
        for j0 in starts[i0 // TILE :]:
            j1 = min(j0 + TILE, total)
            u0, u1, by_unit = unit_sums(rows, kernel(i0, i1, j0, j1), i0, i1)
            v0, v1, tile = unit_sums(rows, by_unit.T, j0, j1)
            yield u0, u1, v0, v1, i0 != j0, tile.T


def _streamed_forms(
    rows: Rows, kernel: Kernel, wx: Counts, wy: Counts
) -> tuple[Floats, Floats, Floats]:
    """The three forms without ever holding S."""
    count = len(wx)
    xx, yy, xy = np.zeros(count), np.zeros(count), np.zeros(count)
    whole = complementary(wx, wy)
    # A tile above the diagonal stands for its mirror image too.
    for u0, u1, v0, v1, mirrored, sums in _unit_tiles(rows, kernel):
        tile = np.where(np.arange(u0, u1)[:, None] == np.arange(v0, v1), 0, sums)
        xi, yi = wx[:, u0:u1].any(axis=1), wy[:, u0:u1].any(axis=1)
        xj, yj = wx[:, v0:v1].any(axis=1), wy[:, v0:v1].any(axis=1)
        for chosen, derived in ((whole, True), (~whole, False)):
            need_x = chosen & xj & (xi | yi)
            need_y = chosen & yj & (yi | (xi & mirrored))
            if derived:
                need_x = need_y = chosen
            if not (need_x.any() or need_y.any()):
                continue
            bx = wx[need_x, v0:v1].astype(tile.dtype) @ tile.T
            xx[need_x] += _dot(bx, wx[need_x, u0:u1]) * (1 + mirrored)
            xy[need_x] += _dot(bx, wy[need_x, u0:u1])
            by = (
                tile.sum(axis=1)[None, :] - bx
                if derived
                else wy[need_y, v0:v1].astype(tile.dtype) @ tile.T
            )
            yy[need_y] += _dot(by, wy[need_y, u0:u1]) * (1 + mirrored)
            if mirrored:
                xy[need_y] += _dot(by, wx[need_y, u0:u1])
    return xx, yy, xy


def _dot(left: Matrix, right: Counts) -> Floats:
    result: Floats = (left * right).sum(axis=1, dtype=np.float64)
    return result
