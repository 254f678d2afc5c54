"""A cyclist has fallen: the bicycle lies on the road, the rider beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.figures import figure
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.people import fallen
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.scenarios.actor import find, show
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.traffic import riderless

NAME = "fallen_cyclist"
APART = 0.35
"""Metres between bicycle and rider: nearer, they would be seen as one."""
ROOM = (4.1, 0.7, 2.0)
"""Width, height and length of both as they lie, metres."""
TILTS = np.radians(np.arange(60.0, 90.5, 0.5))
"""How far over a bicycle may lie, radians."""


def fallen_cyclist(rng: np.random.Generator, stage: Stage) -> None:
    """Both lie across the lane, side by side, so that neither hides the other; some get help."""
    layout, factors = stage.layout, stage.layout.factors
    draws = rng.spawn(3)
    bicycle = riderless(draws[0])
    rider = fallen(draws[1], season=factors.season, bodies=factors.bodies)
    left, right = layout.main.section.left.lanes, layout.main.section.right.lanes
    low, high = ROOM[0] / 2 - left, right - ROOM[0] / 2 + 0.2

    def propose(draw: np.random.Generator, far: float) -> Motion:
        d = float(draw.uniform(min(low, high), high))
        return Motion(layout.main, float(draw.uniform(6.8, 8.8 + 14.0 * far)), d)

    place = find(rng, stage, ROOM, propose)
    side, way, head = (one_of(rng, (-1, 1)) for _ in range(3))
    lean, sprawl = rng.uniform(-0.4, 0.4, 2).tolist()
    # Its wheels lie towards the camera, its handlebar away: it is seen as much as can be.
    tilt, raised = at_rest(_points(bicycle), way)
    machine = Standing(
        bicycle, replace(place, turn=way * np.pi / 2 + lean), tilt=tilt, raised=raised
    )
    body = Standing(rider, replace(place, turn=head * np.pi / 2 + sprawl))
    show(stage, _beside(machine, 0.5 * side * APART), NAME)
    body = _beside(body, -0.5 * side * APART)
    show(stage, body, NAME)
    if rng.random() < 0.5:
        turn = np.pi + float(rng.normal(0, 0.3))
        near = replace(body.motion, s=body.motion.s + 1.6, turn=turn)
        pose = one_of(rng, ("bend", "call", "look"))
        show(stage, figure(draws[2], stage, near, pose, name=NAME), NAME)


def at_rest(points: Floats, sign: int) -> tuple[Floats, float]:
    """How something fallen over to its left (`sign` 1) or right (−1) comes to rest.

    It lies where the middle of its corners (n, 3) is lowest: on handlebar, pedal or tyre.

    Returns:
        (3, 3) rotation about the own Z axis, and by how much to raise what is turned, metres.
    """
    c, s = np.cos(TILTS), sign * np.sin(TILTS)
    x, y, _ = points.astype(np.float64).T
    heights = s[:, None] * x + c[:, None] * y
    low = heights.min(axis=1)
    k = int(np.argmin(heights.mean(axis=1) - low))
    return np.array([[c[k], -s[k], 0], [s[k], c[k], 0], [0, 0, 1]], np.float32), -float(low[k])


def _points(thing: Thing) -> Floats:
    return np.concatenate([part.mesh.points for part in thing.parts])


def _beside(item: Standing, gap: float) -> Standing:
    """The same moved across the road until it is `gap` metres right (left, if below 0) of it."""
    points = _points(item.thing)
    if item.tilt is not None:
        points = points @ item.tilt.T
    motion = item.motion
    across = np.cos(motion.turn) * points[:, 0] + np.sin(motion.turn) * points[:, 2]
    edge = float(across.min() if gap > 0 else across.max())
    return replace(item, motion=replace(motion, d=motion.d + gap - edge))
