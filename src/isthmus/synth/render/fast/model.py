"""A scene's triangles and materials as flat tables for the kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.normals import face_normals
from isthmus.synth.render.fast.textures import texture_names
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.scene import Soup
from isthmus.synth.world.thing import SEMANTICS

SEALED = tuple(SEMANTICS.index(name) for name in ("road", "marking", "sidewalk"))
SOIL, LEAVES = SEMANTICS.index("terrain"), SEMANTICS.index("vegetation")
GROUND = (*SEALED, SOIL)
PLAIN, FLOOR, LEAF, BLADE, EARTH = 0, 1, 2, 3, 4


class Model(NamedTuple):
    """Everything by corner, face and material.

    Attributes:
        points, normals, uv: as in `Soup`. faces: (f, 3).
        thing, material: (f,).
        flat: (f, 3) unit normals of faces.
        kind: (f,) `PLAIN`, `FLOOR` (paved), `EARTH`, `LEAF` or `BLADE` (of grass).
        finish: (m, 12) colour 0–2, roughness 3, metallic 4, coat 5, transmission 6, emission
            7–9, porosity 10, number of the texture 11 (−1: none).
    """

    points: Floats
    normals: Floats
    uv: Floats
    faces: Ints
    thing: Ints
    material: Ints
    flat: Floats
    kind: NDArray[np.uint8]
    finish: Floats


def make_model(soup: Soup) -> Model:
    """The tables of a soup."""
    names = {name: k for k, name in enumerate(texture_names())}
    finish = np.zeros((len(soup.materials), 12), np.float32)
    leafy, grassy = (np.zeros(len(soup.materials), np.bool_) for _ in range(2))
    for k, m in enumerate(soup.materials):
        finish[k] = (
            *m.colour, m.roughness, m.metallic, m.coat, m.transmission, *m.emission, m.porosity,
            names.get(m.texture, -1),
        )  # fmt: skip
        leafy[k], grassy[k] = m.texture == "foliage", m.texture == "grass"
    flat = np.empty((len(soup.faces), 3), np.float32)
    face_normals(soup.points, soup.faces, flat)
    kind = np.full(len(soup.faces), PLAIN, np.uint8)
    kind[np.isin(soup.semantic, SEALED)] = FLOOR
    kind[soup.semantic == SOIL] = EARTH
    kind[(soup.semantic == LEAVES) & leafy[soup.material]] = LEAF
    kind[(soup.semantic == LEAVES) & grassy[soup.material]] = BLADE
    kind[(soup.semantic == SOIL) & grassy[soup.material] & (np.abs(flat[:, 1]) < 0.5)] = BLADE
    return Model(
        soup.points, soup.normals, soup.uv, soup.faces, soup.thing, soup.material,
        flat, kind, finish,
    )  # fmt: skip
