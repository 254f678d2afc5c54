"""Bicycles and motorcycles with their riders, painted."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.vehicles import bicycle, motorcycle
from isthmus.synth.world.vehicles.loads import MATERIALS as LOADS
from isthmus.synth.world.vehicles.loads import pile
from isthmus.synth.world.vehicles.paint import (
    CLOTHES,
    HAIRS,
    MATERIALS,
    RIM_COLOURS,
    SKINS,
    finish,
    rgb,
)  # fmt: skip
from isthmus.synth.world.vehicles.prototype import thing
from isthmus.synth.world.vehicles.rider import backpack, rider
from isthmus.synth.world.vehicles.solids import joined

HEIGHTS = (0.92, 0.97, 1.02, 1.07)
FRAMES = {(24, 24, 26): 5.0, (140, 142, 144): 2, (36, 60, 120): 2, (150, 26, 28): 2,
          (230, 230, 228): 2, (40, 92, 60): 1, (200, 110, 40): 0.7, (60, 140, 140): 1}  # fmt: skip
HELMETS = ((235, 235, 232), (30, 30, 32), (190, 30, 34), (40, 80, 150), (220, 200, 60))
TROUSERS = ((38, 42, 58), (30, 30, 32), (86, 90, 98), (60, 76, 108), (120, 104, 84))
BRIGHT = ((222, 236, 60), (240, 130, 40), (210, 40, 44), (40, 120, 200))


@lru_cache(maxsize=400)
def _rider(  # noqa: PLR0917
    kind: str, design: str, level: int, phase: int, height: int, helmet: str, bag: bool
) -> tuple[dict[str, Mesh], Floats]:
    cycle = kind == "bicycle"
    seat = bicycle.seat(design, phase * np.pi / 4) if cycle else motorcycle.seat(design)
    slots, points = rider(seat, HEIGHTS[height], level, helmet)
    if bag:
        slots["rider_bag"] = [backpack(seat, HEIGHTS[height], level)]
    return {slot: joined(meshes) for slot, meshes in slots.items()}, points


def two_wheeler(
    kind: str, rng: np.random.Generator, level: int, driver: bool, overloaded: bool = False
) -> Thing:
    """A bicycle or motorcycle, with a rider if `driver`.

    Every draw is made whatever is asked, so that the same `rng` gives the same machine at every
    level of detail, with and without rider.
    """
    draw = rng.random(5)
    designs = bicycle.DESIGNS if kind == "bicycle" else motorcycle.DESIGNS
    shares = (0.55, 0.20, 0.25) if kind == "bicycle" else (0.38, 0.22, 0.40)
    design = weighted(rng, dict(zip(designs, shares, strict=True)))
    phase, height = int(8 * draw[0]), int(len(HEIGHTS) * draw[1])
    if kind == "bicycle":
        meshes = dict(bicycle.bicycle(design, level, phase))
        helmet = "open" if draw[2] < 0.55 else ""
    else:
        meshes, helmet = dict(motorcycle.motorcycle(design, level)), "full"
    machine = finish(rng, FRAMES) if kind == "bicycle" else finish(rng)
    clothes = _clothes(rng, kind)
    materials = {**MATERIALS, **LOADS, **clothes, "paint": machine.paint, "paint_low": machine.low,
                 "rim": RIM_COLOURS[one_of(rng, ("silver", "grey", "black"))]}  # fmt: skip
    points = None
    if driver:
        body, points = _rider(kind, design, level, phase, height, helmet, bool(draw[3] < 0.25))
        meshes |= body
    if overloaded:
        low = 0.78 if kind == "bicycle" else 0.90
        meshes |= pile(rng, low, (-0.95, -0.50), 0.38, 1.0)
    lamp = meshes["headlamp" if kind == "motorcycle" else "head_small"].points.mean(axis=0)
    words = {"model": design, "colour": machine.name, "helmet": "yes" if helmet else "no"}
    return thing(meshes, materials, kind, lamp[None], words, points,
                 11000.0 if kind == "motorcycle" else 150.0)  # fmt: skip


def _clothes(rng: np.random.Generator, kind: str) -> dict[str, Material]:
    """Materials of a rider; motorcyclists mostly wear dark."""
    bright = rng.random() < (0.22 if kind == "bicycle" else 0.12)
    top = one_of(rng, BRIGHT if bright else CLOTHES)
    legs, skin, hair, helmet = (one_of(rng, t) for t in (TROUSERS, SKINS, HAIRS, HELMETS))
    if kind == "motorcycle" and not bright:
        top = one_of(rng, ((26, 26, 28), (40, 42, 46), (60, 56, 52), (90, 30, 30)))
    gloves = (24, 24, 26) if kind == "motorcycle" else skin
    return {
        "rider_top": Material(rgb(*top), texture="cloth", roughness=0.9),
        "rider_legs": Material(rgb(*legs), texture="denim", roughness=0.9),
        "rider_shoe": Material(rgb(40, 38, 38), roughness=0.7),
        "rider_hand": Material(rgb(*gloves), roughness=0.6),
        "rider_skin": Material(rgb(*skin), roughness=0.55),
        "rider_hair": Material(rgb(*hair), roughness=0.6),
        "rider_helmet": Material(rgb(*helmet), roughness=0.3, coat=0.8),
        "rider_visor": Material((0.01, 0.01, 0.012), roughness=0.05),
        "rider_bag": Material(rgb(*one_of(rng, CLOTHES)), texture="cloth", roughness=0.9),
    }
