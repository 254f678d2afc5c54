"""Vehicles: cars, vans, lorries, buses and two-wheelers with riders.

Bodies are control cages refined by Catmull–Clark, into which windows, lamps, grilles, arches and
doors are cut; a prototype of each style and face is kept per process, and warped, painted and
put on wheels for every vehicle.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.vehicles import assembly
from isthmus.synth.world.vehicles.two_wheelers import two_wheeler

CARS = ("hatchback", "sedan", "estate", "suv", "pickup")
KINDS = (*CARS, "van", "truck", "bus", "motorcycle", "bicycle")
"""Kinds of vehicles."""


def vehicle(
    kind: str, rng: np.random.Generator, *, detail: Literal[0, 1, 2] = 2, driver: bool = True,
    overloaded: bool = False,
) -> Thing:  # fmt: skip
    """A vehicle of `kind`, its other properties drawn.

    The same `rng` gives the same vehicle at every level of detail, with or without a driver.

    Args:
        kind: one of `KINDS`.
        rng: every draw comes from it.
        detail: 2 for near (cars 6–11 thousand triangles), 1 for some 20 m (2–3 thousand), 0 for
            beyond 60 m (under 800).
        driver: somebody sits in it, or rides it.
        overloaded: far too much is on it.

    Returns:
        The vehicle. Its `size` is that of the bounds of all its geometry, mirrors, load and rider
        included. Headlamps, tail and brake lamps are in groups of their own.

    Raises:
        ConfigError: there is no such kind or level of detail.
    """
    if kind not in KINDS:
        raise ConfigError(f"vehicle {kind!r}: not known; one of {', '.join(KINDS)}")
    if detail not in (0, 1, 2):
        raise ConfigError(f"vehicle detail {detail!r}: not a level; one of 0, 1, 2")
    if kind in ("motorcycle", "bicycle"):
        return two_wheeler(kind, rng, detail, driver, overloaded)
    if kind in CARS:
        return assembly.car(kind, rng, detail, driver, overloaded)
    make = {"van": assembly.van, "bus": assembly.bus, "truck": assembly.truck}[kind]
    return make(rng, detail, driver, overloaded)
