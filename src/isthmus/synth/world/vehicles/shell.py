"""A body shell under the knife: half a surface whose faces get names (glass, lamps, grille…)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.vehicles.cage import BOTTOM, FRONT, REAR, SIDE, TOP, Body, cage
from isthmus.synth.world.vehicles.outline import Field
from isthmus.synth.world.vehicles.simplify import simplified
from isthmus.synth.world.vehicles.subdivision import DEPTH, Array, refined
from isthmus.synth.world.vehicles.surface import (
    Chosen,
    Lines,
    Surface,
    border,
    cut,
    inside,
    ribbon,
    trace,
    triangulated,
    wall,
)  # fmt: skip

ALL = (SIDE, TOP, FRONT, REAR)
ERROR = 0.004
"""By how much a cut may miss its outline, metres."""
KEPT = {2: (0.005, 15.0), 1: (0.040, 60.0), 0: (0.28, 180.0)}
"""Tolerance (metres) and bend (degrees) of simplification by level of detail."""
SHEET = ("door0", "door1", "bonnet", "lid")
"""Names of parts that are painted like the rest."""
_DOORS = {**dict.fromkeys(SHEET, ""), "paint_low": ""}
_COARSE = {"glass_dark": "glass", "glass_back": "glass", "frit": "glass", "frit_rear": "glass",
           "trim": "glass", "grille": "bumper", "plastic": "bumper", "indicator": "tail",
           }  # fmt: skip
MERGED: dict[int, dict[str, str]] = {2: {}, 1: _DOORS, 0: {**_DOORS, **_COARSE}}
"""Names that a coarse level no longer tells apart, and what becomes of them ("" is paint)."""


class Shell:
    """The right half of a body; faces are cut and named, and leave as meshes.

    Attributes:
        surface: the half surface. Zones below 10 are those of the cage, others are names.
        net: the surface before any cut.
        level: of detail, 0 to 2.
    """

    def __init__(self, body: Body, size: Sequence[float]) -> None:
        control, zone = cage(body)
        fine = refined(control, DEPTH)
        half = triangulated(fine, zone[fine.origin])
        keep = half.zone != BOTTOM
        points, normals = _fitted(half, size)
        self.surface = self.net = replace(half, points=points, normals=normals).only(keep)
        self.level = 2
        self._names: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The zone of a name, which is made when it is new."""
        return self._names.setdefault(name, 10 + len(self._names))

    def zones(self, *zones: int | str) -> Chosen:
        """(f,) faces of any of these zones or names."""
        wanted = [z if isinstance(z, int) else self.number(z) for z in zones]
        return np.isin(self.surface.zone, wanted)

    def name(
        self, name: str, field: Field, within: Sequence[int | str], error: float = 1.0,
        near: Chosen | None = None,
    ) -> None:  # fmt: skip
        """Cuts the faces of `within` along `field` and gives its inside the `name`.

        `error` is in units of `ERROR`; `near` (f,) limits the cut further.
        """
        here = self.zones(*within)
        if near is not None:
            here &= near
        # The mark survives the cut, which makes new faces.
        marked = replace(self.surface, zone=self.surface.zone + 100 * here)
        done = cut(marked, field, marked.zone >= 100, error * ERROR)
        chosen = (done.zone >= 100) & inside(done, field)
        zone = np.where(chosen, self.number(name), done.zone % 100)
        self.surface = replace(done, zone=zone)

    def facing(self, axis: int, least: float) -> Chosen:
        """(f,) faces whose normal has at least `least` along `axis` (at most, when negative)."""
        value = self.surface.facing()[:, axis]
        return value > least if least > 0 else value < least

    def at(self, level: int) -> Shell:
        """A copy with fewer faces, as befits a level of detail (0 to 2)."""
        twin = copy(self)
        zone = self.surface.zone.copy()
        for name, other in MERGED[level].items():
            zone[zone == self.number(name)] = self.number(other) if other else SIDE
        twin.surface = simplified(replace(self.surface, zone=zone), *KEPT[level])
        twin.level = level
        return twin

    def drop(self, name: str) -> None:
        """Makes a hole of named faces."""
        self.surface = self.surface.only(~self.zones(name))

    def hole(self, field: Field, within: float = 0.01) -> Lines:
        """The open border along the contour of `field`, the body to its left."""
        rim = border(self.surface, np.ones(len(self.surface), bool))
        off = np.abs(field(rim.points.reshape(-1, 3))).reshape(-1, 2).max(axis=1)
        return Lines(rim.points[off < within], rim.normals[off < within])

    def mesh(self, *zones: int | str, lift: float = 0.0) -> Mesh:
        """The faces of zones or names, moved outwards by `lift`."""
        return self.surface.mesh(self.zones(*zones), lift)

    def collect(self, out: dict[str, list[Mesh]]) -> None:
        """All faces by the slot of their name; unnamed ones and sheet metal go to `paint`."""
        for name in self._names:
            slot = "frit" if name == "frit_rear" else name
            if name not in SHEET:
                out.setdefault(slot, []).append(self.mesh(name))
        out.setdefault("paint", []).append(self.mesh(*ALL, *SHEET))

    def seam(
        self, field: Field, within: Sequence[int | str], near: Chosen | None = None,
        width: float = 0.008, lift: float = 0.0012,
    ) -> Mesh:  # fmt: skip
        """A ribbon along the contour of `field`."""
        here = self.zones(*within)
        if near is not None:
            here &= near
        return ribbon(trace(self.surface, field, here), width, lift)

    def rim(self, name: str, width: float, lift: float, shift: float = 0.0) -> Mesh:
        """A ribbon along the border of named faces, but for where the whole surface ends."""
        lines = border(self.surface, self.zones(name))
        inner = np.abs(lines.points[..., 0]).max(axis=1) > 1e-6
        return ribbon(Lines(lines.points[inner], lines.normals[inner]), width, lift, shift)

    def reveal(self, name: str, towards: Sequence[float]) -> Mesh:
        """Walls from the border of named faces, `towards` (3,) metres."""
        return wall(border(self.surface, self.zones(name)), np.asarray(towards, np.float64))

    def line(self, row: float, first: float, last: float) -> Array:
        """Points (n, 3) of the surface along a row of the cage, from ring `first` to `last`."""
        used = np.unique(self.net.faces[np.isin(self.net.zone, (SIDE, TOP))])
        place = self.net.places[used]
        on = (np.abs(place[:, 1] - row) < 1e-6) & (place[:, 0] >= first) & (place[:, 0] <= last)
        chosen = used[on]
        return self.net.points[chosen[np.argsort(self.net.places[chosen, 0])]]

    def across(self, ring: float, first: float, last: float) -> Array:
        """Points (n, 3) along a ring of the cage, from row `first` to `last`."""
        used = np.unique(self.net.faces[np.isin(self.net.zone, (SIDE, TOP))])
        place = self.net.places[used]
        on = (np.abs(place[:, 0] - ring) < 1e-6) & (place[:, 1] >= first) & (place[:, 1] <= last)
        chosen = used[on]
        return self.net.points[chosen[np.argsort(self.net.places[chosen, 1])]]

    def probe(self, axis: int, sign: float, at: Sequence[float]) -> tuple[Array, Array]:
        """Point (3,) and normal (3,) where a ray against ±`axis` first meets the half surface.

        `at` are the other two coordinates in ascending order of axes. Where it misses, the point
        of the surface nearest to the ray.
        """
        u, v = (k for k in range(3) if k != axis)
        corner = self.surface.points[self.surface.faces]
        flat = corner[:, :, [u, v]] - np.asarray(at, np.float64)
        a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
        w0, w1, w2 = _cross(b, c), _cross(c, a), _cross(a, b)
        total = w0 + w1 + w2
        share = np.stack([w0, w1, w2], axis=1) / np.where(total == 0, 1.0, total)[:, None]
        hit = (share.min(axis=1) >= -1e-6) & (np.abs(total) > 1e-9)
        facing = self.surface.facing()[:, axis] * sign > 0
        if not np.any(hit & facing):
            far = np.where(facing, np.linalg.norm(flat.mean(axis=1), axis=1), np.inf)
            k = int(far.argmin())
            return corner[k].mean(axis=0), self.surface.normals[k].mean(axis=0)
        depth = np.where(hit & facing, sign * np.einsum("ij,ij->i", share, corner[:, :, axis]),
                         -np.inf)  # fmt: skip
        k = int(depth.argmax())
        normal = share[k] @ self.surface.normals[k]
        return share[k] @ corner[k], normal / np.linalg.norm(normal)


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _fitted(half: Surface, size: Sequence[float]) -> tuple[Array, Array]:
    """Points and normals scaled so that the points have (width, height, length).

    Heights are scaled about the axles' height, so that sills stay where they are.
    """
    low, high = half.points.min(axis=0), half.points.max(axis=0)
    scale = np.array(
        [0.5 * size[0] / high[0], (size[1] - 0.3) / (high[1] - 0.3), size[2] / (high[2] - low[2])]
    )
    points = half.points.copy()
    points[:, 0] *= scale[0]
    points[:, 1] = 0.3 + (points[:, 1] - 0.3) * scale[1]
    points[:, 2] = (points[:, 2] - 0.5 * (low[2] + high[2])) * scale[2]
    normals = half.normals / scale
    return points, normals / np.linalg.norm(normals, axis=2, keepdims=True)
