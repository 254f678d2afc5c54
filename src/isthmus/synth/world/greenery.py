"""Trees, bushes and tufts: along kerbs, in gardens and parks, between fields."""

from __future__ import annotations

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.placement import Motion, Stage, Standing
from isthmus.synth.world.plants import bush, hedge, tree, tuft
from isthmus.synth.world.roads.layout import Road
from isthmus.synth.world.stock import article, numbered

TREES = 14
BUSHES = 8
CLOSE = 15.0
"""Metres within which single leaves are seen."""


def greenery(rng: np.random.Generator, stage: Stage) -> None:
    """All plants of a scene but the hedges around gardens."""
    factors = stage.layout.factors
    _street_trees(rng, stage)
    _gardens(rng, stage)
    if factors.road_type == "rural":
        _countryside(rng, stage)
    _far_trees(rng, stage)
    _tufts(rng, stage)


def _plant(
    rng: np.random.Generator, stage: Stage, road: Road, place: tuple[float, float],
    habit: str | None = None,
) -> None:  # fmt: skip
    """One tree at (s, d) if there is room for its trunk."""
    s, d = place
    motion = Motion(road, s, d, float(rng.uniform(0, 2 * np.pi)))
    asked = {} if habit is None else {"habit": habit}
    detail = 3 if stage.distance(motion) < CLOSE * stage.sharpness else stage.detail(motion)
    thing = article(tree, rng, TREES, season=stage.layout.factors.season,
                    detail=detail, **asked)  # fmt: skip
    # Where people cross, drivers must see them.
    near = any(c.road is road and abs(s - c.s) < c.half + 3.5 for c in stage.layout.crossings)
    if not (near and abs(d) < road.section.right.edge):
        beside = abs(d) > 0.5 * road.section.median
        stage.put(Standing(thing, motion), size=(0.5, 0.5), margin=0.1, beside=beside)


def _street_trees(rng: np.random.Generator, stage: Stage) -> None:
    """Rows of one kind of tree at the kerb, on some streets and most avenues."""
    layout = stage.layout
    section, factors = layout.main.section, layout.factors
    share = {"street": 0.4, "avenue": 0.8, "suburb": 0.5, "rural": 0.12}[factors.road_type]
    spacing, habit = float(rng.uniform(8, 16)), one_of(rng, ("round", "upright", "spreading"))
    for sign in (-1, 1):
        draw = rng.spawn(1)[0]
        side = section.side(sign)
        if draw.random() > share:
            continue
        d = side.kerb + (0.15 + side.verge / 2 if side.verge else 0.75)
        if not side.raised:
            d = side.kerb + 2.8
        elif side.sidewalk < 2.2 and not side.verge:
            continue
        for s in np.arange(-10 + float(draw.uniform(0, spacing)), 220.0, spacing).tolist():
            if draw.random() < 0.9:
                place = (s + float(draw.uniform(-0.5, 0.5)), sign * d)
                _plant(draw, stage, layout.main, place, habit)
    if section.median > 2.2:
        draw = rng.spawn(1)[0]
        for low, high in layout.median_spans():
            for s in np.arange(max(low, 6.0) + 3, min(high, 160.0) - 3, spacing).tolist():
                _plant(draw, stage, layout.main, (s, 0.0), habit)


def _gardens(rng: np.random.Generator, stage: Stage) -> None:
    """Trees and bushes in front gardens and parks."""
    layout = stage.layout
    factors = layout.factors
    park = factors.surroundings == "park" and factors.road_type != "rural"
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        wide = 28.0 if park else side.yard
        if wide < 1.4:
            continue
        count = int(rng.poisson(30 if park else 3.5 * min(side.yard, 8.0)))
        for _ in range(count):
            s = float(rng.uniform(0.0, 1.0) ** 1.4 * 150.0)
            d = sign * (side.edge + float(rng.uniform(0.9, wide)))
            motion = Motion(layout.main, s, d, float(rng.uniform(0, 6.28)))
            if rng.random() < (0.65 if park else 0.3):
                _plant(rng, stage, layout.main, (s, d))
            elif stage.sees(motion):
                thing = article(bush, rng, BUSHES, season=factors.season,
                                detail=stage.detail(motion))  # fmt: skip
                stage.put(Standing(thing, motion), margin=0.0, beside=True)


def _countryside(rng: np.random.Generator, stage: Stage) -> None:
    """Hedgerows, copses and single trees."""
    layout = stage.layout
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        if rng.random() < 0.4:
            d = sign * (side.edge + float(rng.uniform(1.0, 4.0)))
            kind = int(rng.random() * 4)
            for s in np.arange(-8.0, 150.0, 4.0).tolist():
                motion = Motion(layout.main, s, d, -sign * np.pi / 2)
                thing = numbered(hedge, kind, length=4.0, height=1.3, detail=stage.detail(motion),
                                 season=layout.factors.season)  # fmt: skip
                stage.put(Standing(thing, motion), margin=0.0, beside=True)
        for _ in range(int(rng.integers(2, 7))):
            s, d = float(rng.uniform(15.0, 260.0)), side.edge + float(rng.uniform(2.0, 40.0))
            for _ in range(int(rng.integers(1, 7))):
                near = (s + float(rng.normal(0, 6.0)), sign * (d + abs(float(rng.normal(0, 6.0)))))
                _plant(rng, stage, layout.main, near)


def _far_trees(rng: np.random.Generator, stage: Stage) -> None:
    """Trees behind the houses and at the end of the view."""
    layout = stage.layout
    green = layout.factors.road_type in ("suburb", "rural") or layout.factors.surroundings == "park"
    bend = float(np.abs(layout.main.curve.curvature).max())
    for _ in range(52 if green else 34):
        s = float(rng.uniform(30.0, 420.0))
        sign = one_of(rng, (-1, 1))
        d = layout.main.section.side(sign).front + float(rng.uniform(15.0, 90.0))
        if d * bend < 0.6:
            motion = Motion(layout.main, s, sign * d, float(rng.uniform(0, 6.28)))
            thing = article(tree, rng, TREES, season=layout.factors.season,
                            detail=min(stage.detail(motion), 1))  # fmt: skip
            stage.put(Standing(thing, motion, raised=-0.2), size=(0.6, 0.6), beside=True)


def _tufts(rng: np.random.Generator, stage: Stage) -> None:
    """Long grass near the camera, where there is a verge."""
    layout = stage.layout
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        low = side.kerb + (0.9 if not side.raised else 0.25)
        wide = side.verge - 0.3 if side.raised else 5.0
        if wide < 0.4:
            continue
        gap = layout.gap(sign) or (0.0, 0.0)
        for _ in range(int(wide * 18)):
            s = 3.0 + 28.0 * float(rng.random()) ** 1.5
            d = sign * (low + float(rng.random()) * wide)
            motion = Motion(layout.main, s, d, float(rng.uniform(0, 6.28)))
            thing = article(tuft, rng, 12, reach=0.4)
            if stage.sees(motion, 1.0) and not gap[0] - 0.4 < s < gap[1] + 0.4:
                stage.standing.append(Standing(thing, motion))
