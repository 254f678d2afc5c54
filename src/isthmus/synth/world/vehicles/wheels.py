"""Wheels: tyres, rims, the wheels of lorries. The axle is X, +X looks outwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat
from isthmus.synth.world.vehicles.solids import joined, turned
from isthmus.synth.world.vehicles.subdivision import Array


@dataclass(frozen=True)
class Rim:
    """A rim's spokes.

    Attributes:
        count: of spokes (of pairs when `spread` is not 0).
        hub, rim: width of a spoke at the hub and at the rim, in radii of the rim.
        spread: half angle between the two spokes of a pair at the rim, degrees.
        twist: by how much a spoke leans sideways from hub to rim, degrees.
        share: the rim's radius in radii of the tyre.
        dish: how deep the hub lies behind the rim's edge, in widths of the tyre.
    """

    count: int
    hub: float
    rim: float
    spread: float = 0.0
    twist: float = 0.0
    share: float = 0.70
    dish: float = 0.06


RIMS: Mapping[str, Rim] = MappingProxyType(
    {
        "five": Rim(5, 0.34, 0.26, share=0.71),
        "twin": Rim(5, 0.15, 0.13, spread=11.0, share=0.71),
        "ten": Rim(10, 0.15, 0.13),
        "many": Rim(15, 0.09, 0.07, share=0.72),
        "turbine": Rim(7, 0.22, 0.36, twist=14.0),
        "cover": Rim(8, 0.30, 0.30, share=0.64, dish=0.02),
    }
)
HEAVY = "heavy"
"""The steel wheel of trucks and buses."""


@lru_cache(maxsize=64)
def wheel(design: str, radius: float, width: float, level: int) -> Mapping[str, Mesh]:
    """Meshes of `tyre`, `rim` and `disc` (dark inside) of a wheel about the origin.

    Args:
        design: a name in `RIMS`, or `HEAVY`.
        radius: of the tyre, metres.
        width: of the tyre, metres.
        level: of detail, 0 to 2.
    """
    heavy = design == HEAVY
    rim = Rim(0, 0.0, 0.0, share=0.58) if heavy else RIMS[design]
    edge = rim.share * radius
    segments = (10, 16, 26)[level]
    parts = {"tyre": _tyre(radius, width, edge, segments, level)}
    if level == 0:
        parts["rim"] = turned([(0.42 * width, edge), (0.36 * width, 1e-4)], segments, sharp=60)
    elif heavy:
        parts |= _heavy(width, edge, (10, 12, 18)[level], level)
    else:
        parts["rim"] = joined(
            [_rim_ring(width, edge, segments, level), *_spokes(rim, width, edge, level)]
        )
        parts["disc"] = _inside(width, edge, segments // 2, level)
    return MappingProxyType(parts)


def _tyre(radius: float, width: float, edge: float, segments: int, level: int) -> Mesh:
    wide, tall = 0.5 * width, radius - edge
    profile = [
        (-0.86 * wide, radius), (0.80 * wide, radius), (0.93 * wide, radius - 0.10 * tall),
        (1.0 * wide, radius - 0.45 * tall), (0.92 * wide, edge),
    ]  # fmt: skip
    if level == 2:
        profile = [(-0.98 * wide, radius - 0.30 * tall), *profile]
    elif level == 1:
        profile = [(-wide, edge), (-0.95 * wide, radius), (0.86 * wide, radius),
                   (wide, radius - 0.45 * tall), (0.9 * wide, edge)]  # fmt: skip
    else:
        profile = [(-0.95 * wide, radius), (0.9 * wide, radius), (wide, edge)]
    return turned(profile, segments, sharp=50)


def _rim_ring(width: float, edge: float, segments: int, level: int) -> Mesh:
    wide = 0.5 * width
    if level == 1:
        return turned([(0.9 * wide, edge), (0.84 * wide, 0.92 * edge)], segments)
    return turned(
        [(0.90 * wide, 1.01 * edge), (0.93 * wide, 0.975 * edge), (0.84 * wide, 0.93 * edge)],
        segments, sharp=70,
    )  # fmt: skip


def _inside(width: float, edge: float, segments: int, level: int) -> Mesh:
    """Barrel, back and brake disc, all dark."""
    wide = 0.5 * width
    if level < 2:
        return turned([(0.5 * wide, edge), (0.2 * wide, 1e-4)], segments, sharp=60)
    return turned(
        [(0.84 * wide, 0.94 * edge), (0.10 * wide, 0.90 * edge), (0.10 * wide, 0.62 * edge),
         (0.3 * wide, 0.60 * edge), (0.3 * wide, 1e-4)],
        segments,
    )  # fmt: skip


def _spokes(rim: Rim, width: float, edge: float, level: int) -> list[Mesh]:
    wide = 0.5 * width
    out = 0.80 * wide
    hub = out - rim.dish * width
    cap = [(hub - 0.01, 0.235 * edge), (hub + 0.006, 0.20 * edge), (hub + 0.012, 1e-4)]
    found = [turned(cap if level == 2 else cap[1:], 12 if level == 2 else 6, sharp=60)]
    # Sections of a spoke: radius, x of its face, half width, lean.
    sections = [(0.17, hub, rim.hub, 0.0), (0.55, hub + 0.35 * (out - hub), 0.0, 0.5),
                (0.96, out, rim.rim, 1.0)]  # fmt: skip
    sections[1] = (*sections[1][:2], 0.46 * (rim.hub + rim.rim), 0.5)
    if level == 1:
        sections = [sections[0], sections[2]]
    signs = (-1.0, 1.0) if rim.spread else (0.0,)
    points: list[Array] = []
    faces: list[tuple[int, int, int]] = []
    for k in range(rim.count):
        for sign in signs:
            lean = np.radians(rim.twist + sign * rim.spread)
            turn = 2 * np.pi * k / rim.count + 0.5 * np.pi
            section = [_section(edge, turn + lean * s[3], *s[:3]) for s in sections]
            start = 4 * len(points)
            points += section
            faces += _prism(start, len(section), level)
    found.append(flat(np.concatenate(points), np.array(faces)))
    return found


def _section(edge: float, angle: float, share: float, x: float, width: float) -> Array:
    """Four points across a spoke: back, face, face, back."""
    r, half = share * edge, 0.5 * width * edge
    along = np.array([0.0, np.sin(angle), np.cos(angle)])
    side = np.array([0.0, np.cos(angle), -np.sin(angle)])
    back = x - 0.022
    return np.array(
        [
            r * along - 1.25 * half * side + [back, 0, 0],
            r * along - half * side + [x, 0, 0],
            r * along + half * side + [x, 0, 0],
            r * along + 1.25 * half * side + [back, 0, 0],
        ]
    )


def _prism(start: int, sections: int, level: int) -> list[tuple[int, int, int]]:
    faces = []
    for k in range(sections - 1):
        for i in range(3) if level == 2 else (1,):
            a, b = start + 4 * k + i, start + 4 * k + i + 1
            faces += [(a, a + 4, b), (b, a + 4, b + 4)]
    return faces


def _heavy(width: float, edge: float, segments: int, level: int) -> dict[str, Mesh]:
    """A dished steel disc with a hub and round openings."""
    wide = 0.5 * width
    if level < 2:
        outline = [(0.92 * wide, edge), (-0.1 * wide, 0.80 * edge), (0.30 * wide, 0.42 * edge),
                   (0.82 * wide, 0.28 * edge), (0.86 * wide, 1e-4)]  # fmt: skip
        return {"rim": turned(outline, segments, sharp=30)}
    dish = turned(
        [(0.92 * wide, 1.0 * edge), (0.90 * wide, 0.92 * edge), (-0.2 * wide, 0.82 * edge),
         (0.0, 0.52 * edge), (0.32 * wide, 0.40 * edge), (0.80 * wide, 0.30 * edge),
         (0.86 * wide, 0.22 * edge), (0.86 * wide, 1e-4)],
        segments, sharp=30,
    )  # fmt: skip
    holes = []
    for angle in 2 * np.pi * np.arange(8) / 8:
        centre = 0.68 * edge * np.array([0.0, np.sin(angle), np.cos(angle)])
        around = 2 * np.pi * np.arange(6) / 6
        rim = 0.085 * edge * np.stack([0 * around, np.cos(around), np.sin(around)], axis=1)
        corners = rim + centre + [0.02 * wide, 0, 0]
        corners[:, 0] += 0.01 - 0.35 * wide * (np.linalg.norm(corners[:, 1:], axis=1) / edge - 0.60)
        faces = [(0, i, i + 1) for i in range(1, 5)]
        holes.append(flat(corners, faces))
    return {"rim": dish, "disc": joined(holes)}
