"""Our triangles as Mitsuba's meshes: one for every finish.

Mitsuba's axes are right-handed, ours left-handed: Z is mirrored, and corners change their turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.render.physical.materials import SNOW, Finish, bsdf, colours, finishes
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup, Weather

FLIP = np.array([1, 1, -1], np.float32)
LEVEL = 0.45
"""Least upward part of the normal of faces that hold water or snow."""
THICK = 0.5
"""Snow cover from which on faces are white to all light; before, it is put on afterwards."""
SNOWY = Finish("snow")


def meshes(mi: Any, scene: Scene, soup: Soup) -> tuple[dict[str, Any], Floats]:
    """Shapes by name, for a scene's dictionary, and the colours (f, 3) that their faces carry."""
    corners = soup.points[soup.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.maximum(np.linalg.norm(normal, axis=1), 1e-20)
    up = normal[:, 1] / length > LEVEL
    colour = colours(soup, scene.weather)
    carried = colour[soup.faces[:, 0]]
    snowy = lies(soup, scene.weather)
    distinct, which = finishes(soup, scene.weather, up & ~snowy)
    distinct, which = [*distinct, SNOWY], np.where(snowy, len(distinct), which)
    present = np.flatnonzero(np.bincount(which, minlength=len(distinct)))
    made = {
        f"finish{k:03d}": _mesh(mi, soup, np.flatnonzero(which == number), distinct[number], colour)
        for k, number in enumerate(present.tolist())
    }
    carried[snowy] = SNOW
    return made, carried


def lies(soup: Soup, weather: Weather) -> NDArray[np.bool_]:
    """(f,) faces under snow: those whose smoothed normals look up, of leaves the level ones.

    As in the fast renderer; panes and lamps keep clear of it.
    """
    if weather.snow_cover < THICK:
        return np.zeros(len(soup.faces), np.bool_)
    up = soup.normals[soup.faces, 1].mean(axis=1)
    bare = np.array([m.transmission > 0 or max(m.emission) > 0 for m in soup.materials], np.bool_)
    leafy = np.array([m.texture == "foliage" for m in soup.materials], np.bool_)
    up = np.where(leafy[soup.material], abs(up), up)
    return np.asarray((up > LEVEL) & ~bare[soup.material])


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
    own = np.tile(np.array(SNOW, np.float32), (len(used), 1)) if what == SNOWY else colour[used]
    mesh.add_attribute("vertex_color", 3, _flat(own))
    return mesh


def _flat(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32).ravel()
