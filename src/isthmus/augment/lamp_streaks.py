"""Lamps mirrored by a wet road: streaks that run from below a lamp towards the camera.

A wet road is a rough mirror. Where its grains tilt so that lamp and camera see each other, it sends
light on: a microfacet surface (Cook and Torrance 1982) with Beckmann's distribution of slopes and
Schlick's Fresnel. Seen at a grazing angle a lamp's mirror image is drawn out along the line of
sight and hardly across it, which the half vector gives by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from isthmus.augment.linear import Floats
from isthmus.augment.surfaces import Plane

DAMP_SLOPE, STILL_SLOPE = 0.11, 0.03
"""Root of twice the mean square of slopes: of wet asphalt, and of a puddle's ripples."""
ASIDE = 0.15
"""Share of the picture's width to either side in which a lamp's streak may lie."""
FAINTEST = 2e-3


@dataclass(frozen=True)
class Source:
    """A lamp above the road.

    Attributes:
        x, y, z: metres to the right of the camera, above the road, ahead.
        power: (3,) what it sends towards the road, candela times the camera's exposure: linear
            light is `power` / distance² on white paper that faces it.
    """

    x: float
    y: float
    z: float
    power: Floats


def source_at(plane: Plane, spot: tuple[float, float], width: int, z: float,
              power: Floats) -> Source:  # fmt: skip
    """The lamp that is seen at a pixel (x, y) of a picture `width` wide, `z` metres ahead."""
    x = (spot[0] - width / 2) / plane.focal * z
    return Source(x, plane.eye - (spot[1] - plane.horizon) / plane.focal * z, z, power)


def streaks(sources: Sequence[Source], plane: Plane, share: Floats, puddle: Floats) -> Floats:
    """Linear light (h, w, 3) of lamps that the road mirrors.

    Args:
        sources: the lamps; those not above the road or not ahead count for nothing.
        plane: of the road.
        share: (h, w) how far a place mirrors, without Fresnel: 0 where there is no road.
        puddle: (h, w) share of a place on which water stands.
    """
    out = np.zeros((*share.shape, 3), np.float32)
    seen = [s for s in sources if s.y > 0.1 and s.z > 1.0]
    if seen:
        table = np.array([(s.x, s.y, s.z, *s.power) for s in seen], np.float32)
        lens = (plane.horizon, plane.rate, plane.focal, plane.eye, DAMP_SLOPE, STILL_SLOPE)
        _streaks(table, np.array(lens, np.float32), np.ascontiguousarray(share), puddle, out)
    return out


@njit(cache=True, nogil=True)
def _streaks(sources, lens, share, puddle, out):  # type: ignore[no-untyped-def]
    """Add what each lamp sends to the camera by way of each place on the road."""
    horizon, rate, focal, eye, damp, still = lens
    height, width = share.shape
    aside, half = int(ASIDE * width) + 1, np.float32(0.5 * width)
    for k in range(len(sources)):
        lx, ly, lz = sources[k, :3]
        middle = int(half + lx / lz * focal)
        left, right = max(0, middle - aside), min(width, middle + aside)
        for y in range(max(0, int(horizon) + 1), height):
            z = np.float32(1) / (rate * max(y + np.float32(0.5) - horizon, np.float32(0.25)))
            for x in range(left, right):
                if share[y, x] <= 0:
                    continue
                gx = (x + np.float32(0.5) - half) / focal * z
                # To the camera, to the lamp, and half way between.
                far = np.sqrt(gx * gx + eye * eye + z * z)
                dx, dz = lx - gx, lz - z
                away = np.sqrt(dx * dx + ly * ly + dz * dz)
                hx, hy, hz = dx / away - gx / far, ly / away + eye / far, dz / away - z / far
                tilt = (hx * hx + hz * hz) / (hy * hy)
                p = puddle[y, x]
                facets = (1 - p) * _slopes(tilt, damp) + p * _slopes(tilt, still)
                if facets < FAINTEST:
                    continue
                length = np.sqrt(hx * hx + hy * hy + hz * hz)
                nv, nl, nh = eye / far, ly / away, hy / length
                vh = (eye * hy - gx * hx - z * hz) / (far * length)
                fresnel = np.float32(0.02) + np.float32(0.98) * (1 - vh) ** 5
                shadowed = min(np.float32(1), 2 * nh * min(nv, nl) / vh)
                # The camera's light is π times luminance, as on white paper.
                light = facets * fresnel * shadowed / (4 * nv * away * away) * np.float32(np.pi)
                for c in range(3):
                    out[y, x, c] += light * share[y, x] * sources[k, 3 + c]


@njit(cache=True, nogil=True, inline="always")
def _slopes(tilt, slope):  # type: ignore[no-untyped-def]
    """Beckmann's distribution of facets at a squared tangent `tilt` from upright."""
    square = slope * slope
    if tilt > 12 * square:
        return np.float32(0)
    return np.exp(-tilt / square) / (np.float32(np.pi) * square) * (1 + tilt) ** 2
