"""Paints and metals of street furniture, and how its things are put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, linear
from isthmus.synth.world.thing import Lamp, Part, Thing


def paint(srgb: ArrayLike, roughness: float = 0.45) -> Material:
    """Painted metal or plastic."""
    r, g, b = linear(srgb).astype(float).round(4).tolist()
    return Material((r, g, b), roughness=roughness, porosity=0.05)


STEEL = Material((0.42, 0.43, 0.44), "metal", roughness=0.45, metallic=1.0, porosity=0.0)
CONCRETE = Material((0.36, 0.35, 0.33), "concrete", roughness=0.95, porosity=0.6)
WOOD = Material((0.2, 0.12, 0.07), "bark", roughness=0.85, porosity=0.5)
CLEAR = Material((0.6, 0.65, 0.65), roughness=0.05, transmission=0.75, porosity=0.0)


def shining(srgb: ArrayLike, luminance: float, lamp: str) -> Material:
    """A lens that shines with `luminance` (cd/m²) when its group is lit."""
    colour = linear(srgb).astype(float)
    shine = (colour / max(float(colour.max()), 1e-6) * luminance).round(3).tolist()
    r, g, b = (colour * 0.6 + 0.02).round(4).tolist()
    return Material((r, g, b), roughness=0.2, coat=1.0, emission=tuple(shine), lamp=lamp,  # type: ignore[arg-type]
                    porosity=0.0)  # fmt: skip


def assembled(
    pieces: list[tuple[Mesh, Material, str]],
    lamps: tuple[Lamp, ...] = (),
    attributes: dict[str, str] | None = None,
) -> Thing:
    """A thing of (mesh, material, semantic) pieces, with its size read off them."""
    points = np.concatenate([mesh.points for mesh, _, _ in pieces])
    reach = 2 * np.abs(points[:, [0, 2]]).max(axis=0)
    size = (float(reach[0]), float(points[:, 1].max()), float(reach[1]))
    parts = tuple(Part(*piece) for piece in pieces)
    return Thing(parts, size=size, lamps=lamps, attributes=attributes or {})
