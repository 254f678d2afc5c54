"""A cyclist has fallen: the bicycle lies on the road, the rider beside it."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.figures import figure
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.scenarios.actor import find, show
from isthmus.synth.world.traffic import riderless
from isthmus.synth.world.vehicles import vehicle

NAME = "fallen_cyclist"


def fallen_cyclist(rng: np.random.Generator, stage: Stage) -> None:
    """In the right part of the lane, the bicycle beside or still under them; some get help."""
    layout = stage.layout
    draws = rng.spawn(3)
    thrown = rng.random() < 0.7
    bicycle = riderless(draws[0]) if thrown else vehicle("bicycle", draws[0], detail=2)
    tilt = on_its_side(1 if rng.random() < 0.5 else -1)
    both = (2.4, 0.7, 2.4)

    def propose(draw: np.random.Generator, far: float) -> Motion:
        d = (1 - far) * float(draw.uniform(layout.ego - 0.6, layout.ego + 1.4)) + far * layout.ego
        return Motion(layout.main, float(draw.uniform(7.5, 11.0 + 13.0 * far)), d)

    place = find(rng, stage, both, propose)
    points = np.concatenate([part.mesh.points for part in bicycle.parts]) @ tilt.T
    # The bicycle lies left of the place, whichever way it fell, and the rider right of it.
    left = place.d - 0.3 - float(points[:, 0].max())
    lying = Motion(place.road, place.s + 0.4, left, float(rng.uniform(-0.12, 0.12)))
    drop = -float(points[:, 1].min())
    show(stage, Standing(bicycle, lying, tilt=tilt, raised=drop), NAME)
    body = Motion(place.road, place.s - 0.4, place.d + 0.6, float(rng.uniform(-0.2, 0.2)))
    if thrown:
        show(stage, figure(draws[1], stage, body, "lie", name=NAME), NAME)
    if not thrown or rng.random() < 0.5:
        near = Motion(place.road, body.s + 1.7, body.d + 0.1, np.pi + float(rng.normal(0, 0.3)))
        pose = one_of(rng, ("bend", "call", "look"))
        show(stage, figure(draws[2], stage, near, pose, name=NAME), NAME)


def on_its_side(sign: int) -> Floats:
    """(3, 3) rotation by 84° about the own Z axis: handlebar and pedal keep a bicycle from 90°."""
    angle = sign * np.radians(84.0)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
