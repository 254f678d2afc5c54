"""Where the gap lives among conditions: each slice of the source against each of the target.

A slice is what an attribute takes one value in: clear or rain, day or night, or a bin of a measured
condition. All cells share one scale (for `mmd` one bandwidth, from all frames), so that values
compare. Every p-value is adjusted for the number of cells looked at (see `isthmus.gap.multiple`):
of a hundred cells without any gap five would stand out otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError, IsthmusError
from isthmus.gap.estimate import Estimate, Matrix, checked_pair
from isthmus.gap.inference import Scale, measure, scaled
from isthmus.gap.metric import Floats, pooled_rows
from isthmus.gap.mmd import median_bandwidth
from isthmus.gap.multiple import benjamini_hochberg

LEAST_FRAMES = 20
UNKNOWN = ("", None)
Labels = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class SliceCell:
    """The gap between one source slice and one target slice.

    `value`, `low`, `high`, `floor`, `ratio`: as in `Estimate`; `p_value` of the cell alone,
    `q_value` adjusted for all cells of the call; `stands_out`: q at most the false discovery rate
    asked for, and the value above its floor. `n`, `m`: frames.
    """

    source: str
    target: str
    value: float
    low: float | None
    high: float | None
    floor: float | None
    ratio: float | None
    p_value: float | None
    q_value: float | None
    stands_out: bool
    n: int
    m: int
    units_x: int
    units_y: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SkippedSlice:
    """A slice, or a cell, that was not measured: `side` "source", "target" or "cell", and why."""

    side: str
    slice: str
    frames: int
    reason: str


@dataclass(frozen=True, slots=True)
class SliceMatrix:
    """All cells of a source attribute (rows) against a target attribute (columns)."""

    source_attribute: str
    target_attribute: str
    metric: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[SliceCell, ...]
    skipped: tuple[SkippedSlice, ...]
    fdr: float
    warnings: tuple[str, ...] = ()

    def values(self, name: str = "value") -> Floats:
        """(rows, columns) of one field of the cells; NaN where a cell is missing or not known."""
        out = np.full((len(self.rows), len(self.columns)), np.nan)
        for cell in self.cells:
            found = getattr(cell, name)
            place = self.rows.index(cell.source), self.columns.index(cell.target)
            out[place] = np.nan if found is None else float(found)
        return out

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        document = asdict(self)
        for key in ("rows", "columns", "warnings"):
            document[key] = list(document[key])
        document["cells"] = [{**c, "warnings": list(c["warnings"])} for c in document["cells"]]
        document["skipped"] = list(document["skipped"])
        return document


def slice_matrices(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    attributes_x: Mapping[str, Labels],
    attributes_y: Mapping[str, Labels],
    pairs: Sequence[tuple[str, str]] | None = None,
    *,
    metric: str = "mmd",
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    least: int = LEAST_FRAMES,
    fdr: float = 0.05,
    permutations: int = 999,
    bootstraps: int = 200,
    floor_splits: int = 50,
    seed: int = 0,
    scale: Scale = "none",
    **params: Any,
) -> tuple[SliceMatrix, ...]:
    """One matrix for every pair of attributes, p-values adjusted over the cells of all of them.

    Args:
        x, y: features (n, d) and (m, d).
        attributes_x, attributes_y: attribute → value of each frame; None or "" for unknown.
        pairs: (source attribute, target attribute) to compare; None: attributes of both sides,
            each with itself.
        metric, groups_x, groups_y, permutations, bootstraps, floor_splits, seed, scale: as for
            `isthmus.gap.measure`.
        least: frames a slice must have on its side, 4 or more; smaller ones are in `skipped`.
        fdr: false discovery rate, between 0 and 1.
        **params: of the metric.

    Raises:
        InputError: labels that do not fit the frames, or an attribute that a side lacks.
        ConfigError: numbers out of their range, an unknown metric.
    """
    if not 0 < fdr < 1 or least < 4:
        raise ConfigError(f"fdr = {fdr}, least = {least}; expected 0 < fdr < 1 and least ≥ 4")
    left, right = checked_pair(x, y)
    if scale == "pooled":
        left, right, _ = scaled(left, right)
    chosen = [(name, name) for name in attributes_x if name in attributes_y]
    chosen = chosen if pairs is None else list(pairs)
    if not chosen:
        raise InputError("no attribute is known on both sides; name pairs of attributes")
    if metric == "mmd" and not {"kernel", "bandwidth"} & set(params):
        params["bandwidth"] = median_bandwidth(pooled_rows(left, right))[0]
    settings: dict[str, Any] = {"permutations": permutations, "bootstraps": bootstraps}
    settings |= {"floor_splits": floor_splits, "seed": seed, "metric": metric, **params}
    sides = (_Side("source", left, groups_x), _Side("target", right, groups_y))
    found = [
        _matrix(
            sides,
            (a, _checked(attributes_x, a, len(left), "source")),
            (b, _checked(attributes_y, b, len(right), "target")),
            least=least,
            fdr=fdr,
            settings=settings,
        )
        for a, b in chosen
    ]
    return _adjusted(found, fdr, permutations)


def condition_bins(x: npt.ArrayLike, y: npt.ArrayLike, count: int = 3) -> tuple[Labels, Labels]:
    """Labels for a measured condition: `count` bins with equally many frames of both sides pooled.

    `x` (n,), `y` (m,); values that are not finite get None. A label reads "0.21 to 0.4"; equal
    edges are joined, so that there may be fewer bins.

    Raises:
        InputError: no finite value.
    """
    sides = [np.asarray(side, np.float64) for side in (x, y)]
    pooled = np.concatenate(sides)
    pooled = pooled[np.isfinite(pooled)]
    if not len(pooled) or count < 1:
        raise InputError(f"{len(pooled)} finite values cannot be cut into {count} bins")
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, count + 1)))
    names = [f"{a:.3g} to {b:.3g}" for a, b in pairwise(edges)]
    names = names or [f"{edges[0]:.3g}"]
    return tuple(_binned(side, edges, names) for side in sides)  # type: ignore[return-value]


def _binned(values: Floats, edges: Floats, names: list[str]) -> Labels:
    place = np.clip(np.searchsorted(edges[1:-1], values, side="right"), 0, len(names) - 1)
    return [names[p] if np.isfinite(v) else None for p, v in zip(place, values, strict=True)]


@dataclass(frozen=True)
class _Side:
    role: str
    rows: Matrix
    groups: Sequence[Any] | None

    def part(self, labels: Labels, wanted: str) -> tuple[Matrix, list[Any] | None]:
        """Rows of a slice in their order, and their groups."""
        chosen = [i for i, label in enumerate(labels) if label == wanted]
        groups = None if self.groups is None else [self.groups[i] for i in chosen]
        return self.rows[chosen], groups


def _checked(attributes: Mapping[str, Labels], name: str, count: int, role: str) -> Labels:
    if name not in attributes:
        raise InputError(
            f"the {role} has no attribute {name!r}; it has {', '.join(attributes) or 'none'}"
        )
    if len(attributes[name]) != count:
        raise InputError(
            f"attribute {name!r} of the {role}: {len(attributes[name])} values for {count} frames"
        )
    return attributes[name]


def _matrix(
    sides: tuple[_Side, _Side],
    source: tuple[str, Labels],
    target: tuple[str, Labels],
    *,
    least: int,
    fdr: float,
    settings: dict[str, Any],
) -> SliceMatrix:
    skipped: list[SkippedSlice] = []
    names = [
        _large_enough(side.role, labels, least, skipped)
        for side, (_, labels) in zip(sides, (source, target), strict=True)
    ]
    cells = []
    for a in names[0]:
        for b in names[1]:
            x, groups_x = sides[0].part(source[1], a)
            y, groups_y = sides[1].part(target[1], b)
            try:
                found = measure(x, y, groups_x=groups_x, groups_y=groups_y, **settings)
            except IsthmusError as error:
                skipped.append(SkippedSlice("cell", f"{a} → {b}", len(x) + len(y), str(error)))
                continue
            cells.append(_cell(a, b, found))
    return SliceMatrix(
        source_attribute=source[0],
        target_attribute=target[0],
        metric=str(settings["metric"]),
        rows=names[0],
        columns=names[1],
        cells=tuple(cells),
        skipped=tuple(skipped),
        fdr=fdr,
    )


def _cell(source: str, target: str, found: Estimate) -> SliceCell:
    return SliceCell(
        source=source,
        target=target,
        value=found.value,
        low=found.low,
        high=found.high,
        floor=found.floor,
        ratio=found.ratio,
        p_value=found.p_value,
        q_value=None,
        stands_out=bool(found.above_floor),
        n=found.n,
        m=found.m,
        units_x=found.units_x,
        units_y=found.units_y,
        warnings=found.warnings,
    )


def _large_enough(
    role: str, labels: Labels, least: int, skipped: list[SkippedSlice]
) -> tuple[str, ...]:
    """Names of slices to measure, in order of the alphabet; the others go to `skipped`."""
    counts = Counter(label for label in labels if label not in UNKNOWN)
    unknown = sum(label in UNKNOWN for label in labels)
    if unknown:
        skipped.append(SkippedSlice(role, "(unknown)", unknown, "the attribute is not known"))
    names = []
    for name, count in sorted((str(name), count) for name, count in counts.items()):
        if count >= least:
            names.append(name)
        else:
            skipped.append(SkippedSlice(role, name, count, f"fewer than {least} frames"))
    return tuple(names)


def _adjusted(found: list[SliceMatrix], fdr: float, permutations: int) -> tuple[SliceMatrix, ...]:
    cells = [cell for matrix in found for cell in matrix.cells]
    adjusted = iter(benjamini_hochberg([cell.p_value for cell in cells]))
    warnings: tuple[str, ...] = ()
    if permutations and len(cells) / (permutations + 1) > fdr:
        warnings = (
            f"{permutations} permutations for {len(cells)} cells: a single cell cannot stand out; "
            f"at least {int(np.ceil(len(cells) / fdr))} are needed",
        )
    out = []
    for matrix in found:
        done = []
        for cell in matrix.cells:
            q = next(adjusted)
            out_of_chance = q is not None and q <= fdr
            done.append(replace(cell, q_value=q, stands_out=cell.stands_out and out_of_chance))
        out.append(replace(matrix, cells=tuple(done), warnings=warnings))
    return tuple(out)
