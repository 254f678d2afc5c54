"""One's own low beam: what it lights, by the distance and height of each place.

A beam as UN R112 asks of headlamps: bright below a cut-off that slopes down by 1 %, little above
it, less towards the sides and towards the road at one's feet. It falls with the square of distance
and strikes the road at a grazing angle: of what stands nearby, the lower part is lit far more than
the road is.
"""

from __future__ import annotations

import numpy as np

from isthmus.augment.linear import Floats
from isthmus.augment.surfaces import Plane

PEAK = 25000.0
"""Of both headlamps, candela."""
FLOOR, STRAY = 700.0, 400.0
"""Towards one's feet, and above the cut-off, candela."""
LAMP_HEIGHT = 0.65
"""Of the headlamps above the road, metres."""
CUT_OFF, SOFTNESS = 0.01, 0.004
"""Slope at which the beam ends, and how gradually."""
DEPTH_OF_BEAM = 0.04
"""Slope below the cut-off at which a third of the peak is left."""
HALF_WIDTH = 0.5
"""Slope to the side at which a third is left."""
NEAREST = 3.0


def low_beam(depth: Floats, plane: Plane) -> Floats:
    """Illuminance (h, w) in lux by one's own low beam of surfaces that face it.

    Args:
        depth: (h, w) metres.
        plane: of the road.
    """
    z = np.maximum(depth, np.float32(NEAREST))
    columns = np.arange(depth.shape[1], dtype=np.float32) + np.float32(0.5 - depth.shape[1] / 2)
    aside = (columns / np.float32(plane.focal))[None]
    down = _slope(depth, plane)
    under = down - np.float32(CUT_OFF)
    share = 1 / (1 + np.exp(np.clip(-under / np.float32(SOFTNESS), -30, 30)))
    candela = PEAK * np.exp(-np.maximum(under, 0) / np.float32(DEPTH_OF_BEAM)) + np.float32(FLOOR)
    candela = candela * share + np.float32(STRAY)
    candela *= np.exp(-((aside / np.float32(HALF_WIDTH)) ** 2)) * np.float32(0.94) + np.float32(
        0.06
    )
    return np.asarray(candela / (z * z * (1 + aside * aside)), np.float32)


def grazing(depth: Floats, plane: Plane, upright: Floats) -> Floats:
    """Share (h, w) of the beam's illuminance that a surface gets that does not face it.

    Args:
        depth: (h, w) metres.
        plane: of the road.
        upright: (h, w) from 0 (level) to 1 (faces the lamps).
    """
    facing = np.clip(_slope(depth, plane), 0, 1)
    return np.asarray(facing + (1 - facing) * upright, np.float32)


def retroreflected(depth: Floats, plane: Plane) -> Floats:
    """Light (h, w) that road markings send back, as lux on white paper for each lux of the beam.

    Glass beads send light back to where it came from: 120 mcd/m² for each lux at 30 m (EN 1436,
    classes R2 and R3), less the further the eye is from the beam, as it is close by.
    """
    apart = np.float32(plane.eye - LAMP_HEIGHT) / np.maximum(depth, np.float32(NEAREST))
    usual = np.float32((plane.eye - LAMP_HEIGHT) / 30)
    share = np.exp(-np.maximum(apart - usual, 0) / np.float32(0.03))
    return np.asarray(np.float32(0.12 * np.pi) * share, np.float32)


def _slope(depth: Floats, plane: Plane) -> Floats:
    """How far down (h, w) a place lies from the headlamps, as a share of its distance."""
    up = plane.height(depth) * np.float32(plane.eye)
    return np.asarray(
        (np.float32(LAMP_HEIGHT) - up) / np.maximum(depth, np.float32(NEAREST)), np.float32
    )
