"""Several effects one after the other in linear light, under one name: storm, wet night.

The parts act in the order in which light meets them; the picture becomes bytes once, at the end.
Labels are audited over the whole: what arrives is the product of what the parts let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.linear import Floats
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import MOST_SEVERE, Scale
from isthmus.augment.surfaces import surfaces


@dataclass(frozen=True)
class Part:
    """An effect in a composition: its severity is the whole's times `factor`, 5 at most."""

    effect: Physical
    factor: float = 1.0

    def severity(self, whole: float) -> float:
        """Its severity in a composition of severity `whole`."""
        return min(MOST_SEVERE, whole * self.factor)


@dataclass(frozen=True)
class Composition(Physical):
    """Effects in order.

    Attributes:
        parts: at least one.
        leading: number of the part that gives the ladder and its unit.
        cause: what its parts hide things by.
        scale: the leading part's.
    """

    name: str
    label: str
    parts: tuple[Part, ...]
    leading: int = 0

    cause: str = field(init=False)
    scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        causes = " and ".join(part.effect.cause for part in self.parts)
        object.__setattr__(self, "cause", causes)
        object.__setattr__(self, "scale", self.parts[self.leading].effect.scale)

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Those of all parts; a later one overrules an earlier one."""
        found: dict[str, str] = {}
        for part in self.parts:
            found |= part.effect.attributes(part.severity(severity))
        return found

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        through: Floats | None = None
        arrays = replace(arrays, layout=surfaces(arrays, depth))
        for part in self.parts:
            done = part.effect.change(light, arrays, depth, part.severity(severity), rng)
            light = np.maximum(done.light, 0)  # noise can leave less than none
            arrays = replace(arrays, sources=arrays.sources + done.sources)
            if done.transmission is not None:
                through = done.transmission if through is None else through * done.transmission
        return Changed(light, through)
