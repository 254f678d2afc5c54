"""Every kind of vehicle by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, join
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.vehicles import cars, fascia, paint
from isthmus.synth.world.vehicles.boxy import bus, truck, van
from isthmus.synth.world.vehicles.luggage import roof_load
from isthmus.synth.world.vehicles.prototype import Warp, thing, warped, wheels
from isthmus.synth.world.vehicles.two_wheelers import bicycle, motorcycle
from isthmus.synth.world.vehicles.wheels import RIMS

Maker = Callable[..., Thing]
BODIES: Mapping[str, tuple[str, Warp]] = MappingProxyType(
    {
        "hatchback": ("hatchback", Warp()),
        "sedan": ("sedan", Warp()),
        "estate": ("hatchback", Warp(tail=0.42, wheelbase=0.12, nose=0.06, roof=-0.02)),
        "suv": ("hatchback", Warp(roof=0.16, bonnet=0.1, width=0.08, tail=0.14, nose=0.08)),
    }
)
"""Kind of car → the prototype it is drawn from, and how it differs."""
VARIETY = Warp(0.12, 0.06, 0.08, 0.05, 0.05, 0.08, 0.03)
"""Standard deviations, about, of proportions within a kind (uniform, ±)."""
LEVELS = {2: 1, 1: 0, 0: 0}
"""Detail → level of the prototypes: the finest has six times the triangles that 5 m can show."""


def car(
    rng: np.random.Generator,
    kind: str = "hatchback",
    *,
    detail: int = 2,
    driver: bool = True,
    overloaded: bool = False,
) -> Thing:
    """A passenger car of a kind in `BODIES`."""
    name, base = BODIES[kind]
    level = LEVELS[detail]
    # Faces and backs go together: each further prototype costs half a second once a process.
    face = int(rng.integers(min(len(fascia.FACES), len(fascia.BACKS))))
    fields = ("wheelbase", "nose", "tail", "width", "roof", "rake", "bonnet")
    draw = rng.uniform(-1, 1, len(fields))
    warp = Warp(**{
        f: getattr(base, f) + float(getattr(VARIETY, f) * u)
        for f, u in zip(fields, draw, strict=True)
    })  # fmt: skip
    finish = paint.finish(rng)
    design = tuple(RIMS)[int(rng.integers(len(RIMS)))]
    rims = tuple(paint.RIM_COLOURS.values())
    rim = rims[int(rng.integers(len(rims)))]
    made = cars.prototype(name, face, face, level)
    meshes, lamps = warped(made, warp)
    if not driver:
        meshes = {slot: m for slot, m in meshes.items() if not slot.startswith("driver")}
    for slot, mesh in wheels(made.axles, warp, design, level).items():
        meshes[slot] = join([meshes[slot], mesh]) if slot in meshes else mesh
    materials = _materials(meshes, finish, rim, rng)
    if overloaded:
        top = max(float(m.points[:, 1].max()) for m in meshes.values())
        for slot, (mesh, material) in roof_load(rng, top).items():
            meshes[slot], materials[slot] = mesh, material
    words = {"kind": kind, "colour": finish.name}
    if overloaded:
        words["overloaded"] = "true"
    return thing(meshes, materials, "car", lamps, words)


def _materials(
    meshes: Mapping[str, Mesh], finish: paint.Finish, rim: Material, rng: np.random.Generator
) -> dict[str, Material]:
    known = dict(paint.MATERIALS) | paint.people(rng)
    known |= {"paint": finish.paint, "paint_low": finish.low, "rim": rim}
    return {slot: known[slot] for slot in meshes}


KINDS: Mapping[str, Maker] = MappingProxyType(
    {
        **{kind: car for kind in BODIES},
        "van": van,
        "truck": truck,
        "bus": bus,
        "motorcycle": motorcycle,
        "bicycle": bicycle,
    }
)
"""Kind → its maker."""


def vehicle(
    kind: str,
    rng: np.random.Generator,
    *,
    detail: int = 2,
    driver: bool = True,
    overloaded: bool = False,
) -> Thing:
    """A vehicle of a kind in `KINDS`, standing on its wheels, its front towards +Z.

    Args:
        kind: its name.
        rng: colour, proportions, face.
        detail: 2 near, 1 from some 25 m, 0 from some 60 m.
        driver: somebody drives it (two-wheelers always carry their rider).
        overloaded: too much lies on its roof or hangs over.

    Raises:
        ConfigError: the kind is not known.
    """
    if kind not in KINDS:
        raise ConfigError(f"vehicle {kind!r}: not known; one of {', '.join(KINDS)}")
    if kind in BODIES:
        return car(rng, kind, detail=detail, driver=driver, overloaded=overloaded)
    return KINDS[kind](rng, detail=detail, driver=driver, overloaded=overloaded)
