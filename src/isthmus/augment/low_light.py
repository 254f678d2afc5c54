"""Low light: from a dim afternoon over dusk to night, as a dash camera shows it.

The daylight picture is taken back to linear light; what the sun added is evened out; the ground
and the sky are dimmed by factors of their own (at dusk the sky is still bright when the street is
dark, and the camera exposes for both); a burnt-out sky gets the cloud that it hid. Then come the
lights that count when daylight does not: own headlamps, falling off with the square of distance,
and lamps of other vehicles. Photons are few and amplified: shot and read noise rise.
The factors were set beside real dusk frames taken by the same camera as day frames (CamVid).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.augment.arrays import Arrays
from isthmus.augment.daylight import clouds, evened, unevenness
from isthmus.augment.depth import SKY
from isthmus.augment.lamps import headlamp_beam, street_glow, vehicle_lamps
from isthmus.augment.linear import Floats, luminance
from isthmus.augment.physical import Changed, Physical
from isthmus.augment.sensor import sensed
from isthmus.augment.severity import Scale
from isthmus.augment.smooth import gauss

STEPS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
# Linear level of ground and of sky after metering, relative to the daylight picture; flattening
# of the sun's contrast; amplification; strength of headlamps, per step.
GROUND = (1.0, 0.42, 0.19, 0.1, 0.036, 0.012)
SKY_LEVEL = (1.0, 0.75, 0.55, 0.3, 0.07, 0.009)
FLATTEN = (0.0, 0.3, 0.5, 0.55, 0.55, 0.55)
GAIN = (0.0, 0.6, 1.5, 4.0, 14.0, 36.0)
HEADLAMPS = (0.0, 0.0, 0.0, 0.006, 0.06, 0.15)
COOL = np.array([0.86, 0.98, 1.12], np.float32)

LADDER = Scale("lux", "ambient light", (2000.0, 400.0, 80.0, 8.0, 0.5), ratio=True)


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
        """Dusk from severity 1.5 on, night from 3.5 on."""
        if severity < 1.5:
            return {}
        return {"timeofday": "night" if severity >= 3.5 else "dawn/dusk"}

    def change(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Changed:  # fmt: skip
        """See `Physical.change`."""
        relit = self.relit(light, arrays, depth, severity, rng)
        muted = 0.25 * min(severity / 3, 1)
        return Changed(sensed(relit, _at(GAIN, severity), rng, muted=muted))

    def relit(
        self, light: Floats, arrays: Arrays, depth: Floats, severity: float,
        rng: np.random.Generator,
    ) -> Floats:  # fmt: skip
        """Linear light (h, w, 3) of the scene in failing daylight, before the sensor."""
        shape = (depth.shape[0], depth.shape[1])
        overhead = clouds(rng, shape)
        level, flat = luminance(light), _at(FLATTEN, severity)
        sky = gauss((depth >= SKY).astype(np.float32), max(0.6, shape[1] / 700))
        around = unevenness(level, sky)
        cool = 1 + (COOL - 1) * np.float32(min(severity / 3, 1))
        # What surfaces send back: of daylight everywhere, of the headlamps where they reach.
        factor = np.float32(_at(GROUND, severity)) * evened(level, around, flat)
        lamps = self.lamps and severity > 2
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
            relit += vehicle_lamps(arrays.boxes, shape, min(severity - 2, 2.0) / 2, rng)
            if severity > 3.2:
                relit += street_glow(shape, min(severity - 3.2, 1.0), rng)
        return relit

    @staticmethod
    def _sky(level: Floats, overhead: Floats, severity: float) -> tuple[Floats, Floats]:
        """Luminance of the sky, and how far its colour has gone over to the cool one, (h, w)."""
        done = np.float32(min(severity / 2, 1))
        # Where the sky is burnt out its colour is gone; cloud takes its place by degrees.
        burnt = np.clip((level - 0.55) / 0.4, 0, 1) * done
        own = level * (1 - burnt) + np.float32(0.8) * overhead * burnt
        return np.float32(_at(SKY_LEVEL, severity)) * own, (0.35 + 0.65 * burnt) * done


def _at(table: tuple[float, ...], severity: float) -> float:
    """Value of a table at a severity, by ratio where the table is one of factors."""
    if min(table) > 0:
        return float(np.exp(np.interp(severity, STEPS, np.log(table))))
    return float(np.interp(severity, STEPS, table))
