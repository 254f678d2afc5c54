"""Optical flow: how far what each pixel shows moves until the next frame."""

from __future__ import annotations

import numpy as np

from isthmus.synth.annotate.triangles import NEAR, Projection
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Scene, Soup


def motion(
    scene: Scene, soup: Soup, face: Ints, depth: Floats, *, projection: Projection, seconds: float
) -> Floats:
    """Flow (h, w, 2) in pixels, to the right and down.

    Things move by their velocity and the camera by the ego vehicle's, without turning; the sky is
    too far away to move. NaN where a point passes the camera.
    """
    velocity = np.array([placed.velocity for placed in scene.things], np.float64).reshape(-1, 3)
    velocity -= np.asarray(scene.ego_velocity, np.float64)
    moved = np.stack([(velocity * row).sum(axis=1) for row in projection.turn], axis=1) * seconds
    table = np.vstack([moved, np.zeros((1, 3))])
    thing = np.append(soup.thing, len(moved))
    step = np.take(table, np.take(thing, face), axis=0)
    height, width = face.shape
    solid = face >= 0
    z = np.where(solid, depth, 1.0).astype(np.float64)
    x = (np.arange(width) + 0.5 - 0.5 * width)[None, :]
    y = (0.5 * height - np.arange(height) - 0.5)[:, None]
    # u' − u = (f·(X + dX) − u·(Z + dZ)) / (Z + dZ), without the difference of two large numbers.
    after = z + step[..., 2]
    after = np.where(after >= NEAR, after, np.nan)
    right = (projection.focal * step[..., 0] - x * step[..., 2]) / after
    up = (projection.focal * step[..., 1] - y * step[..., 2]) / after
    flow = np.stack([right, -up], axis=-1)
    return np.where(solid[..., None], flow, 0.0).astype(np.float32)
