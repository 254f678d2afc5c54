"""Our triangles as Mitsuba's meshes: one for every finish.

Mitsuba's axes are right-handed, ours left-handed: Z is mirrored, and corners change their turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.render.physical.materials import Finish, bsdf, colours, finishes
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

FLIP = np.array([1, 1, -1], np.float32)
LEVEL = 0.45
"""Least upward part of the normal of faces that hold water or snow."""


def meshes(mi: Any, scene: Scene, soup: Soup) -> tuple[dict[str, Any], Floats]:
    """Shapes by name, for a scene's dictionary, and the colours (v, 3) that they carry."""
    corners = soup.points[soup.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.maximum(np.linalg.norm(normal, axis=1), 1e-20)
    up = normal[:, 1] / length > LEVEL
    snowy = up & (scene.weather.snow_cover >= 0.5)
    colour = colours(soup, scene.weather, snowy)
    distinct, which = finishes(soup, scene.weather, up & ~snowy)
    present = np.flatnonzero(np.bincount(which, minlength=len(distinct)))
    made = {
        f"finish{k:03d}": _mesh(mi, soup, np.flatnonzero(which == number), distinct[number], colour)
        for k, number in enumerate(present.tolist())
    }
    return made, colour


def _mesh(mi: Any, soup: Soup, chosen: NDArray[np.intp], what: Finish, colour: Floats) -> Any:
    corners = soup.faces[chosen]
    touched = np.zeros(len(soup.points), np.bool_)
    touched[corners] = True
    used = np.flatnonzero(touched)
    faces = (np.cumsum(touched, dtype=np.int32) - 1)[corners][:, ::-1]
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf(mi, what))
    if max(what.emission) > 0:
        radiance = {"type": "rgb", "value": list(what.emission)}
        properties["emitter"] = mi.load_dict({"type": "area", "radiance": radiance})
    mesh = mi.Mesh(
        what.kind, len(used), len(faces), props=properties, has_vertex_normals=True,
        has_vertex_texcoords=True,
    )  # fmt: skip
    values = mi.traverse(mesh)
    values["vertex_positions"] = _flat(soup.points[used] * FLIP)
    values["vertex_normals"] = _flat(soup.normals[used] * FLIP)
    values["vertex_texcoords"] = _flat(soup.uv[used])
    values["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
    values.update()
    mesh.add_attribute("vertex_color", 3, _flat(colour[used]))
    return mesh


def _flat(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32).ravel()
