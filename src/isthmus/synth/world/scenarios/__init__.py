"""Rare scenarios, by name. A new one is one file beside this and one line of `SCENARIOS`.

A scenario is placed before all else that could be in its way; what it shows stays in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from isthmus.synth.world.placement import Stage
from isthmus.synth.world.scenarios.animal import animal
from isthmus.synth.world.scenarios.child_between_cars import child_between_cars
from isthmus.synth.world.scenarios.crowd import crowd
from isthmus.synth.world.scenarios.fallen_cyclist import fallen_cyclist
from isthmus.synth.world.scenarios.overloaded_vehicle import overloaded_vehicle
from isthmus.synth.world.scenarios.pram import pram_crossing
from isthmus.synth.world.scenarios.roadworks import roadworks
from isthmus.synth.world.scenarios.wheelchair import wheelchair

Scenario = Callable[[np.random.Generator, Stage], None]

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "child_between_cars": child_between_cars,
        "crowd": crowd,
        "fallen_cyclist": fallen_cyclist,
        "animal": animal,
        "overloaded_vehicle": overloaded_vehicle,
        "roadworks": roadworks,
        "pram": pram_crossing,
        "wheelchair": wheelchair,
    }
)
"""Value of the factor `scenario` → what places it; "none" is not among them."""
