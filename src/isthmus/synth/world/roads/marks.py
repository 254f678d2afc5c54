"""A collector of thin flat shapes on a road: lines, dashes, bars, polygons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.roads.curve import Reals
from isthmus.synth.world.roads.ribbon import Bed, fan, quads, ribbon
from isthmus.synth.world.thing import Part


class Marks:
    """Shapes of a few materials, laid a few millimetres above one road.

    Args:
        bed: the road's centre line.
        lift: metres above the asphalt; what lies on top of other shapes is lifted more.
        stations: (n,) the road's corners, which long lines must share to lie flat on it.
    """

    def __init__(self, bed: Bed, stations: Reals, lift: float = 0.008) -> None:
        self.bed, self.stations, self.lift = bed, stations, lift
        self._bars: dict[Material, list[Reals]] = {}
        self._meshes: dict[Material, list[Mesh]] = {}

    def line(self, material: Material, d: float, span: tuple[float, float], width: float) -> None:
        """A solid line of `width` along d, over a span of s."""
        low, high = span
        inside = self.stations[(self.stations > low + 0.2) & (self.stations < high - 0.2)]
        s = np.concatenate([[low], inside, [high]])
        mesh = ribbon(self.bed, s, (d - width / 2, d + width / 2), (self.lift, self.lift))
        self._meshes.setdefault(material, []).append(mesh)

    def bar(self, material: Material, s: tuple[float, float], d: tuple[float, float]) -> None:
        """A rectangle."""
        (a, b), (left, right) = s, d
        self.bars(material, [[(a, left), (b, left), (b, right), (a, right)]])

    def bars(self, material: Material, corners: ArrayLike) -> None:
        """Quadrilaterals (q, 4, 2) of places (s, d)."""
        places = np.asarray(corners, np.float64).reshape(-1, 4, 2)
        self._bars.setdefault(material, []).append(places)

    def dashes(
        self, material: Material, d: float, span: tuple[float, float], dash: tuple[float, float],
        width: float,
    ) -> None:  # fmt: skip
        """Dashes along d, over a span of s; `dash` is (length, gap)."""
        low, high = span
        starts = np.arange(low, high - 0.5 * dash[0], sum(dash))
        ends = np.minimum(starts + dash[0], high)
        left, right = np.full_like(starts, d - width / 2), np.full_like(starts, d + width / 2)
        corners = [(starts, left), (ends, left), (ends, right), (starts, right)]
        self.bars(material, np.stack([np.stack(c, axis=-1) for c in corners], axis=1))

    def shape(self, material: Material, corners: Sequence[tuple[float, float]] | Reals) -> None:
        """A polygon (n, 2) of places (s, d), star-shaped from its first corner."""
        mesh = fan(self.bed, np.asarray(corners), self.lift)
        self._meshes.setdefault(material, []).append(mesh)

    def parts(self, semantic: str) -> list[Part]:
        """One part a material, in order of first use."""
        for material, places in self._bars.items():
            mesh = quads(self.bed, np.concatenate(places), self.lift)
            self._meshes.setdefault(material, []).append(mesh)
        self._bars = {}
        return [Part(join(meshes), m, semantic) for m, meshes in self._meshes.items()]
