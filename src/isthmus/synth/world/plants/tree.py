"""Street trees: a trunk that forks, boughs that bend up, and crowns of several habits."""

from __future__ import annotations

from typing import Literal

import numpy as np

from isthmus.synth.chance import weighted
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh, join, linear
from isthmus.synth.world.plants.leaves import Season, blob, foliage, leaves, slivers, twigs
from isthmus.synth.world.shapes import tubes
from isthmus.synth.world.thing import Part, Thing

Habit = Literal["round", "upright", "spreading", "conifer"]
HABITS: dict[Habit, float] = {"round": 0.5, "upright": 0.2, "spreading": 0.22, "conifer": 0.08}
LEAVES = {3: 9600, 2: 5000, 1: 1100, 0: 280}
"""Leaves of a crown by detail; fewer are larger."""
SIZES = {3: 0.15, 2: 0.21, 1: 0.42, 0: 0.8}
SPRAYS = {3: 480, 2: 320, 1: 120, 0: 45}
"""Twigs with leaves, on which all of them hang."""
TWIGS = {3: 1400, 2: 1400, 1: 500, 0: 150}
WIDTHS = {3: 0.014, 2: 0.014, 1: 0.03, 0: 0.06}
"""Of twigs, metres: far ones stand for several."""
DEPTHS = {3: 4, 2: 4, 1: 3, 0: 2}
"""How often boughs fork."""


def tree(
    rng: np.random.Generator,
    season: Season = "summer",
    *,
    detail: int = 2,
    height: float | None = None,
    habit: Habit | None = None,
) -> Thing:
    """A tree on the ground at the origin.

    Args:
        rng: shape and colours.
        season: leaves, or none in winter (but on conifers).
        detail: 3 within a few metres, 2 near, 0 far.
        height: metres; 5 to 12 by default.
        habit: of the crown; drawn by default.
    """
    tall = float(rng.uniform(5, 12)) if height is None else height
    kind: Habit = weighted(rng, HABITS) if habit is None else habit
    shade = linear((84, 75, 66)) * rng.uniform(0.5, 1.05)
    r, g, b = shade.round(4).tolist()
    bark = Material((r, g, b), "bark", 0.95, porosity=0.4)
    green = foliage(rng, "summer" if kind == "conifer" else season)
    if kind == "conifer":
        return _conifer(rng, tall, bark, green, detail)
    start, end, radius, level = _boughs(rng, tall, kind, DEPTHS[detail])
    thin = tubes(start[level > 1], end[level > 1], radius[level > 1], 4)
    thick = tubes(start[level <= 1], end[level <= 1], radius[level <= 1], 8 if detail > 1 else 5)
    wood, tips = [thick, thin], end[level >= level.max() - 1]
    if season == "winter":
        chosen = tips[rng.integers(len(tips), size=TWIGS[detail])]
        wood.append(twigs(chosen, end.mean(axis=0), 0.1 * tall, WIDTHS[detail], rng))
    parts = [Part(join(wood), bark, "vegetation")]
    if season != "winter":
        share = 0.8 if season == "autumn" else 1.0
        outer = level >= level.max() - 1
        crown, sprigs = _crown(rng, (start[outer], end[outer]), tall, detail, share)
        parts.append(Part(crown, green, "vegetation"))
        parts[0] = Part(join([*wood, sprigs]), bark, "vegetation")
    return _thing(parts)


def _thing(parts: list[Part]) -> Thing:
    points = np.concatenate([p.mesh.points for p in parts])
    reach = 2 * np.abs(points[:, [0, 2]]).max(axis=0)
    size = (float(reach[0]), float(points[:, 1].max()), float(reach[1]))
    return Thing(tuple(parts), size=size)


def _boughs(
    rng: np.random.Generator, tall: float, kind: Habit, depth: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Segments: starts (n, 3), ends (n, 3), radii (n, 2), levels (n,)."""
    bole = tall * {"round": 0.32, "upright": 0.22, "spreading": 0.25, "conifer": 0.1}[kind]
    lean = {"round": 0.75, "upright": 0.35, "spreading": 1.0, "conifer": 1.0}[kind]
    thick = 0.018 * tall + 0.06
    starts = [np.zeros((1, 3))]
    ends = [np.array([[rng.normal(0, 0.1), bole, rng.normal(0, 0.1)]])]
    radii = [np.array([[thick * 1.25, thick]])]
    levels = [np.zeros(1)]
    direction, tip = np.array([[0.0, 1.0, 0.0]]), ends[0]
    length = (tall - bole) * 0.42
    for level in range(1, depth + 1):
        fork = 5 if level == 1 else 3
        parent = np.repeat(np.arange(len(tip)), fork)
        turn = 2 * np.pi * (np.tile(np.arange(fork), len(tip)) / fork) + rng.uniform(0, 6.3)
        turn += rng.normal(0, 0.4, len(parent))
        side = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=1)
        spread = lean * rng.uniform(0.5, 1.1, (len(parent), 1))
        spread[::fork] *= 0.35  # one bough goes on upwards
        heading = direction[parent] + spread * side
        heading[:, 1] += 0.15
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        reach = length * rng.uniform(0.65, 1.15, (len(parent), 1))
        starts.append(tip[parent])
        tip = tip[parent] + heading * reach
        ends.append(tip)
        wide = thick * 0.54**level
        radii.append(np.tile([[wide, wide * 0.6]], (len(parent), 1)))
        levels.append(np.full(len(parent), level, np.float64))
        direction, length = heading, length * 0.62
    return (
        np.concatenate(starts).astype(np.float32),
        np.concatenate(ends).astype(np.float32),
        np.concatenate(radii).astype(np.float32),
        np.concatenate(levels).astype(np.float32),
    )


def _crown(
    rng: np.random.Generator, boughs: tuple[Floats, Floats], tall: float, detail: int, share: float
) -> tuple[Mesh, Mesh]:
    """Leaves along twigs that grow out of the outer boughs, and the twigs.

    No leaf is farther from its twig than its own length; rough bodies inside close the crown.

    Args:
        boughs: starts and ends (n, 3).
        share: of the leaves that are still there.
    """
    start, end = boughs
    count = SPRAYS[detail]
    middle = end.mean(axis=0)
    extent = np.maximum(end.std(axis=0), 0.25)
    which = rng.integers(len(end), size=count)
    along = 1 - 0.75 * rng.random((count, 1)) ** 1.5  # most of them near the tips
    root = start[which] + along * (end[which] - start[which])
    heading = (root - middle) / (2.0 * extent) + rng.normal(size=(count, 3)) + (0.0, 0.2, 0.0)
    heading /= np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-6)
    tip = root + heading * (0.115 * tall * rng.uniform(0.4, 1.2, (count, 1)))

    size = SIZES[detail] * (0.75 + tall / 32) * share
    leaf = rng.integers(count, size=int(LEAVES[detail] * share))
    reach = rng.random((len(leaf), 1)) ** 0.7
    aside = rng.normal(size=(len(leaf), 3))
    aside *= rng.random((len(leaf), 1)) / np.linalg.norm(aside, axis=1, keepdims=True)
    centres = root[leaf] + reach * (tip - root)[leaf] + 1.2 * size * aside
    outward = (centres - middle) / (extent * 1.5)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    outward[:, 1] += 0.25
    made = [leaves(centres.astype(np.float32), size, outward, rng)]
    if share == 1.0:
        cores = end[rng.permutation(len(end))[: 10 if detail else 6]]
        radius = 0.055 * tall * rng.uniform(0.7, 1.25, (len(cores), 1))
        made.append(blob(cores * 0.75 + middle * 0.25, np.repeat(radius, 3, axis=1), rng))
    return join(made), slivers(root, tip, WIDTHS[detail], rng)


def _conifer(
    rng: np.random.Generator, tall: float, bark: Material, green: Material, detail: int
) -> Thing:
    trunk = tubes([[0, 0, 0]], [[0, tall * 0.95, 0]], [[0.02 * tall, 0.02]], 6)
    count = LEAVES[detail]
    up = 1 - np.sqrt(rng.random(count))  # as many to an area of the cone everywhere
    turn = rng.uniform(0, 2 * np.pi, count)
    reach = 0.2 * tall * (1 - up) * (0.75 + 0.25 * np.abs(np.sin(up * 22)))
    centres = np.stack(
        [reach * np.cos(turn), tall * (0.1 + 0.9 * up), reach * np.sin(turn)], axis=1
    )
    outward = np.stack([np.cos(turn), 0.35 + 0 * turn, np.sin(turn)], axis=1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    needles = leaves(centres.astype(np.float32), SIZES[detail] * 1.25, outward, rng, 0.4)
    dark = green.tinted((0.035, 0.06, 0.035))
    rows = np.linspace(0.12, 0.9, 7)[:, None]
    cores = np.concatenate([0 * rows, tall * rows, 0 * rows], axis=1)
    radii = np.repeat(0.17 * tall * (1 - rows), 3, axis=1) * (1, 0.7, 1) + 0.02
    body = blob(cores.astype(np.float32), radii.astype(np.float32), rng)
    return _thing(
        [Part(trunk, bark, "vegetation"), Part(join([needles, body]), dark, "vegetation")]
    )
