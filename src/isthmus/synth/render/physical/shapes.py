"""Our triangles as Mitsuba's meshes: one for every kind of surface, one for every lamp's light.

Mitsuba's axes are right-handed, ours left-handed: Z is mirrored, and corners change their turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.normals import face_normals
from isthmus.synth.render.fast.weathering import HOLD, STEEP, white_share
from isthmus.synth.render.physical.lights import NO_LAMP, area_light, is_dim
from isthmus.synth.render.physical.materials import (
    KINDS,
    NO_LIGHT,
    NUMBERS,
    SNOW,
    WET,
    Finish,
    Kind,
    bsdf,
    colours,
    finishes,
)
from isthmus.synth.world.material import RGB
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup
from isthmus.synth.world.thing import SEMANTICS

FLIP = np.array([1, 1, -1], np.float32)
SLOTS = 20
"""Lamps' lights in the dark: unused ones are filled up, since their number is part of a kernel."""
FAR = 9000.0
ENDS = np.array(
    [[-FAR, -200, -FAR], [1 - FAR, -200, -FAR], [-FAR, -200, 1 - FAR],
     [FAR, 3000, FAR], [FAR - 1, 3000, FAR], [FAR, 3000, FAR - 1]], np.float32
)  # fmt: skip
"""Corners of two triangles farther out than any scene: its bounds too are part of a kernel."""
LEVEL = 0.45
"""Least upward part of the normal of faces that hold water or snow."""
THICK = 0.5
"""Snow cover from which on level faces are wholly white; before, there are bare patches."""
PLANTS = SEMANTICS.index("vegetation")


def meshes(mi: Any, scene: Scene, soup: Soup) -> tuple[dict[str, Any], Floats]:
    """Shapes by name, for a scene's dictionary, and the colours (f, 3) that their faces carry."""
    weather = scene.weather
    carried, snowy = snowed(colours(soup, weather), scene, soup)
    # Coordinates that no texture asks for would be read at each hit; that all meshes have them or
    # none has keeps kernels the same.
    textured = weather.wetness > WET
    wet = _looks_up(soup) & ~snowy
    table, which = finishes(soup, weather, wet, lamps=SLOTS if is_dim(scene) else 0)
    table, which = [*table, Finish("matt")], np.where(snowy, len(table), which)
    groups: dict[tuple[Kind, RGB], list[int]] = {}
    for number in np.flatnonzero(np.bincount(which, minlength=len(table))).tolist():
        groups.setdefault((table[number].kind, table[number].emission), []).append(number)
    numbers = {n: np.array([getattr(each, n) for each in table], np.float32) for n in NUMBERS}
    made = {"ends": _small(mi, bsdf(mi, "matt", weather), {}, ENDS, textured)}
    # Always in one order, for the kernel to be the same from scene to scene.
    for kind, emission in sorted(groups, key=lambda group: (group[1], KINDS.index(group[0]))):
        chosen = np.zeros(len(table), np.bool_)
        chosen[groups[kind, emission]] = True
        faces = np.flatnonzero(chosen[which])
        values = {name: numbers[name][which[faces]] for name in NUMBERS}
        values["color"] = carried[faces]
        emitter = {}
        if emission != NO_LIGHT:
            emitter = area_light(emission, soup.points[soup.faces[faces]], scene.view)
        properties = _properties(mi, bsdf(mi, kind, weather), emitter)
        made[f"surface{len(made):03d}"] = _mesh(mi, (soup, faces), properties, values, textured)
    lights = sum(emission != NO_LIGHT for _, emission in groups)
    for k in range(lights, SLOTS if is_dim(scene) else 0):
        made[f"unlit{k}"] = _small(mi, bsdf(mi, "matt", weather), NO_LAMP, ENDS[:3], textured)
    return made, carried


def _properties(mi: Any, body: dict[str, Any], emitter: dict[str, Any]) -> Any:
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(body)
    if emitter:
        properties["emitter"] = mi.load_dict(emitter)
    return properties


def _small(
    mi: Any, body: dict[str, Any], emitter: dict[str, Any], corners: Floats, textured: bool
) -> Any:
    """A mesh of a few small triangles that nobody sees, given their corners."""
    faces = len(corners) // 3
    values = {name: np.ones(faces, np.float32) for name in NUMBERS}
    values["color"] = np.zeros((faces, 3), np.float32)
    tables = [corners, np.tile(np.array([0, 1, 0], np.float32), (3 * faces, 1))]
    if textured:
        tables.append(np.zeros((3 * faces, 2), np.float32))
    return _filled(mi, tables, np.arange(3 * faces), _properties(mi, body, emitter), values)


def _looks_up(soup: Soup) -> NDArray[np.bool_]:
    """(f,) faces on which water stays."""
    flat = np.empty((len(soup.faces), 3), np.float32)
    face_normals(soup.points, soup.faces, flat)
    return np.asarray(flat[:, 1] > LEVEL)


def snowed(colour: Floats, scene: Scene, soup: Soup) -> tuple[Floats, NDArray[np.bool_]]:
    """Colours (f, 3) under snow of faces of a `colour` (f, 3), and (f,) which lie wholly under it.

    Snow holds where the fast renderer has it; panes and lamps keep clear of it. Faces carry all of
    it but its drifts: what is put on after tracing is a ratio of colours, and from a leaf's green
    to white one so far from grey that light of other things would come out as coloured specks.
    """
    cover = scene.weather.snow_cover
    if cover <= 0:
        return colour, np.zeros(len(soup.faces), np.bool_)
    up, bears = _up(soup, scene.view.position), _bears_snow(soup)
    wholly = (up.mean(axis=1) > LEVEL) & bears & (cover >= THICK)
    share = np.clip((up - STEEP) * HOLD, 0, 1).mean(axis=1) * bears * white_share(cover)
    share[wholly] = 1
    mixed = colour + (np.array(SNOW, np.float32) - colour) * share[:, None]
    return np.asarray(mixed, np.float32), wholly


def _up(soup: Soup, eye: tuple[float, float, float]) -> Floats:
    """(f, 3) how much faces' normals look up, by corner.

    As the fast renderer has it: leaves' own count, of either side; of twigs, which are thin too,
    the side that the camera sees; blades of grass are taken together.
    """
    up = soup.normals[soup.faces, 1]
    leafy, grassy = (
        np.array([m.texture == name for m in soup.materials], np.bool_)
        for name in ("foliage", "grass")
    )
    plants = np.flatnonzero(soup.semantic == PLANTS)
    faces = soup.faces[plants]
    flat = np.empty((len(plants), 3), np.float32)
    face_normals(soup.points, faces, flat)
    away = (flat * (soup.points[faces[:, 0]] - np.asarray(eye, np.float32))).sum(axis=1) > 0
    bark = np.where(away[:, None], -up[plants], up[plants])
    up[plants] = np.where(leafy[soup.material[plants]][:, None], abs(flat[:, 1:2]), bark)
    up[grassy[soup.material]] = 1
    return np.asarray(up, np.float32)


def _bears_snow(soup: Soup) -> NDArray[np.bool_]:
    """(f,) faces that are neither panes nor lamps."""
    bare = np.array([m.transmission > 0 or max(m.emission) > 0 for m in soup.materials], np.bool_)
    return np.asarray(~bare[soup.material])


def _mesh(
    mi: Any,
    some: tuple[Soup, NDArray[np.intp]],
    properties: Any,
    values: dict[str, Floats],
    textured: bool,
) -> Any:
    """Some faces of a soup as a mesh."""
    soup, chosen = some
    corners = soup.faces[chosen]
    touched = np.zeros(len(soup.points), np.bool_)
    touched[corners] = True
    faces = (np.cumsum(touched, dtype=np.int32) - 1)[corners][:, ::-1]
    tables = [soup.points[touched] * FLIP, soup.normals[touched] * FLIP]
    if textured:
        tables.append(soup.uv[touched])
    return _filled(mi, tables, faces, properties, values)


def _filled(
    mi: Any, tables: Sequence[Floats], faces: Any, properties: Any, values: dict[str, Floats]
) -> Any:
    """A mesh of corners' places, normals (and texture coordinates), and faces' `values`."""
    count = faces.size // 3
    mesh = mi.Mesh(
        "surface", len(tables[0]), count, props=properties, has_vertex_normals=True,
        has_vertex_texcoords=len(tables) > 2,
    )  # fmt: skip
    parameters = mi.traverse(mesh)
    for name, table in zip(("positions", "normals", "texcoords"), tables, strict=False):
        parameters[f"vertex_{name}"] = _flat(table)
    parameters["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
    parameters.update()
    for name, numbers in values.items():
        mesh.add_attribute(f"face_{name}", 3 if numbers.ndim == 2 else 1, _flat(numbers))
    return mesh


def _flat(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32).ravel()
