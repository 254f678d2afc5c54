"""Hedges, bushes, tufts of grass."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Mesh, box, join, linear
from isthmus.synth.world.plants.leaves import Season, blob, foliage, leaves
from isthmus.synth.world.thing import Part, Thing

LOBES = 7
"""Round masses that make up a bush."""


def hedge(
    rng: np.random.Generator, length: float, *, height: float = 1.3, detail: int = 2,
    season: Season = "summer",
) -> Thing:  # fmt: skip
    """A clipped hedge along X, `length` metres long, centred on the origin."""
    # Clipped hedges keep their leaves, and most of them their green.
    green = foliage(rng, "autumn" if season == "autumn" and rng.random() < 0.3 else "summer")
    deep = 0.7
    per_metre = {2: 240, 1: 60, 0: 16}[detail]
    count = max(int(per_metre * length), 8)
    size = {2: 0.13, 1: 0.26, 0: 0.5}[detail]
    across = rng.uniform(-0.5, 0.5, (count, 3))
    axis = rng.choice(3, count, p=[0.05, 0.35, 0.6])
    side = np.where(rng.random(count) < 0.5, -0.5, 0.5)
    side = np.where(axis == 1, 0.5, side)
    across[np.arange(count), axis] = side
    outward = np.zeros((count, 3))
    outward[np.arange(count), axis] = np.sign(side)
    centres = across * (length, height, deep) + (0, height / 2, 0)
    body = box((-length / 2, length / 2), (0.0, height * 0.96), (-deep * 0.46, deep * 0.46))
    mesh = join([leaves(centres.astype(np.float32), size, outward, rng, 0.5), body])
    return Thing((Part(mesh, green, "vegetation"),), size=(length, height, deep))


def bush(rng: np.random.Generator, season: Season = "summer", *, detail: int = 2) -> Thing:
    """A round bush, 0.6 to 1.8 m high; bare twigs are left out in winter."""
    tall = float(rng.uniform(0.6, 1.8))
    green = foliage(rng, "summer" if season == "winter" else season)
    count = {2: 1100, 1: 280, 0: 80}[detail]
    size = {2: 0.12, 1: 0.22, 0: 0.4}[detail]
    reach = tall * np.array([0.55, 0.5, 0.55])
    middle = np.array([0.0, tall * 0.5, 0.0])
    # Several round masses that grow into each other: one would be seen as a ball.
    lobes = rng.normal(size=(LOBES, 3))
    lobes *= rng.uniform(0.35, 0.5, (LOBES, 1)) / np.linalg.norm(lobes, axis=1, keepdims=True)
    lobes[0] = 0
    radii = rng.uniform(0.45, 0.6, (LOBES, 1))
    which = rng.integers(LOBES, size=count)
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    spots = lobes[which] + out * radii[which] * rng.uniform(0.75, 1.1, (count, 1))
    centres = middle + reach * spots
    centres[:, 1] = np.maximum(centres[:, 1], 0.3 * size)
    outward = out + spots
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    bodies = blob(
        (middle + reach * lobes).astype(np.float32),
        (0.8 * radii * reach).astype(np.float32),
        rng,
    )
    mesh = join([leaves(centres.astype(np.float32), size, outward, rng, 0.5), bodies])
    mesh.points[:, 1] -= max(float(mesh.points[:, 1].min()), 0.0)
    return Thing((Part(mesh, green, "vegetation"),), size=(tall * 1.2, tall, tall * 1.2))


def tuft(rng: np.random.Generator, reach: float = 0.5) -> Thing:
    """Long grass on a verge: a few dozen blades within `reach` metres."""
    count = 60
    foot = rng.uniform(-reach, reach, (count, 3)) * (1, 0, 1)
    tall = rng.uniform(0.04, 0.17, (count, 1))
    lean = rng.normal(0, 0.05, (count, 3)) * (1, 0, 1)
    wide = rng.normal(0, 0.008, (count, 3)) * (1, 0, 1)
    tip = foot + lean + tall * (0, 1, 0)
    points = np.stack([foot - wide, foot + wide, tip], axis=1).reshape(-1, 3)
    normals = np.tile(np.array([[0, 1, 0]], np.float32), (len(points), 1))
    faces = np.arange(len(points), dtype=np.int32).reshape(-1, 3)
    mesh = Mesh(points.astype(np.float32), faces, normals, points[:, [0, 2]].astype(np.float32))
    r, g, b = (linear((98, 106, 56)) * rng.uniform(0.85, 1.3)).round(4).tolist()
    return Thing((Part(mesh, Material((r, g, b), "grass", roughness=0.9), "vegetation"),),
                 size=(2 * reach, 0.2, 2 * reach))  # fmt: skip
