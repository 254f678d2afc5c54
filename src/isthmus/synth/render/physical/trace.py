"""What Mitsuba's rays hit in the middle of each pixel: a check of the truth by another engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.render.physical.shapes import FLIP
from isthmus.synth.world.scene import Scene, Soup


def things_at_centres(mi: Any, scene: Scene, soup: Soup) -> NDArray[np.int64]:
    """(h, w) number in `Scene.things` of what is hit, −1 for nothing."""
    mesh = mi.Mesh("all", len(soup.points), len(soup.faces))
    values = mi.traverse(mesh)
    values["vertex_positions"] = np.ascontiguousarray(soup.points * FLIP).ravel()
    values["faces"] = np.ascontiguousarray(soup.faces[:, ::-1], np.uint32).ravel()
    values.update()
    world = mi.load_dict({"type": "scene", "all": mesh})
    view = scene.view
    x, y = view.rays(1)
    directions = np.stack(np.broadcast_arrays(x, y, np.float32(1)), axis=-1).reshape(-1, 3)
    directions = directions @ view.rotation
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= FLIP
    origin = np.asarray(view.position, np.float32) * FLIP
    found = np.full(len(directions), -1, np.int64)
    if mi.variant().startswith("scalar"):
        for k, direction in enumerate(directions):
            hit = world.ray_intersect_preliminary(
                mi.Ray3f(mi.Point3f(*origin.tolist()), mi.Vector3f(*direction.tolist()))
            )
            if hit.is_valid():
                found[k] = soup.thing[hit.prim_index]
    else:
        ray = mi.Ray3f(mi.Point3f(*origin.tolist()), mi.Vector3f(*directions.T.astype(np.float32)))
        hit = world.ray_intersect_preliminary(ray)
        valid, face = np.asarray(hit.is_valid()), np.asarray(hit.prim_index).astype(np.int64)
        found[valid] = soup.thing[face[valid]]
    return found.reshape(view.height, view.width)
