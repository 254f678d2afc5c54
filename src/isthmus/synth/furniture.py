"""What lines a street: trees, lamps, poles, signs, traffic lights, bins, hedges.

All are scenery: nothing here is labelled. Trunks, poles and signs are meant to be mistaken for
people by a detector that looks at outlines alone.
"""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.mesh import Floats, Material, Mesh, box, capsules, join, linear, mesh

BARK = linear((74, 62, 52))
METAL = linear((86, 90, 92))
DARK_METAL = linear((42, 46, 44))


def _upright(x: float, z: float, base: float, top: float, radius: float) -> Floats:
    return np.array(
        [(x - radius, base, z), (x + radius, base, z), (x + radius, top, z), (x - radius, top, z)],
        np.float32,
    )


def tree(rng: np.random.Generator, x: float, z: float, base: float, bare: bool) -> Mesh:
    """A street tree 5–10 m high at (x, z), leafy or bare."""
    height, radius = rng.uniform(5.0, 9.5), rng.uniform(0.12, 0.24)
    fork = height * rng.uniform(0.26, 0.4)
    lean = rng.uniform(-0.3, 0.3)
    top = np.array([x + lean, base + height * 0.75, z])
    trunk = np.array(
        [(x - radius, base, z), (x + radius, base, z), (top[0] + radius * 0.3, top[1], z),
         (top[0] - radius * 0.3, top[1], z)], np.float32,
    )  # fmt: skip
    wood = BARK * rng.uniform(0.7, 1.3)
    stem = mesh([trunk], wood, Material.PLAIN, billboard=True)
    crown = (
        _branches(rng, x, z, base + fork, height - fork)
        if bare
        else _leaves(rng, x + lean, z, base + fork, height - fork)
    )
    return join([stem, crown])


def _branches(rng: np.random.Generator, x: float, z: float, low: float, size: float) -> Mesh:
    starts, ends, radii = [], [], []
    for _ in range(9):
        origin = np.array([x, low + size * rng.uniform(0.0, 0.6), z])
        angle = rng.uniform(0.35, 1.0) * one_of(rng, (-1, 1))
        reach = size * rng.uniform(0.3, 0.55)
        tip = origin + reach * np.array([np.sin(angle), np.cos(angle), rng.uniform(-0.3, 0.3)])
        starts.append(origin)
        ends.append(tip)
        radii.append((0.06, 0.025))
        for share in (0.45, 0.7, 0.85):
            fork = origin + share * (tip - origin)
            turn = angle + rng.uniform(0.3, 0.8) * one_of(rng, (-1, 1))
            twig = reach * rng.uniform(0.25, 0.5)
            starts.append(fork)
            ends.append(fork + twig * np.array([np.sin(turn), np.cos(turn), 0.0]))
            radii.append((0.03, 0.012))
    outlines = capsules(np.array(starts), np.array(ends), np.array(radii))
    colour = BARK * rng.uniform(0.5, 0.9)
    return mesh(list(outlines), colour, Material.PLAIN, billboard=True)


def _leaves(rng: np.random.Generator, x: float, z: float, low: float, size: float) -> Mesh:
    n = 26
    half, width = 0.5 * size, size * rng.uniform(0.34, 0.5)
    middle = np.array([x, low + half, z])
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = rng.uniform(0.45, 1.0, (n, 1))
    centre = middle + direction * radius * np.array([width, half * 0.85, width])
    spread = rng.uniform(0.24, 0.42, (n, 1)) * width * 1.2
    angle = np.arange(8) * (np.pi / 4) + rng.uniform(0, np.pi, (n, 1))
    ragged = spread * rng.uniform(0.65, 1.2, (n, 8))
    outline = np.repeat(centre[:, None], 8, axis=1)
    outline[..., 0] += ragged * np.cos(angle)
    outline[..., 1] += ragged * np.sin(angle)
    green = linear(rng.uniform((40, 62, 22), (92, 104, 44)))
    if rng.random() < 0.25:  # autumn
        green = linear(rng.uniform((120, 80, 20), (160, 110, 40)))
    # Clumps higher up and further out catch more light.
    shade = 0.55 + 0.45 * direction[:, 1:2] * radius + rng.uniform(-0.12, 0.25, (n, 1))
    colour = green * np.clip(shade, 0.25, 1.4)
    return mesh(list(outline), colour, Material.LEAF, billboard=True)


def hedge(rng: np.random.Generator, x: tuple[float, float], z: tuple[float, float]) -> Mesh:
    """A clipped hedge, a garden wall or a fence between two corners."""
    kind = rng.random()
    if kind < 0.55:
        green = linear(rng.uniform((34, 54, 22), (70, 88, 40)))
        return mesh(box(x, (0, rng.uniform(0.9, 2.0)), z), green, Material.LEAF,
                    centre=(sum(x) / 2, 0.5, sum(z) / 2))  # fmt: skip
    stone = linear(rng.uniform((110, 80, 64), (176, 160, 140)))
    return mesh(box(x, (0, rng.uniform(0.6, 1.6)), z), stone, Material.ROOF,
                centre=(sum(x) / 2, 0.4, sum(z) / 2))  # fmt: skip


def street_lamp(x: float, z: float, base: float, height: float, towards: float) -> Mesh:
    """A lamp post whose arm reaches over the road (`towards` = ±1 in X)."""
    arm = 1.5 * towards
    pole = _upright(x, z, base, height, 0.075)
    beam = np.array(
        [(x, height - 0.06, z), (x + arm, height + 0.16, z), (x + arm, height + 0.25, z),
         (x, height + 0.06, z)], np.float32,
    )  # fmt: skip
    head = np.array(
        [(x + arm - 0.35, height + 0.12, z), (x + arm + 0.35, height + 0.12, z),
         (x + arm + 0.3, height + 0.3, z), (x + arm - 0.3, height + 0.3, z)], np.float32,
    )  # fmt: skip
    lens = head.copy()
    lens[2:, 1] = height + 0.19
    return mesh(
        [pole, beam, head, lens], [METAL, METAL, METAL, linear((215, 210, 195))],
        [Material.PLAIN, Material.PLAIN, Material.PLAIN, Material.STREETLAMP],
        group=[0, 1, 2, 2], billboard=True,
    )  # fmt: skip


def signal(rng: np.random.Generator, x: float, z: float, base: float) -> Mesh:
    """A traffic light, red or green."""
    post = _upright(x, z, base, base + 2.3, 0.06)
    case = np.array(
        [(x - 0.17, base + 2.2, z), (x + 0.17, base + 2.2, z), (x + 0.17, base + 3.2, z),
         (x - 0.17, base + 3.2, z)], np.float32,
    )  # fmt: skip
    lit = int(rng.integers(2))
    lamps = [_disc(x, base + 2.4 + 0.3 * i, z, 0.11) for i in range(3)]
    glass = linear([(20, 70, 40), (70, 60, 10), (70, 16, 14)])
    shining = linear([(60, 255, 150), (255, 190, 40), (255, 50, 36)])
    on = 0 if lit else 2
    glass[on] = shining[on]
    material = [Material.PLAIN] * 5
    material[2 + on] = Material.SIGNAL
    return mesh(
        [post, case, *lamps], np.vstack([DARK_METAL[None], linear([(22, 24, 24)]), glass]),
        material, group=[0, 1, 1, 1, 1], billboard=True,
    )  # fmt: skip


def _disc(x: float, y: float, z: float, radius: float) -> Floats:
    angle = np.arange(8) * (np.pi / 4) + np.pi / 8
    return np.stack(
        [x + radius * np.cos(angle), y + radius * np.sin(angle), np.full(8, z)], axis=1
    ).astype(np.float32)


def sign(rng: np.random.Generator, x: float, z: float, base: float) -> Mesh:
    """A road sign on a thin post: round, triangular or a plate."""
    top = base + rng.uniform(2.1, 2.7)
    post = _upright(x, z, base, top, 0.035)
    kind = rng.integers(3)
    red, white, blue = linear([(170, 26, 30), (214, 214, 208), (30, 70, 150)])
    if kind == 0:
        panels, colours = [_disc(x, top, z, 0.34), _disc(x, top, z, 0.24)], [red, white]
    elif kind == 1:
        outer = np.array([(x - 0.4, top - 0.3, z), (x + 0.4, top - 0.3, z), (x, top + 0.4, z)])
        middle = np.array([x, top - 0.07, z])
        inner = (outer - middle) * 0.62 + middle
        panels = [outer.astype(np.float32), inner.astype(np.float32)]
        colours = [red, white]
    else:
        left, right, low, high = x - 0.35, x + 0.35, top - 0.3, top + 0.4
        plate = np.array([(left, low, z), (right, low, z), (right, high, z), (left, high, z)])
        plate = plate.astype(np.float32)
        panels, colours = [plate], [blue]
    groups = [0] + [1] * len(panels)
    return mesh([post, *panels], np.vstack([METAL, *colours]), Material.PLAIN, group=groups,
                billboard=True)  # fmt: skip


def bin_or_box(rng: np.random.Generator, x: float, z: float, base: float) -> Mesh:
    """A litter bin, bollard, cabinet or letter box: about as high as a child."""
    half, height = rng.uniform(0.14, 0.34), rng.uniform(0.75, 1.35)
    shade = [(40, 44, 42), (50, 78, 52), (150, 30, 30), (112, 116, 112), (60, 70, 90)]
    colour = linear(shade[int(rng.integers(len(shade)))])
    faces = box((x - half, x + half), (base, base + height), (z - half, z + half))
    lid = box((x - half * 1.12, x + half * 1.12), (base + height, base + height + 0.07),
              (z - half * 1.12, z + half * 1.12))  # fmt: skip
    return mesh(
        [*faces, *lid], np.vstack([np.tile(colour, (5, 1)), np.tile(colour * 0.6, (5, 1))]),
        Material.PLAIN, centre=(x, base + height / 2, z),
    )  # fmt: skip


def pole(x: float, z: float, base: float, height: float) -> Mesh:
    """A bare telegraph pole."""
    return mesh([_upright(x, z, base, base + height, 0.11)], BARK, Material.PLAIN, billboard=True)
