"""Houses along the street: terraces, blocks, shops; façades are patterns that shading draws."""

from __future__ import annotations

import numpy as np

from isthmus.synth.mesh import Floats, Material, Mesh, box, join, linear, mesh

WALLS = [
    (150, 96, 76), (166, 112, 88), (128, 84, 70), (196, 180, 150), (214, 204, 186),
    (176, 172, 164), (148, 150, 152), (222, 214, 200), (120, 112, 104), (188, 156, 122),
]  # fmt: skip
ROOFS = [(86, 66, 60), (70, 72, 78), (122, 74, 58), (60, 60, 62)]


def house(
    rng: np.random.Generator,
    inner: float,
    side: int,
    span: tuple[float, float],
    *,
    style: str,
    ground: float,
) -> Mesh:
    """One house whose front stands at lateral distance `inner` on `side` (±1) over Z `span`.

    `style`: "terrace" (2–3 floors, pitched roofs), "block" (3–6 floors, flat), "suburb"
    (1–2 floors, pitched, set back by the caller).
    """
    floors = {"terrace": rng.integers(2, 4), "block": rng.integers(3, 7),
              "suburb": rng.integers(1, 3)}[style]  # fmt: skip
    floor = rng.uniform(2.7, 3.4)
    shop = style != "suburb" and bool(rng.random() < 0.45)
    eaves = ground + floors * floor + 0.4 + 0.6 * shop
    depth = rng.uniform(8, 12)
    x0, x1 = sorted((side * inner, side * (inner + depth)))
    walls = box((x0, x1), (ground, eaves), span)
    colour = linear(WALLS[int(rng.integers(len(WALLS)))]) * rng.uniform(0.8, 1.15)
    pattern = [
        floor, rng.uniform(1.7, 3.2), rng.uniform(0.36, 0.6), rng.uniform(0.45, 0.62), ground,
        float(shop), float(rng.integers(1, 1 << 20)),
    ]  # fmt: skip
    centre = (0.5 * (x0 + x1), 0.5 * eaves, 0.5 * (span[0] + span[1]))
    front = [walls[1] if side < 0 else walls[0]]
    faces: list[Floats] = [*walls[2:4], *front]
    colours = [colour * 0.92, colour * 0.92, colour]
    material = [Material.WALL] * 3
    tiles = linear(ROOFS[int(rng.integers(len(ROOFS)))]) * rng.uniform(0.8, 1.2)
    if style == "block":
        parapet = box((x0 - 0.1, x1 + 0.1), (eaves, eaves + 0.5), (span[0], span[1]))
        faces += parapet
        colours += [colour * 0.8] * 5
        material += [Material.ROOF] * 5
    else:
        faces += _pitched(x0, x1, eaves, depth * rng.uniform(0.3, 0.42), span)
        colours += [tiles, tiles, colour * 0.9, colour * 0.9]
        material += [Material.ROOF] * 4
        if rng.random() < 0.6:
            stack = span[0] + rng.uniform(0.2, 0.8) * (span[1] - span[0])
            ridge, middle = eaves + depth * 0.3, 0.5 * (x0 + x1)
            chimney = box((middle - 0.5, middle + 0.5), (ridge - 0.5, ridge + 1.6),
                          (stack - 0.4, stack + 0.4))  # fmt: skip
            faces += chimney
            colours += [colour * 0.7] * 5
            material += [Material.ROOF] * 5
    patterns = np.zeros((len(faces), 7))
    patterns[:3] = pattern
    return mesh(faces, np.array(colours).clip(0, 0.85), material, centre=centre, pattern=patterns)


def _pitched(
    x0: float, x1: float, eaves: float, rise: float, span: tuple[float, float]
) -> list[Floats]:
    middle, ridge = 0.5 * (x0 + x1), eaves + rise
    z0, z1 = span
    faces = [
        [(x0 - 0.3, eaves - 0.1, z0), (middle, ridge, z0), (middle, ridge, z1),
         (x0 - 0.3, eaves - 0.1, z1)],
        [(x1 + 0.3, eaves - 0.1, z0), (middle, ridge, z0), (middle, ridge, z1),
         (x1 + 0.3, eaves - 0.1, z1)],
        [(x0, eaves, z0), (x1, eaves, z0), (middle, ridge, z0)],
        [(x0, eaves, z1), (x1, eaves, z1), (middle, ridge, z1)],
    ]  # fmt: skip
    return [np.array(face, np.float32) for face in faces]


def backdrop(rng: np.random.Generator, land: Mesh, distance: float) -> Mesh:
    """The `land` and, `distance` metres ahead, far roofs and tree tops that close the view."""
    faces, colours = [], []
    x = -distance * 1.3
    while x < distance * 1.3:
        width = rng.uniform(8, 40)
        height = rng.uniform(5, 16) + (rng.random() < 0.12) * rng.uniform(5, 18)
        leafy = rng.random() < 0.5
        shade = linear((84, 92, 76) if leafy else (128, 118, 112)) * rng.uniform(0.7, 1.2)
        top = 0.25 * width if leafy else 0.02 * width
        z = distance + rng.uniform(0, 60)
        right, eaves = x + width, height * 0.8
        outline = [(x, 0, z), (right, 0, z), (right, eaves, z), (right - top, height, z),
                   (x + top, height, z), (x, eaves, z)]  # fmt: skip
        faces.append(np.array(outline, np.float32))
        colours.append(shade)
        x += width * rng.uniform(0.6, 1.1)
    far = mesh(faces, np.array(colours), Material.ROOF, billboard=True)
    return join([land, far])
