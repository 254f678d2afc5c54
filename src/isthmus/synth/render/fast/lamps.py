"""The lamps that matter for a picture."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, lit_lamps

MOST = 24
OTHERS, OWN = 1, 2
"""Marks of low beams."""
FAINTEST = 0.4
"""Illuminance, lux, below which a lamp is let go."""
OWN_CANDELA = np.array([17_000.0, 16_500.0, 15_000.0])
"""Peak of each of the camera car's own low beams."""


def own_lamps(scene: Scene) -> tuple[list[Floats], Floats]:
    """Places (3,) of the camera car's own lit headlamps, and the way (3,) they shine."""
    camera = np.asarray(scene.view.position, np.float64)
    ahead = scene.view.rotation[2].astype(np.float64)
    ahead[1] = 0
    ahead /= np.sqrt((ahead**2).sum())
    if not scene.weather.vehicle_lamps:
        return [], ahead
    right, down = np.array([ahead[2], 0.0, -ahead[0]]), np.array([0.0, 0.7, 0.0])
    return [camera + side * right + 1.2 * ahead - down for side in (-0.65, 0.65)], ahead


def lamp_table(scene: Scene) -> Floats:
    """Lamps as `Lights.lamps` wants them: one's own, and the `MOST` that light most of the view."""
    camera = np.asarray(scene.view.position, np.float64)
    own, ahead = own_lamps(scene)
    rows = [[*place, *ahead, *OWN_CANDELA, 0, 160.0**2, OWN] for place in own]
    found = []
    for lamp in lit_lamps(scene):
        place = np.asarray(lamp.position)
        power = max(lamp.intensity)
        gap = place - camera
        # What is far behind the camera lights nothing that is seen.
        if power <= 0 or float((gap * ahead).sum()) < -25:
            continue
        reach = min(power / FAINTEST, 80.0**2)
        low_beam = OTHERS if lamp.group == "head" else 0
        wide = float(1 - np.cos(np.radians(lamp.spread)))
        narrow = 1 / wide if lamp.spread < 179 else 0.0  # half the intensity at `spread`
        worth = power * wide / (float((gap**2).sum()) + 400)  # much light, over much of the view
        found.append((worth, [*place, *lamp.direction, *lamp.intensity, narrow, reach, low_beam]))
    found.sort(key=lambda item: -item[0])
    rows += [row for _, row in found[:MOST]]
    return np.array(rows, np.float32).reshape(-1, 12)
