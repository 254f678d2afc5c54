"""Low light: from a dim afternoon over dusk to night, as a dash camera shows it.

The daylight picture is taken back to linear light; what the sun added is evened out; the ground
comes out as an automatic exposure takes it, a little darker the less light there is and in full
once exposure is at its end; the sky is dimmed by factors of its own (at dusk it is still bright
when the street is dark); a burnt-out sky gets the cloud that it hid. Then come the lights that
count when daylight does not: own headlamps, falling off with the square of distance, and lamps of
other vehicles. Photons are few and amplified: shot and read noise rise, colours fade.
The sky's factors were set beside real dusk frames taken by the same camera as day frames (CamVid),
the light on walls, the lamps and the contrast beside rendered ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import clouds, evened, unevenness
from isthmus.augment.depth import SKY
from isthmus.augment.lamp_streaks import source_at
from isthmus.augment.lamps import Lamp, at, headlamp_beam, shining, street_glow, vehicle_lamps
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.sensor import sensed
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss
from isthmus.augment.surfaces import surfaces

STEPS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
DAYLIGHT = 2000.0
"""Lux from which on exposure makes up for all that light lacks."""
KEPT = 1 / 3
"""How much of a change of light exposure leaves in the picture below that."""
LONGEST = 5.0
"""Lux at which exposure is at its end: below, pictures darken as the scene does."""
# Linear level of the sky after metering, relative to the daylight picture; flattening of the sun's
# contrast; amplification; strength of headlamps, per step.
SKY_LEVEL = (1.0, 0.8, 0.7, 0.53, 0.22, 0.014)
FLATTEN = (0.0, 0.05, 0.1, 0.2, 0.4, 0.4)
GAIN = (0.0, 0.5, 1.0, 1.6, 5.5, 28.0)
HEADLAMPS = (0.0, 0.0, 0.0, 0.002, 0.015, 0.13)
COOL = np.array([0.78, 0.98, 1.18], np.float32)
"""Colour of the light once the sun is well below the horizon (the blue hour)."""
BLUE_FROM, BLUE_AT = 1.4, 3.6
"""Steps at which the light begins to turn to `COOL`, and at which it has."""
RISEN = 1.5
"""Light on what stands relative to that on the road, over what it is by day: the bright part of the
sky is low."""
SHINE, GLARE = 6.0, 1.5
"""Of other vehicles' lamps: linear light, and width of their glow."""

LADDER = Scale("lux", "ambient light", (200.0, 50.0, 12.0, 3.0, 0.6), ratio=True)


@dataclass(frozen=True)
class LowLight(Physical):
    """Failing daylight, metered by an automatic camera.

    Attributes:
        lamps: own headlamps and lamps of other vehicles shine from dusk on.
    """

    lamps: bool = True
    name: str = "low_light"
    label: str = "low light: dusk to night"
    cause: str = "darkness"
    scale: Scale = LADDER

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Dusk from severity 1 on, night (less than 2 lux, the end of civil twilight) from 4.2."""
        if severity < 1:
            return {}
        return {"timeofday": "night" if severity >= 4.2 else "dawn/dusk"}

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        relit, others = self.relit(light, arrays, depth, severity, rng)
        lux = self.scale.value(severity)
        where = surfaces(arrays, depth)
        exposure = np.float32(exposed(lux) / lux * np.clip(severity - 1, 0, 1))
        sources = [
            source_at(where.plane, lamp.spot, depth.shape[1], at(lamp.spot, depth),
                      lamp.candela * exposure)
            for lamp in others
        ]  # fmt: skip
        return Changed(sensed(relit, _at(GAIN, severity), rng), sources=tuple(sources))

    def relit(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> tuple[Floats, list[Lamp]]:  # fmt: skip
        """Linear light (h, w, 3) of the scene in failing daylight, before the sensor, and lamps."""
        shape = (depth.shape[0], depth.shape[1])
        overhead = clouds(rng, shape)
        level, flat = luminance(light), _at(FLATTEN, severity)
        sky = gauss((depth >= SKY).astype(np.float32), max(0.6, shape[1] / 700))
        around = unevenness(level, sky)
        blue = np.clip((severity - BLUE_FROM) / (BLUE_AT - BLUE_FROM), 0, 1)
        cool = 1 + (COOL - 1) * np.float32(blue)
        # What surfaces send back: of daylight everywhere, of the headlamps where they reach.
        ground_level = exposed(self.scale.value(severity)) ** min(severity, 1.0)
        factor = np.float32(ground_level) * evened(level, around, flat)
        where = surfaces(arrays, depth)
        up = gauss((~(where.sealed | where.soft)).astype(np.float32), max(0.6, shape[1] / 700))
        factor *= 1 + np.float32((RISEN - 1) * min(severity, 1.0)) * up
        lamps, others = self.lamps and severity > 1, []
        if lamps:
            beam = headlamp_beam(depth, shape) * evened(level, around, 0.5)
            own = np.float32(_at(HEADLAMPS, severity)) * beam
        bottom = int(np.flatnonzero(sky.any(axis=1)).max(initial=-1)) + 1
        upper = np.s_[:bottom]
        above, hue = self._sky(level[upper], overhead[upper], severity)
        relit = np.empty_like(light)
        for c in range(3):
            plane = light[..., c]
            ground = plane * (factor * cool[c] + own) if lamps else plane * (factor * cool[c])
            tint = plane[upper] / np.maximum(level[upper], 1e-4)
            heaven = above * (tint + (COOL[c] - tint) * hue)
            ground[upper] += (heaven - ground[upper]) * sky[upper]
            relit[..., c] = ground
        if lamps:
            shine = SHINE * min(severity - 1, 1.0)
            others += vehicle_lamps(
                arrays.boxes, shape, shine, rng, glare=GLARE, image=arrays.image
            )
            relit += shining(others, shape)
            if severity > 3.7:
                relit += street_glow(shape, min(severity - 3.7, 1.0), rng)
        return relit, others

    @staticmethod
    def _sky(level: Floats, overhead: Floats, severity: float) -> tuple[Floats, Floats]:
        """Luminance of the sky, and how far its colour has gone over to the cool one, (h, w)."""
        done = np.float32(min(severity / 3, 1))
        # Where the sky is burnt out its colour is gone; cloud takes its place by degrees.
        burnt = np.clip((level - 0.55) / 0.4, 0, 1) * done
        own = level * (1 - burnt) + np.float32(0.8) * overhead * burnt
        return np.float32(_at(SKY_LEVEL, severity)) * own, (0.35 + 0.65 * burnt) * done


def exposed(lux: float) -> float:
    """Level at which an automatic exposure shows the ground under so many lux, relative to day."""
    light = min(lux, DAYLIGHT)
    return float((max(light, LONGEST) / DAYLIGHT) ** KEPT * min(light / LONGEST, 1.0))


def _at(table: tuple[float, ...], severity: float) -> float:
    """Value of a table at a severity, by ratio where the table is one of factors."""
    if min(table) > 0:
        return float(np.exp(np.interp(severity, STEPS, np.log(table))))
    return float(np.interp(severity, STEPS, table))
