"""A crowd that crosses the street, or stands about in it."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.figures import figure
from isthmus.synth.world.placement import Motion, Stage
from isthmus.synth.world.scenarios.actor import in_picture, show

NAME = "crowd"
STANDING = ("stand", "talk", "phone", "look", "crossed", "pockets")


def crowd(rng: np.random.Generator, stage: Stage) -> None:
    """Eighteen to forty people around one place of the road, children among them."""
    layout = stage.layout
    near = [c.s for c in layout.crossings if c.road is layout.main and 10.0 < c.s < 24.0]
    middle = near[0] if near else float(rng.uniform(11.0, 17.0))
    event = rng.random() < 0.35
    deep = float(rng.uniform(3.0, 6.0)) if event else float(rng.uniform(1.8, 2.6))
    left, right = layout.main.section.left, layout.main.section.right
    placed, wanted = 0, int(rng.integers(18, 41))
    for draw in rng.spawn(6 * wanted):
        s = middle + deep * float(draw.uniform(-1, 1))
        d = float(draw.uniform(-left.kerb - 1.2, right.kerb + 1.2))
        # On the kerb itself nobody stands.
        if abs(abs(d) - (left.kerb if d < 0 else right.kerb)) < 0.35:
            continue
        child = bool(draw.random() < max(layout.factors.child_share, 0.1))
        way = 1 if draw.random() < 0.5 else -1
        walks = not event or draw.random() < 0.3
        speed = float(draw.uniform(0.8, 1.5)) if walks else 0.0
        turn = way * np.pi / 2 + float(draw.normal(0, 0.12 if walks else 1.2))
        motion = Motion(layout.main, s, d, turn, 0.0, way * speed)
        room = stage.footprint(motion, (0.75, 0.9), 0.05)
        if not stage.occupancy.free(room):
            continue
        pose = "walk" if walks else one_of(draw, STANDING)
        somebody = figure(draw, stage, motion, pose, child=child, name=NAME)
        size = somebody.thing.size
        free = stage.occupancy.free(stage.footprint(motion, (size[0], size[2]), 0.05))
        if not free or not in_picture(stage, motion, size):
            continue
        show(stage, somebody, NAME)
        placed += 1
        if placed == wanted:
            return
