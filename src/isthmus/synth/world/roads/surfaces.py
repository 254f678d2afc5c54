"""Asphalt, kerbs, verges, sidewalks, medians and the blocks behind them, corners included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.roads.curve import Reals
from isthmus.synth.world.roads.layout import Arm, Junction, Layout
from isthmus.synth.world.roads.palette import Palette
from isthmus.synth.world.roads.ribbon import Bed, fan, grid, ribbon, stations
from isthmus.synth.world.roads.section import KERB_WIDTH, SHOULDER, VERGE_HEIGHT, Side
from isthmus.synth.world.thing import Part

BLOCK_DEPTH = 34.0
"""How far the even ground of a block reaches behind the fronts of its buildings, metres."""
ARC = 10
"""Pieces of a rounded corner."""

Layers = dict[str, list[Mesh]]


def surfaces(layout: Layout, palette: Palette) -> list[Part]:
    """All paved and planted surfaces near the roads.

    Returns:
        Parts in world axes: "road", "sidewalk" and "terrain" by their meaning.
    """
    layers: Layers = {name: [] for name in SEMANTIC}
    main = Bed(layout.main.curve, layout.land)
    s = main_stations(layout)
    section = layout.main.section
    layers["asphalt"].append(
        ribbon(main, s, (-section.left.kerb, 0.0, section.right.kerb), (0.0, 0.0, 0.0))
    )
    for sign in (-1, 1):
        _main_side(layout, main, s, sign, layers)
    _median(layout, main, s, layers)
    if layout.junction:
        for arm in layout.junction.arms:
            _arm(layout, layout.junction, arm, layers)
    return [
        Part(join(meshes), getattr(palette, name), SEMANTIC[name])
        for name, meshes in layers.items()
        if meshes
    ]


SEMANTIC = {
    "asphalt": "road", "side_asphalt": "road", "kerb": "sidewalk", "walk": "sidewalk",
    "verge": "terrain", "gravel": "terrain", "block": "terrain",
}  # fmt: skip


def main_stations(layout: Layout) -> Reals:
    """Where the strips of the main road have their corners."""
    breaks: list[float] = []
    for sign in (-1, 1):
        breaks += layout.gap(sign) or ()
        breaks += _block_gap(layout, sign) or ()
    for span in layout.median_spans():
        breaks += span
    return stations(layout.main.start, layout.main.end, breaks)


def _block_gap(layout: Layout, sign: int) -> tuple[float, float] | None:
    """(from, to) where the block beside the main road makes way for an arm and its sidewalks."""
    for arm in layout.junction.arms if layout.junction else ():
        if arm.side == sign:
            assert layout.junction is not None
            near, far = (arm.road.section.side(-sign * end).edge for end in (-1, 1))
            return layout.junction.s - near, layout.junction.s + far
    return None


def depth_of_block(layout: Layout, sign: int) -> float:
    """How far from the main centre line the block of a side reaches, metres.

    Inside a bend it ends well before the bend's centre.
    """
    side = layout.main.section.side(sign)
    bend = float(np.abs(layout.main.curve.curvature).max())
    return float(min(side.front + BLOCK_DEPTH, 0.75 / max(bend, 1e-6)))


def _runs(s: Reals, gap: tuple[float, float] | None) -> list[Reals]:
    if gap is None:
        return [s]
    tolerance = 1e-5
    return [part for part in (s[s <= gap[0] + tolerance], s[s >= gap[1] - tolerance])
            if len(part) > 1]  # fmt: skip


def _main_side(layout: Layout, bed: Bed, s: Reals, sign: int, layers: Layers) -> None:
    side = layout.main.section.side(sign)
    for run in _runs(s, layout.gap(sign)):
        _edge(Run(bed, run, sign), side, layers)
    outer = depth_of_block(layout, sign)
    for run in _runs(s, _block_gap(layout, sign)):
        layers["block"].append(_block(Run(bed, run, sign), side, outer))


@dataclass(frozen=True)
class Run:
    """A stretch of one side of a road: stations s (n,), +1 right or −1 left."""

    bed: Bed
    s: Reals
    sign: int

    def lay(self, far: Sequence[float], lifts: Sequence[float]) -> Mesh:
        """A ribbon whose distances from the centre line are given from the inside outward."""
        if self.sign > 0:
            return ribbon(self.bed, self.s, far, lifts)
        return ribbon(self.bed, self.s, [-d for d in reversed(far)], lifts[::-1])


def _edge(run: Run, side: Side, layers: Layers) -> None:
    """Kerb, verge and sidewalk of one side (or shoulder and verge where there is no kerb)."""
    inner, outer = side.walk
    if not side.raised:
        k = side.kerb
        layers["gravel"].append(run.lay((k, k + 0.5, k + SHOULDER), (0.0, -0.015, VERGE_HEIGHT)))
        layers["verge"].append(run.lay((k + SHOULDER, side.edge), (VERGE_HEIGHT,) * 2))
        return
    h, k = side.raised, side.kerb
    layers["kerb"].append(run.lay(*kerb_profile(side)))
    if side.verge:
        layers["verge"].append(run.lay((k + KERB_WIDTH, inner), (h, h)))
    layers["walk"].append(run.lay((inner, outer), (h, h)))


def kerb_profile(side: Side) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Distances and heights of a kerb's corners: a battered face, a bevel, a flat top."""
    k, h = side.kerb, side.raised
    return (k, k + 0.012, k + 0.03, k + KERB_WIDTH), (-0.03, h - 0.015, h, h)


def _block(run: Run, side: Side, outer: float) -> Mesh:
    h = side.raised or VERGE_HEIGHT
    return run.lay((side.edge, outer - 2.0, outer), (h, h, -0.3))


def _median(layout: Layout, bed: Bed, s: Reals, layers: Layers) -> None:
    half, height = layout.main.section.median / 2 - 0.1, layout.main.section.right.raised
    for low, high in layout.median_spans():
        run = s[(s >= low - 1e-5) & (s <= high + 1e-5)]
        if len(run) < 2:
            continue
        top = half - KERB_WIDTH
        for sign in (-1, 1):
            rim = Run(bed, run, sign)
            layers["kerb"].append(rim.lay((top, half - 0.02, half), (height, height, -0.03)))
        layers["verge"].append(ribbon(bed, run, (-top, top), (height, height)))
        for end in (low, high):
            ends = bed.points(np.full(2, end), (-half, half), 0.0)
            cap = np.stack([ends, ends + np.array([0.0, height, 0.0])], axis=1)
            layers["kerb"].append(grid(cap if end == high else cap[::-1], (0.0, 2 * half)))


def _arm(layout: Layout, junction: Junction, arm: Arm, layers: Layers) -> None:
    """An arm's surfaces from the main road's edge on, with its two corners."""
    bed = Bed(arm.road.curve, layout.land)
    main = layout.main.section.side(arm.side)
    left, right = arm.road.section.left, arm.road.section.right
    starts = {end: main.kerb + junction.reach(layout.main.section, arm, end) for end in (-1, 1)}
    beyond = depth_of_block(layout, arm.side)
    s = stations(main.kerb, arm.road.end, [*starts.values(), beyond])
    layers["side_asphalt"].append(ribbon(bed, s, (-left.kerb, 0.0, right.kerb), (0.0,) * 3))
    for end in (-1, 1):
        sign = -arm.side * end
        side = arm.road.section.side(sign)
        _edge(Run(bed, s[s >= starts[end] - 1e-5], sign), side, layers)
        outer = min(side.front + BLOCK_DEPTH, 60.0)
        layers["block"].append(_block(Run(bed, s[s >= beyond - 1e-5], sign), side, outer))
        _corner(layout, junction, arm, end, layers)


def _corner(layout: Layout, junction: Junction, arm: Arm, end: int, layers: Layers) -> None:
    """The rounded corner between the main road and one side of an arm.

    In (a, b): metres from the junction's middle along the main road (away from the arm), and
    from the main centre line towards the arm.
    """
    bed = Bed(layout.main.curve, layout.land)
    main, other = layout.main.section.side(arm.side), arm.road.section.side(-arm.side * end)
    r, reach = junction.radius, junction.reach(layout.main.section, arm, end)
    phi = np.linspace(0.0, np.pi / 2, ARC + 1)
    a = np.concatenate([[other.kerb + reach], other.kerb + r - r * np.sin(phi), [other.kerb]])
    b = np.concatenate([[main.kerb], main.kerb + r - r * np.cos(phi), [main.kerb + reach]])
    away = np.stack([
        np.concatenate([[0.0], np.sin(phi), [1.0]]), np.concatenate([[1.0], np.cos(phi), [0.0]]),
    ], axis=1)  # fmt: skip
    line = np.stack([a, b], axis=1)
    keep = np.append(True, np.linalg.norm(np.diff(line, axis=0), axis=1) > 1e-6)
    line, away = line[keep], away[keep]  # a corner may begin where its arc does

    def places(ab: Reals) -> Reals:
        return np.stack([junction.s + end * ab[..., 0], arm.side * ab[..., 1]], axis=-1)

    asphalt = np.concatenate([[[other.kerb, main.kerb]], line])
    layers["side_asphalt"].append(fan(bed, places(asphalt)))
    if main.raised:
        distances, lifts = kerb_profile(main)
        offsets = [d - main.kerb for d in distances]
        rim, paving, last = "kerb", "walk", KERB_WIDTH
    else:
        offsets, lifts = [0.0, 0.5, SHOULDER], (0.0, -0.015, VERGE_HEIGHT)
        rim, paving, last = "gravel", "verge", SHOULDER
    rows = line[:, None] + np.asarray(offsets)[None, :, None] * away[:, None]
    spots = places(rows)
    points = bed.points(spots[..., 0], spots[..., 1], np.asarray(lifts)[None])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    inward = arm.side * end < 0  # the block lies to the right of this run
    layers[rim].append(grid(points if inward else points[::-1], length))
    inner = line + last * away
    ring = np.concatenate([
        [[other.edge, main.edge], [other.kerb + reach, main.edge]], inner,
        [[other.edge, main.kerb + reach]],
    ])  # fmt: skip
    layers[paving].append(fan(bed, places(ring), main.raised or VERGE_HEIGHT))
