"""Rain of so many mm/h: overcast light, wet ground, drops that fall by depth, drops on the glass.

Drops are as many, as large and as fast as Marshall and Palmer (1948) and Atlas et al. (1973) say;
each is drawn as long as the shutter is open, nearer than what it hides, and about as bright as the
mean of all around it, most of which it shows (Garg and Nayar, "Vision and rain", 2007). Those too
far to be seen one by one weaken the light as a haze (Carbonneau and Wisely 1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import airlight, metered, overcast
from isthmus.augment.depth import SKY
from isthmus.augment.falling import MOST, View, fallen
from isthmus.augment.linear import Floats
from isthmus.augment.mix import over
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import blurred
from isthmus.augment.surfaces import surfaces
from isthmus.augment.wet_road import wetted
from isthmus.hydrometeors.air import fog_extinction, rain_extinction
from isthmus.hydrometeors.glass import lens_drops, number_of_drops
from isthmus.hydrometeors.sizes import rain_drops
from isthmus.hydrometeors.splashes import splashes
from isthmus.hydrometeors.streaks import RAIN_REACH

SHUTTER = 1 / 250
"""Seconds, as cameras choose in rain by day."""
MIST = 40_000.0
"""Visibility in metres × mm/h that mist and spray leave in rain."""
BRIGHTNESS = 0.94
FILM = 0.04
"""Millimetres of water that stand on a road for each mm/h."""

LADDER = Scale("mm/h", "rain", (2.0, 5.0, 10.0, 25.0, 50.0), ratio=True)


@dataclass(frozen=True)
class Rain(Physical):
    """Rain by day.

    Attributes:
        glass: drops lie on windscreen or lens too.
        wet: the ground is wet.
        shutter: exposure time in seconds; a longer one draws longer, fainter streaks.
        bright: there is light enough for the camera to show a flat scene lighter.
    """

    glass: bool = True
    wet: bool = True
    shutter: float = SHUTTER
    bright: bool = True
    name: str = "rain"
    label: str = "rain by drop sizes and depth"
    cause: str = "rain"
    scale: Scale = LADDER

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Rainy."""
        return {"weather": "rainy"} if severity > 0 else {}

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        rate, strength = self.scale.amount(severity), min(severity, 1.0)
        where = surfaces(arrays, depth)
        out = overcast(light, where.sky, where.sealed, strength, rng)
        if self.wet:
            out = wetted(out, arrays, depth, where, film=FILM * rate, rng=rng)
        out = metered(out, light, strength, lifted=self.bright)
        through = self.transmission(depth, rate)
        air = airlight(out, where.sky)
        # The sky's light has this air in it already.
        out = over(out, air, (1 - through) * ~where.sky)
        drops = rain_drops(rate, View.of(depth, arrays.geometry), RAIN_REACH, rng, MOST)
        colour = np.asarray(BRIGHTNESS * air, np.float32)
        out, cover = fallen(
            out, depth, arrays.geometry, drops, shutter=self.shutter, colour=colour, rng=rng
        )
        if self.wet:
            crowns = splashes(
                rate, depth, where.sealed | where.soft, View.of(depth, arrays.geometry), rng,
                up=where.plane.up, most=MOST // 2,
            )  # fmt: skip
            out, _ = fallen(
                out, depth, arrays.geometry, crowns, shutter=self.shutter, colour=colour, rng=rng
            )
        if self.glass:
            number = number_of_drops(rate, rng)
            if number:
                out, wet = lens_drops(out, blurred(out, out.shape[1] * 0.012), number, rng)
                cover = cover + (1 - cover) * wet
        return Changed(np.asarray(out, np.float32), through * (1 - cover))

    @staticmethod
    def transmission(depth: Floats, rate: float) -> Floats:
        """Share of light (h, w) that comes through the rain before each pixel, 0–1."""
        density = rain_extinction(rate) + fog_extinction(MIST / max(rate, 1e-3))
        distance = np.where(depth >= SKY, np.float32(2 * SKY), depth)
        return np.asarray(np.exp(-np.float32(density) * distance), np.float32)
