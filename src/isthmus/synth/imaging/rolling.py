"""Rolling shutter: every corner stands where it stood when its own row was read.

A corner X that moves by V against the camera is seen in row v at the time t(v) = T(v/h − ½); the
row of X + V·t and the time t are found together, by a few steps (the equation of Ait-Aider et al.,
ECCV 2006, for motion without turning). Scenes moved in this way are drawn and labelled as any
others, so picture and truth agree to the pixel, what is hidden included. Between corners times are
interpolated: exact for small faces, and for large ones as far as they are in proportion to depth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.triangles import projection_of
from isthmus.synth.lens import Lens
from isthmus.synth.view import View
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

Doubles = NDArray[np.float64]
STEPS = 4
NEAREST = 0.5
"""Depth in metres from which on corners have rows; nearer ones take those of this depth."""
BEYOND = 1.5
"""Rows beyond the picture have times too, as far as this share of the reading from the middle."""


def rolled(scene: Scene, soup: Soup, seconds: float, lens: Lens) -> tuple[Scene, Soup]:
    """A scene and its triangles as a camera reads them row by row; lamps' light stays.

    Args:
        scene: at the moment at which the middle row is read.
        soup: its triangles.
        seconds: from the first row's reading to the last's.
        lens: of the camera: decides rows.
    """
    if seconds <= 0:
        return scene, soup
    velocity = np.array([placed.velocity for placed in scene.things], np.float64).reshape(-1, 3)
    against = velocity - np.asarray(scene.ego_velocity, np.float64)
    thing = np.zeros(len(soup.points), np.int64)
    thing[soup.faces] = soup.thing[:, None]
    points = _moved(soup.points, against[thing], scene.view, seconds, lens)
    things = list(scene.things)
    for k, placed in enumerate(things):
        if placed.thing.keypoints is None:
            continue
        world = placed.to_world(placed.thing.keypoints)
        moved = _moved(world, against[[k]], scene.view, seconds, lens)
        own = (moved - np.asarray(placed.position, np.float32)) @ placed.rotation
        own = own.astype(np.float32)
        things[k] = replace(placed, thing=replace(placed.thing, keypoints=own))
    return replace(scene, things=tuple(things)), replace(soup, points=points)


def _moved(points: Floats, velocity: Doubles, view: View, seconds: float, lens: Lens) -> Floats:
    """Points (n, 3) moved on or back by their velocity (n or 1, 3) to the time of their row."""
    time = row_times(points, velocity, view, seconds, lens)
    return np.asarray(points + velocity * time[:, None], np.float32)


def row_times(points: Floats, velocity: Doubles, view: View, seconds: float, lens: Lens) -> Doubles:
    """Times (n,) in seconds, 0 in the middle row, at which world points (n, 3) are read."""
    turn, origin = projection_of(view)[:2]
    place = _turned(points - origin, turn)
    step = _turned(velocity, turn)
    side = 0.5 * view.width / view.focal
    limit = side * side + (0.5 * view.height / view.focal) ** 2
    time = np.zeros(len(points))
    for _ in range(STEPS):
        z = np.maximum(place[2] + step[2] * time, NEAREST)
        x, y = (place[0] + step[0] * time) / z, -(place[1] + step[1] * time) / z
        if lens.bends:
            # Outside the picture the lens bends no more than at its corners.
            shrink = np.sqrt(np.minimum(1.0, limit / np.maximum(x * x + y * y, 1e-12)))
            y = lens.bent(x * shrink, y * shrink)[1] / np.maximum(shrink, 1e-6)
        share = y * view.focal / view.height
        time = seconds * np.clip(share, -BEYOND, BEYOND)
    return time


def _turned(vectors: Doubles, turn: Doubles) -> Doubles:
    """Camera axes (3, n) of world vectors (n, 3)."""
    # Not a product of matrices: its last bit depends on the machine's library.
    return np.stack([(vectors * row).sum(axis=1) for row in turn])
