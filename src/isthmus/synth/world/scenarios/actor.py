"""What all scenarios share: an actor that is in the picture, whole and unhidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from isthmus.synth.world.placement import Motion, Stage, Standing

TRIES = 60


def find(
    rng: np.random.Generator, stage: Stage, size: tuple[float, float, float],
    propose: Callable[[np.random.Generator, float], Motion | None],
) -> Motion:  # fmt: skip
    """A place at which a box of `size` (width, height, length) is wholly in the picture.

    Args:
        propose: a place, given how far the search has come (0–1): the further, the more it
            should look ahead, where all is in the picture.

    Returns:
        The first good one; at worst the lane right ahead, 14 m away or more.
    """
    for k in range(TRIES):
        motion = propose(rng, k / TRIES)
        if motion is not None and in_picture(stage, motion, size):
            polygon = stage.footprint(motion, (size[0], size[2]), 0.1)
            if stage.room(polygon):
                return motion
    motion = Motion(stage.layout.main, 14.0, stage.layout.ego, np.pi / 2)
    while motion.s < 60.0:
        motion = replace(motion, s=motion.s + 1.5)
        polygon = stage.footprint(motion, (size[0], size[2]), 0.1)
        if in_picture(stage, motion, size) and stage.room(polygon):
            break
    return motion


def in_picture(stage: Stage, motion: Motion, size: tuple[float, float, float]) -> bool:
    """True if all corners of an upright box (width, height, length) fall into the picture.

    Its top may stick out: near lorries do.
    """
    ground = stage.footprint(motion, (size[0], size[2]))
    x, z, _ = motion.at(0.0)
    foot = stage.layout.ground(x, z)
    corners = np.concatenate([
        np.insert(ground, 1, foot + height, axis=1) for height in (0.0, 0.6 * size[1])
    ])  # fmt: skip
    camera = stage.view.to_camera(corners.astype(np.float32))
    if float(camera[:, 2].min()) < 2.0:
        return False
    pixels = stage.view.project(camera)
    edge = 0.015 * stage.view.width
    across = (pixels[:, 0] > edge) & (pixels[:, 0] < stage.view.width - edge)
    down = (pixels[:, 1] > 0) & (pixels[:, 1] < stage.view.height)
    return bool((across & down).all())


def show(stage: Stage, item: Standing, name: str, *, hazard: bool = True) -> None:
    """Place an actor of the scenario `name`: it is marked as such and kept in sight.

    Args:
        hazard: vehicles keep away from it.
    """
    thing = item.thing
    if "scenario" not in thing.attributes:
        thing = replace(thing, attributes={**thing.attributes, "scenario": name})
    polygon = stage.outline(item, 0.1)
    stage.occupancy.claim(polygon)
    stage.standing.append(replace(item, thing=thing))
    stage.keep_in_sight(polygon)
    if hazard:
        stage.hazards.claim(polygon)


def across(
    rng: np.random.Generator, stage: Stage, speed: float, farthest: float = 13.0
) -> Callable[[np.random.Generator, float], Motion]:
    """Proposals to cross the road before the camera, on a crossing if there is one near.

    Args:
        speed: m/s.
        farthest: metres ahead, if all is in the picture there.
    """
    layout = stage.layout
    reach = 1.6 * farthest
    near = [c for c in layout.crossings if c.road is layout.main and 8.0 < c.s < reach]
    way = 1 if rng.random() < 0.5 else -1

    def propose(draw: np.random.Generator, far: float) -> Motion:
        section = layout.main.section
        d = float(draw.uniform(-section.left.kerb * 0.7, section.right.lanes + 0.3))
        d = (1 - far) * d + far * layout.ego
        s = float(draw.uniform(7.5, farthest + 12.0 * far))
        if near and far < 0.6:
            s = near[0].s + float(draw.uniform(-0.7, 0.7)) * near[0].half
        return Motion(layout.main, s, d, way * np.pi / 2, 0.0, way * speed)

    return propose
