"""Clothes as surfaces of their own: upper garments, trousers, skirts, scarves, hoods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.people import flesh
from isthmus.synth.world.people.loft import (
    Index,
    Reals,
    Surface,
    circle,
    curve,
    sheet,
)
from isthmus.synth.world.people.neckwear import collar
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.skeleton import ramp
from isthmus.synth.world.people.wardrobe import Look


@dataclass(frozen=True)
class Cut:
    """How an upper garment is cut. Lengths are shares of the wearer's height.

    Attributes:
        hem: trunk coordinate of its lower edge, neck that of the upper.
        ease: room round the chest, at the waist, at the hem.
        arm: room round the arm.
        cuff: least half breadth at the wrist or sleeve's end.
        fold: depth of folds.
        quilts: rows of stitched bulges (a padded jacket).
        collar: height of a standing collar.
        straight: how little the waist is taken in, share of the chest's breadth.
    """

    hem: float
    ease: tuple[float, float, float]
    neck: float = 4.93
    arm: float = 0.008
    cuff: float = 0.0
    fold: float = 0.0022
    quilts: int = 0
    collar: float = 0.0
    straight: float = 0.0


CUTS = {
    "tank": Cut(0.9, (0.004, 0.008, 0.008), neck=4.62, fold=0.0016, straight=0.85),
    "tshirt": Cut(0.72, (0.006, 0.013, 0.012),
        neck=4.90, arm=0.008, cuff=0.034, fold=0.0024, straight=0.90),
    "shirt": Cut(0.62, (0.008, 0.014, 0.014),
        arm=0.008, cuff=0.021, fold=0.0026, collar=0.018, straight=0.89),
    "sweater": Cut(0.92, (0.010, 0.017, 0.008), arm=0.010, cuff=0.020, fold=0.0026, straight=0.91),
    "hoodie": Cut(0.85, (0.014, 0.022, 0.010), arm=0.013, cuff=0.021, fold=0.0032, straight=0.94),
    "jacket": Cut(0.72, (0.016, 0.024, 0.016),
        arm=0.013, cuff=0.025, fold=0.0028, collar=0.026, straight=0.93),
    "blazer": Cut(0.22, (0.012, 0.016, 0.016),
        arm=0.010, cuff=0.024, fold=0.0014, collar=0.012, straight=0.90),
    "puffer": Cut(0.78, (0.026, 0.034, 0.024), arm=0.021, cuff=0.027, fold=0.0012, quilts=8,
                  collar=0.034, straight=0.95),
    "parka": Cut(-0.25, (0.021, 0.026, 0.024),
        arm=0.017, cuff=0.027, fold=0.0028, collar=0.030, straight=0.95),
    "coat": Cut(-0.72, (0.017, 0.020, 0.022),
        arm=0.013, cuff=0.026, fold=0.0018, collar=0.024, straight=0.93),
    "dress": Cut(-0.85, (0.004, 0.008, 0.034), neck=4.78, arm=0.005, cuff=0.031, fold=0.0022),
    "vest": Cut(0.55, (0.018, 0.026, 0.026), arm=0.012, cuff=0.024, fold=0.0022, straight=0.96),
}  # fmt: skip

# Room round a leg and least half breadth at knee and hem, as shares of the height; where it ends.
_LEGS = {
    "jeans": (0.006, 0.036, 0.038, 2.09), "slim": (0.004, 0.030, 0.027, 2.03),
    "chinos": (0.008, 0.037, 0.037, 2.07), "leggings": (0.0015, 0.0, 0.0, 2.0),
    "wide": (0.010, 0.050, 0.058, 2.13), "shorts": (0.012, 0.056, 0.060, 0.86),
}  # fmt: skip


def folds(grid: Reals, depth: Reals | float, rng: np.random.Generator, wave: float) -> Reals:
    """A grid (r, s, 3) with folds: waves that run slantwise round it.

    Args:
        grid: rings, metres.
        depth: of the folds, metres, (r,) or one.
        rng: randomness.
        wave: mean distance of folds along the garment, metres.
    """
    r, s, _ = grid.shape
    middle = grid.mean(axis=1, keepdims=True)
    out = grid - middle
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    along = np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(middle[:, 0], axis=0), axis=1))]
    )
    angle = circle(s)
    height = np.zeros((r, s))
    # Long folds first, then half and a third as long; all slantwise, none straight round.
    for turns, share in ((1, 1.0), (2, 1.0), (1, 0.9), (3, 0.7), (2, 0.6), (4, 0.5)):
        pace, phase = rng.uniform(0.45, 1.2) / share, rng.uniform(0, 2 * np.pi)
        slant = turns if rng.random() < 0.5 else -turns
        wound = 2 * np.pi * pace * along[:, None] / wave + slant * angle[None] + phase
        height += 0.42 * share * np.sin(wound + 0.7 * np.sin(wound * 0.5))
    # Cloth folds outward more sharply than inward.
    sharp = np.where(height > 0, height * (0.5 + 0.6 * height), 0.7 * height)
    return np.asarray(grid + out * (np.broadcast_to(depth, (r,))[:, None] * sharp)[..., None])


@dataclass(frozen=True)
class Upper:
    """An upper garment.

    Attributes:
        trunk: its body; `open_faces` (f,) are those where the garment below shows.
        sleeve: the right sleeve, None for none.
        collar: a standing collar, None for none.
    """

    trunk: Surface
    open_faces: Index
    sleeve: Surface | None
    collar: Surface | None


def upper(body: Body, look: Look, detail: int, rng: np.random.Generator) -> Upper:
    """The upper garment that `look` names."""
    cut, h = CUTS[look.top], body.traits.height
    sides = {2: 24, 1: 10, 0: 6}[detail]
    s = _rings(cut, detail)
    count = len(s)
    fold = cut.fold * h * (1.7 if detail == 2 else 0.6)
    chest, waist, hem = cut.ease
    keys = np.array([[cut.hem, hem], [max(cut.hem + 0.4, 1.6), waist], [3.0, chest],
                     [4.2, chest * 0.8], [4.7, chest * 0.5], [5.1, chest * 0.4]])  # fmt: skip
    ease = curve(keys, s)[:, 0] * h
    grid = flesh.trunk(body, s, sides, ease, _straight(cut, body))
    if cut.hem < 0.6:
        grid = _hanging(grid, s, cut.hem)
    depth = fold * (0.55 + 0.6 * np.exp(-(((s - 1.9) / 0.9) ** 2)) + 0.4 * (s < 0))
    grid = folds(grid, depth * ramp(s, 4.9, 4.2), rng, 0.10 * h)
    if cut.quilts and detail == 2:
        grid = _quilted(grid, 0.006 * h)
    open_columns = np.zeros((count, sides), np.bool_)
    if look.opening:
        opening = look.opening * (1 + 0.5 * ramp(s, 3.2, 4.6))
        grid, open_columns = _opened(grid, opening, 0.010 * h)
    padded = open_columns
    if detail:
        grid = _rimmed(grid, 0.012 * h)
        padded = np.concatenate([open_columns[:1], open_columns, open_columns[-1:]])
    surface = sheet(grid)
    flags = np.concatenate([padded, padded[:, :1]], axis=1).ravel()
    shows = flags[surface.faces].all(axis=1)
    sleeve = None if cut.arm == 0 or look.top == "tank" else _sleeve(body, look, cut, detail, rng)
    upright = collar(body, cut.collar, detail, look.opening) if cut.collar and detail else None
    return Upper(surface, np.flatnonzero(shows), sleeve, upright)


def _rings(cut: Cut, detail: int) -> Reals:
    """Trunk coordinates of an upper garment's rings."""
    if detail == 2:
        count = 2 * cut.quilts + 3 if cut.quilts else round((cut.neck - cut.hem) * 4.0) + 1
        return np.linspace(cut.hem, cut.neck, count)
    # Few rings stand where the outline bends: waist, chest, shoulders, neck.
    bends = [1.9, 3.3, 4.1, 4.55] if detail == 1 else [2.0, 3.4, 4.5]
    low = [cut.hem, 0.8] if detail == 1 and cut.hem < 0.3 else [cut.hem]
    return np.array([*low, *bends, cut.neck])


def _straight(cut: Cut, body: Body) -> float:
    """Women's clothes are taken in a little more."""
    return cut.straight - (0.04 if body.traits.sex == "female" else 0.0)


def _hanging(grid: Reals, s: Reals, hem: float) -> Reals:
    """Below the hips cloth hangs straight down from where the body is widest, and flares."""
    out = grid.copy()
    hip = int(np.argmin(np.abs(s - 0.9)))
    spread = grid[hip] - grid[hip].mean(axis=0)
    for k in np.flatnonzero(s < 0.9):
        own = grid[k] - grid[k].mean(axis=0)
        flare = 1.0 + 0.05 * (0.9 - s[k]) / max(0.9 - hem, 0.3)
        wider = np.maximum(np.linalg.norm(own, axis=1), np.linalg.norm(spread, axis=1) * flare)
        direction = spread / np.maximum(np.linalg.norm(spread, axis=1, keepdims=True), 1e-9)
        out[k] = grid[k].mean(axis=0) + direction * wider[:, None]
        out[k, :, 1] = grid[k, :, 1]
    return out


def _quilted(grid: Reals, depth: float) -> Reals:
    middle = grid.mean(axis=1, keepdims=True)
    out = grid - middle
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    bulge = np.where(np.arange(len(grid)) % 2 == 1, depth, -depth)
    return np.asarray(grid + out * bulge[:, None, None])


def _opened(grid: Reals, half: Reals, depth: float) -> tuple[Reals, NDArray[np.bool_]]:
    """A front opened by `half` (r,) radians either side: there the surface lies deeper.

    Columns are moved so that some run along the edges.
    """
    r, sides, _ = grid.shape
    step = 2 * np.pi / sides
    most = 2 if sides >= 20 else 1
    off = (circle(sides) - np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
    front = np.abs(off) < (most + 0.5) * step
    moved = np.empty_like(grid)
    closed = np.concatenate([grid, grid[:, :1]], axis=1)
    for k in range(r):
        inner = [0.0, half[k]] if most == 1 else [0.0, 0.86 * half[k], half[k]]
        to = np.interp(np.abs(off), [*(step * np.arange(most + 1)), np.pi / 2, np.pi],
                       [*inner, np.pi / 2, np.pi])  # fmt: skip
        place = ((np.pi / 2 + np.sign(off) * to) % (2 * np.pi)) / step
        low = np.minimum(place.astype(int), sides - 1)
        share = (place - low)[:, None]
        moved[k] = closed[k, low] * (1 - share) + closed[k, low + 1] * share
    middle = moved.mean(axis=1, keepdims=True)
    out = moved - middle
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    sunk = np.abs(off) < (most - 0.5) * step
    return moved - out * (depth * sunk)[None, :, None], np.broadcast_to(front, (r, sides))


def _rimmed(grid: Reals, depth: float) -> Reals:
    """Both edges folded inwards, so that the garment looks like a shell and not like a lid."""

    def inner(ring: Reals) -> Reals:
        middle = ring.mean(axis=0)
        span = np.maximum(np.linalg.norm(ring - middle, axis=1, keepdims=True), 1e-9)
        return np.asarray(middle + (ring - middle) * np.maximum(1 - depth / span, 0.3))

    return np.concatenate([inner(grid[0])[None], grid, inner(grid[-1])[None]])


def _sleeve(body: Body, look: Look, cut: Cut, detail: int, rng: np.random.Generator) -> Surface:
    h = body.traits.height
    end = look.sleeve
    sides = {2: 11, 1: 6, 0: 4}[detail]
    short = end < 1.2
    count = {2: 9 if short else 17, 1: 5 if short else 6, 0: 3}[detail]
    u = np.concatenate([[-1.0, -0.4], np.linspace(0.0, end, count - 2)]) if detail else np.linspace(
        -0.9, end, count)  # fmt: skip
    room = cut.arm * h * (0.2 + 0.8 * ramp(u, -0.3, 0.7))
    least = cut.cuff * h * np.clip(1.12 - 0.12 * u, 0.9, 1.3) * ramp(u, 0.05, 0.5)
    grid = flesh.arm(body, u, sides, least, room)
    fold = cut.fold * h * (1.5 if detail == 2 else 0.6)
    depth = fold * (0.25 + 0.9 * np.exp(-(((u - 1.0) / 0.45) ** 2)) + 0.5 * (u > 1.5))
    grid = folds(grid, depth * ramp(u, 0.0, 0.5), rng, 0.055 * h)
    if cut.quilts and detail == 2:
        grid = _quilted(grid, 0.004 * h)
    return sheet(_rimmed(grid, 0.008 * h)[1:] if detail == 2 else grid)


def trousers(
    body: Body, look: Look, detail: int, rng: np.random.Generator
) -> tuple[Surface, Surface]:
    """The seat of trousers and their right leg."""
    h = body.traits.height
    ease, knee, hem, end = _LEGS[look.bottom]
    sides = {2: 18, 1: 8, 0: 5}[detail]
    s = np.linspace(-0.05, 2.0, {2: 8, 1: 4, 0: 2}[detail])
    # Under what hangs over it the seat keeps clear.
    hidden = ramp(s, CUTS[look.top].hem + 0.05, CUTS[look.top].hem + 0.4)
    # Below the hips the legs' own tops make the outside.
    room = (0.4 * ease + 0.002) * ramp(s, 0.8, 1.4) - 0.006 * ramp(s, 1.3, 0.8)
    seat = flesh.trunk(body, s, sides, (room * (1 - hidden) - 0.008 * hidden) * h)
    pelvis = sheet(seat, caps=(True, False))
    around = {2: 12, 1: 6, 0: 4}[detail]
    count = {2: 20, 1: 7, 0: 4}[detail]
    if end < 1.5:
        count = {2: 9, 1: 4, 0: 3}[detail]
    u = np.concatenate([[-0.42], np.linspace(-0.2, end, count - 1)])
    least = np.interp(u, [0.0, 0.6, 1.0, 2.0], [0.0, 0.5 * (knee + 0.042), knee, hem]) * h
    # Their tops keep clear of what hangs over them, the more so where rings are coarse.
    room = ease * ramp(u, -0.35, 0.3) - 0.004 * ramp(u, -0.15, -0.4)
    if detail < 2:
        room = room - 0.012 * ramp(u, 0.3, -0.1)
    hip, thigh = body.at("right_hip")[1], (body.at("right_hip") - body.at("right_knee"))[1]
    covered = float(hip - body.level(CUTS[look.top].hem)) / thigh - 0.10
    room = room - 0.016 * ramp(u, covered + 0.12, covered - 0.12)
    grid = flesh.leg(body, u, around, least * (u > 0.25), h * room)
    fold = (0.0024 * (ease > 0.002) + 0.0006) * h * (1.5 if detail == 2 else 0.6)
    where = 0.35 + 0.7 * np.exp(-(((u - 1.05) / 0.3) ** 2)) + 1.1 * ramp(u, 1.55, 2.1)
    grid = folds(grid, fold * where * ramp(u, 0.1, 0.5), rng, 0.065 * h)
    return pelvis, sheet(_rimmed(grid, 0.010 * h)[1:] if detail == 2 else grid)


def skirt(body: Body, look: Look, detail: int, rng: np.random.Generator) -> Surface:
    """A skirt to above the knee, or a midi skirt to the calves."""
    h = body.traits.height
    hem, flare = (-0.72, 0.028) if look.bottom == "skirt" else (-1.45, 0.050)
    s = np.linspace(hem, 2.0, {2: 12, 1: 6, 0: 3}[detail])
    ease = curve([[hem, flare], [0.5, 0.006], [2.0, 0.003]], s)[:, 0] * h
    grid = _hanging(flesh.trunk(body, s, {2: 24, 1: 10, 0: 6}[detail], ease), s, hem)
    wave = 0.006 * h * ramp(s, 0.6, hem)
    angle = circle(grid.shape[1])
    out = grid - grid.mean(axis=1, keepdims=True)
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-9)
    pleat = np.sin(7 * angle + float(rng.uniform(0, 6)))[None] * wave[:, None]
    return sheet(_rimmed(grid + out * pleat[..., None], 0.010 * h))
