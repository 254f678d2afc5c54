"""From a kind and a generator to a painted vehicle: draws the variant, warps, paints, loads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.vehicles import cars, heavy, loads, plates
from isthmus.synth.world.vehicles.fascia import BACKS, FACES
from isthmus.synth.world.vehicles.paint import (
    MATERIALS,
    RIM_COLOURS,
    Finish,
    finish,
    people,
    rgb,
)  # fmt: skip
from isthmus.synth.world.vehicles.prototype import Prototype, Warp, thing, warped, wheels
from isthmus.synth.world.vehicles.solids import joined
from isthmus.synth.world.vehicles.wheels import RIMS

VANS = {"minibus": 0.34, "panel_van": 0.30, "high_van": 0.36}
VAN_COLOURS = {(238, 239, 238): 58.0, (226, 224, 214): 6, (184, 187, 190): 8, (66, 69, 74): 8,
               (28, 29, 31): 6, (26, 48, 92): 5, (142, 20, 26): 4, (236, 196, 44): 3,
               (222, 116, 32): 2}  # fmt: skip
BUS_COLOURS = {(176, 26, 30): 3.0, (34, 84, 156): 2, (232, 230, 222): 3, (236, 190, 40): 2,
               (46, 122, 74): 1, (96, 168, 190): 1}  # fmt: skip
CAB_COLOURS = {(238, 239, 238): 5.0, (176, 26, 30): 2, (34, 70, 140): 2, (62, 66, 70): 1,
               (230, 180, 40): 1, (40, 96, 66): 1}  # fmt: skip
CANVAS = ((34, 66, 132), (150, 30, 32), (196, 198, 196), (40, 92, 62), (58, 60, 64), (214, 170, 50))
SPREAD = Warp(
    wheelbase=0.05, nose=0.03, tail=0.045, width=0.018, roof=0.016, rake=0.035, bonnet=0.012
)
"""Standard deviations of a car's proportions, metres."""


def _warp(rng: np.random.Generator, scale: float) -> Warp:
    draw = np.clip(rng.normal(size=7), -2.0, 2.0) * scale
    names = ("wheelbase", "nose", "tail", "width", "roof", "rake", "bonnet")
    return Warp(**{n: float(getattr(SPREAD, n) * d) for n, d in zip(names, draw, strict=True)})


def _rims(rng: np.random.Generator) -> tuple[str, Material]:
    design = one_of(rng, tuple(RIMS))
    colour = weighted(rng, {"silver": 0.55, "grey": 0.25, "black": 0.20})
    return design, RIM_COLOURS["silver" if design == "cover" else colour]


def car(kind: str, rng: np.random.Generator, level: int, driver: bool, overloaded: bool) -> Thing:
    """A passenger car."""
    # One rear for each front: hardly ever are both seen, and every pair is a body of its own.
    face, _ = int(len(FACES) * rng.random()), rng.random()
    back = face % len(BACKS)
    prototype = cars.prototype(kind, face, back, level)
    return _finished(rng, prototype, "car", kind, finish(rng), _warp(rng, 1.0), driver, overloaded)


def van(rng: np.random.Generator, level: int, driver: bool, overloaded: bool) -> Thing:
    """A minibus or a panel van."""
    kind = weighted(rng, VANS)
    face, back = int(len(FACES) * rng.random()), 1
    prototype = cars.prototype(kind, face, back, level)
    paint = finish(rng, VAN_COLOURS)
    return _finished(rng, prototype, "van", kind, paint, _warp(rng, 0.7), driver, overloaded)


def bus(rng: np.random.Generator, level: int, driver: bool, overloaded: bool) -> Thing:
    """A town bus."""
    sign = int(len(heavy.SIGNS) * rng.random())
    seats = Material(rgb(*one_of(rng, ((40, 60, 130), (120, 30, 40), (40, 96, 90)))),
                     texture="cloth", roughness=0.95)  # fmt: skip
    return _finished(rng, heavy.bus(level, sign), "bus", "bus", finish(rng, BUS_COLOURS), Warp(),
                     driver, overloaded, {"bus_seat": seats})  # fmt: skip


def truck(rng: np.random.Generator, level: int, driver: bool, overloaded: bool) -> Thing:
    """A lorry; an overloaded one has an open platform."""
    freight = weighted(rng, dict(zip(heavy.FREIGHTS, (0.5, 0.32, 0.18), strict=True)))
    freight = "flatbed" if overloaded else freight
    canvas, box = one_of(rng, CANVAS), one_of(rng, ((236, 236, 234), (236, 236, 234), *CANVAS))
    more = {
        "box": Material(rgb(*box), roughness=0.45, coat=0.3, porosity=0.1),
        "tarpaulin": Material(rgb(*canvas), roughness=0.55, porosity=0.2),
        "boards": Material(rgb(120, 112, 104), roughness=0.8, porosity=0.4),
        "crate": Material(rgb(168, 132, 92), roughness=0.9, porosity=0.6),
    }
    return _finished(rng, heavy.truck(level, freight), "truck", freight, finish(rng, CAB_COLOURS),
                     Warp(), driver, overloaded, more)  # fmt: skip


def _finished(  # noqa: PLR0917
    rng: np.random.Generator, prototype: Prototype, category: str, model: str, paint: Finish,
    warp: Warp, driver: bool, overloaded: bool, more: Mapping[str, Material] | None = None,
) -> Thing:  # fmt: skip
    """Warped, painted, on its wheels; with plates, people and loads."""
    design, rim = _rims(rng)
    figure, text = people(rng), plates.word(rng)
    level = prototype.level
    meshes, lamps = warped(prototype, warp)
    meshes |= wheels(prototype.axles, warp, design, level)
    if not driver:
        meshes = {slot: mesh for slot, mesh in meshes.items() if not slot.startswith("driver_")}
    if level == 2 and prototype.plates:
        meshes["ink"] = _words(prototype, warp, text)
    if overloaded:
        meshes |= _load(rng, prototype, model, warp)
    materials = {**MATERIALS, **loads.MATERIALS, **figure, **(more or {}), "paint": paint.paint,
                 "paint_low": paint.low, "rim": rim}  # fmt: skip
    if level == 0:
        materials |= {"glass": MATERIALS["glass_far"], "lens": MATERIALS["lens_far"]}
    elif level == 1:
        materials |= {"lens": MATERIALS["lens_far"]}
    words = {"model": model, "colour": paint.name, **({"overloaded": "true"} if overloaded else {})}
    return thing(meshes, materials, category, lamps, words)


def _words(prototype: Prototype, warp: Warp, text: str) -> Mesh:
    middles = np.array([frame[0] for frame in prototype.plates], np.float32)
    moved = warp(middles, prototype).astype(np.float64)
    return joined(
        [plates.ink((m, *f[1:]), text) for m, f in zip(moved, prototype.plates, strict=True)]
    )


def _load(
    rng: np.random.Generator, prototype: Prototype, model: str, warp: Warp
) -> dict[str, Mesh]:
    """What is too much, for each kind of vehicle."""
    back, front, half = prototype.roof
    roof = prototype.belt[1] + warp.roof
    if model == "flatbed":
        return loads.pile(rng, 1.13, (-3.7, 1.5), 1.20, 2.3)
    if model == "pickup":
        return loads.pile(rng, 0.76, (-2.45, -1.25), 0.72, 1.2)
    if model == "bus":
        return loads.pile(rng, 3.06, (-5.0, -3.8), 0.8, 0.5)
    z = (back + 0.15, front - 0.25)
    return loads.pile(rng, roof + 0.06, z, half, 0.75) | loads.rack(roof, z, half)
