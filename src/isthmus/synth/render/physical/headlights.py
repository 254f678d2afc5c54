"""The camera car's own low beams, by formula.

They stand so close to the camera that it hardly sees their shadows, and what they light directly
is most of what they do: worked out from the guides, their light has no noise and costs no paths.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isthmus.synth.render.fast.lamps import OWN_CANDELA, own_lamps
from isthmus.synth.render.fast.light import low_beam
from isthmus.synth.weather.air import extinction
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene


def own_light(scene: Scene, plain: Floats, normal: Floats, distance: Floats) -> Floats:
    """Luminance (h, w, 3), cd/m², that matt surfaces have by the own headlamps.

    Args:
        scene: camera, lamps and air.
        plain, normal, distance: as `isthmus.synth.render.physical.guides.Guides` has them.
    """
    out = np.zeros_like(plain)
    places, ahead = own_lamps(scene)
    if places:
        view = scene.view
        camera = (
            view.rotation.astype(np.float64), np.asarray(view.position, np.float64),
            float(view.focal),
        )  # fmt: skip
        lamps = (np.stack(places), ahead, OWN_CANDELA, float(extinction(scene.weather)))
        _shine(camera, lamps, (plain, normal, distance), out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _shine(camera, lamps, seen, out):  # type: ignore[no-untyped-def]
    turn, origin, focal = camera
    places, ahead, candela, thickness = lamps
    plain, normal, distance = seen
    height, width = distance.shape
    for v in range(height):
        for u in range(width):
            if not np.isfinite(distance[v, u]):
                continue
            x, y = (u + 0.5 - 0.5 * width) / focal, (0.5 * height - v - 0.5) / focal
            far = distance[v, u] / np.sqrt(x * x + y * y + 1)
            share = 0.0
            for k in range(len(places)):
                gx = origin[0] + far * (turn[0, 0] * x + turn[1, 0] * y + turn[2, 0]) - places[k, 0]
                gy = origin[1] + far * (turn[0, 1] * x + turn[1, 1] * y + turn[2, 1]) - places[k, 1]
                gz = origin[2] + far * (turn[0, 2] * x + turn[1, 2] * y + turn[2, 2]) - places[k, 2]
                square = gx * gx + gy * gy + gz * gz + 1e-6
                gap = np.sqrt(square)
                facing = -(gx * normal[v, u, 0] + gy * normal[v, u, 1] + gz * normal[v, u, 2]) / gap
                if facing > 0:
                    beam = low_beam(
                        (ahead[2] * gx - ahead[0] * gz) / gap, gy / gap,
                        (ahead[0] * gx + ahead[2] * gz) / gap,
                    )  # fmt: skip
                    share += beam * facing * np.exp(-thickness * gap) / square
            for c in range(3):
                out[v, u, c] = plain[v, u, c] * share * candela[c] / np.pi
