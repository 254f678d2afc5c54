"""A whole house: four façades, a roof, chimneys; its style and its colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.buildings.facade import Plan, facade
from isthmus.synth.world.buildings.roof import RoofKind, roof
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import Mesh, join, linear
from isthmus.synth.world.thing import Part, Thing

Style = Literal["terrace", "apartment", "office", "shops", "villa", "warehouse"]

GLASS = Material((0.03, 0.035, 0.04), roughness=0.06, coat=1.0, porosity=0.0)
SHOP = Material((0.075, 0.07, 0.065), "interior", roughness=0.05, coat=1.0, porosity=0.0)
FRAMES = ((225, 225, 220), (240, 240, 238), (60, 60, 62), (95, 70, 50), (120, 130, 125))
PLASTERS = (
    (214, 203, 180), (226, 220, 205), (200, 186, 160), (190, 190, 186), (222, 205, 170),
    (205, 175, 150), (180, 165, 150), (170, 178, 180), (228, 226, 222), (196, 160, 130),
)  # fmt: skip
BRICKS = ((138, 98, 84), (122, 86, 75), (152, 114, 92), (116, 96, 87), (166, 140, 116))
STONES = ((190, 180, 160), (170, 165, 155), (200, 192, 176), (150, 146, 140))
SIGNS = (
    (30, 60, 120), (150, 30, 30), (30, 90, 50), (40, 40, 42), (210, 180, 60), (230, 230, 226),
    (120, 50, 90), (200, 100, 30),
)  # fmt: skip
DOORS = ((80, 50, 36), (40, 52, 60), (110, 30, 30), (36, 70, 50), (60, 60, 62))
ROOFS = ((140, 76, 58), (92, 66, 58), (70, 70, 74), (110, 96, 86))


@dataclass(frozen=True)
class _Look:
    plan: Plan
    wall: Material
    roof: RoofKind
    frame: Material


def _rgb(colour: tuple[int, int, int], rng: np.random.Generator | None = None) -> RGB:
    value = linear(colour).astype(float)
    if rng is not None:
        value = np.clip(value * rng.normal(1.0, 0.08) * rng.normal(1.0, 0.015, 3), 0.01, 0.9)
    r, g, b = np.round(value, 4).tolist()
    return (r, g, b)


def _plaster(rng: np.random.Generator) -> Material:
    return Material(_rgb(one_of(rng, PLASTERS), rng), "plaster", 0.92, porosity=0.4)


def _brick(rng: np.random.Generator) -> Material:
    return Material(_rgb(one_of(rng, BRICKS), rng), "brick", 0.9, porosity=0.5)


def _stone(rng: np.random.Generator) -> Material:
    return Material(_rgb(one_of(rng, STONES), rng), "stone", 0.85, porosity=0.4)


def _masonry(rng: np.random.Generator) -> Material:
    return weighted(rng, {_plaster: 0.5, _brick: 0.35, _stone: 0.15})(rng)


def _terrace(rng: np.random.Generator) -> _Look:
    plan = Plan(
        floors=int(rng.integers(1, 4)), floor=rng.uniform(2.8, 3.3), ground=rng.uniform(3.0, 3.6),
        bay=rng.uniform(2.2, 2.9), window=(rng.uniform(0.38, 0.5), rng.uniform(0.48, 0.6)),
        panes=int(rng.integers(1, 4)), surrounds=bool(rng.random() < 0.5),
        bands=bool(rng.random() < 0.3), lit=rng.uniform(0.15, 0.5),
    )  # fmt: skip
    return _Look(plan, _masonry(rng), weighted(rng, {"gable": 0.7, "mansard": 0.2, "flat": 0.1}),
                 _painted(one_of(rng, FRAMES)))  # fmt: skip


def _apartment(rng: np.random.Generator) -> _Look:
    plan = Plan(
        floors=int(rng.integers(3, 8)), floor=rng.uniform(2.8, 3.1), ground=rng.uniform(3.0, 3.8),
        bay=rng.uniform(2.5, 3.4), window=(rng.uniform(0.45, 0.65), rng.uniform(0.5, 0.62)),
        panes=int(rng.integers(1, 4)), balconies=rng.choice([0.0, 0.25, 0.5]),
        cornice=rng.uniform(0.0, 0.4), bands=bool(rng.random() < 0.4), lit=rng.uniform(0.15, 0.5),
    )  # fmt: skip
    return _Look(plan, _masonry(rng), weighted(rng, {"flat": 0.6, "mansard": 0.25, "gable": 0.15}),
                 _painted(one_of(rng, FRAMES)))  # fmt: skip


def _office(rng: np.random.Generator) -> _Look:
    plan = Plan(
        floors=int(rng.integers(4, 11)), floor=rng.uniform(3.3, 3.8), ground=rng.uniform(4, 5),
        bay=rng.uniform(1.5, 3.0), window=(rng.uniform(0.75, 0.92), rng.uniform(0.55, 0.8)),
        sill=0.12, recess=0.1, panes=int(rng.integers(1, 3)), cornice=0.0,
        bands=bool(rng.random() < 0.5), lit=rng.uniform(0.2, 0.7), blinds=0.25,
        shops=bool(rng.random() < 0.5),
    )  # fmt: skip
    wall = weighted(rng, {_stone: 0.4, _plaster: 0.3, _brick: 0.3})(rng)
    return _Look(plan, wall, "flat", _painted((60, 60, 62)))


def _shops(rng: np.random.Generator) -> _Look:
    look = _apartment(rng) if rng.random() < 0.5 else _terrace(rng)
    plan = replace(look.plan, shops=True, ground=max(look.plan.ground, 3.7), balconies=0.0)
    return replace(look, plan=plan)


def _villa(rng: np.random.Generator) -> _Look:
    plan = Plan(
        floors=int(rng.integers(0, 2)), floor=2.7, ground=rng.uniform(2.7, 3.0),
        bay=rng.uniform(2.6, 3.4), window=(rng.uniform(0.4, 0.55), 0.5), cornice=0.0,
        panes=int(rng.integers(1, 4)), lit=rng.uniform(0.2, 0.6),
    )  # fmt: skip
    return _Look(plan, _masonry(rng), weighted(rng, {"gable": 0.6, "hip": 0.4}),
                 _painted(one_of(rng, FRAMES)))  # fmt: skip


def _warehouse(rng: np.random.Generator) -> _Look:
    plan = Plan(
        floors=1, floor=rng.uniform(3, 5), ground=rng.uniform(3.5, 4.5), bay=rng.uniform(4, 6),
        window=(0.6, 0.25), sill=0.6, recess=0.06, cornice=0.0, lit=0.2, blinds=0.0,
    )  # fmt: skip
    shade = one_of(rng, ((170, 175, 180), (120, 130, 140), (190, 186, 172), (90, 110, 130)))
    wall = weighted(rng, {_brick: 0.4, _plaster: 0.2, None: 0.4})
    made = wall(rng) if wall else Material(_rgb(shade, rng), "metal", 0.5, porosity=0.1)
    return _Look(plan, made, weighted(rng, {"flat": 0.6, "gable": 0.4}), _painted((60, 60, 62)))


STYLES = {
    "terrace": _terrace,
    "apartment": _apartment,
    "office": _office,
    "shops": _shops,
    "villa": _villa,
    "warehouse": _warehouse,
}
"""Style → its draw of a look."""


def _painted(colour: tuple[int, int, int]) -> Material:
    return Material(_rgb(colour), roughness=0.45, porosity=0.05)


def building(
    rng: np.random.Generator, width: float, depth: float, style: str = "terrace", *, detail: int = 2
) -> Thing:
    """A house with its front towards +Z at z = depth/2, centred on x = 0.

    Args:
        rng: decides all that is not given.
        width, depth: metres.
        style: a name in `STYLES`.
        detail: 2 for near houses, 1 and 0 for far ones.

    Raises:
        ConfigError: the style is not known.
    """
    if style not in STYLES:
        raise ConfigError(f"building style {style!r}: not known; one of {', '.join(STYLES)}")
    look = STYLES[style](rng)
    sides = [
        (width, True, (-width / 2, depth / 2), 0.0),
        (depth, False, (width / 2, depth / 2), np.pi / 2),
        (width, False, (width / 2, -depth / 2), np.pi),
        (depth, False, (-width / 2, -depth / 2), -np.pi / 2),
    ]
    surfaces: dict[str, list[Mesh]] = {}
    for length, front, (x, z), heading in sides:
        # Backs are seen at junctions only, from far.
        level = detail if front else min(detail, 1)
        for name, mesh in facade(look.plan, length, front, rng, level).items():
            surfaces.setdefault(name, []).append(mesh.placed((x, 0.0, z), heading))
    for name, mesh in roof(
        look.roof, width, depth, look.plan.height, rng=rng, detail=detail
    ).items():
        surfaces.setdefault(name, []).append(mesh)
    materials = _materials(look, rng)
    parts = tuple(Part(join(surfaces[s]), materials[s], "building") for s in sorted(surfaces))
    top = max(float(p.mesh.points[:, 1].max()) for p in parts)
    return Thing(parts, size=(width, top, depth), attributes={"style": style})


def _materials(look: _Look, rng: np.random.Generator) -> dict[str, Material]:
    wall = look.wall
    r, g, b = (np.asarray(wall.colour) * rng.uniform(0.55, 0.8)).round(4).tolist()
    pale = np.clip(np.asarray(wall.colour) * 0.4 + 0.35, 0, 0.8).round(4).tolist()
    glow = np.array([1.0, 0.78, 0.5]) if rng.random() < 0.7 else np.array([0.9, 0.95, 1.0])
    shine = tuple((glow * rng.uniform(3, 16)).round(2).tolist())
    bright = tuple((np.array([1.0, 0.92, 0.8]) * rng.uniform(5, 22)).round(2).tolist())
    cloth = Material(_rgb(one_of(rng, SIGNS), rng), "cloth", 0.9, porosity=0.4)
    return {
        "wall": wall,
        "base": replace(wall, colour=(r, g, b), texture="concrete"),
        "trim": Material((pale[0], pale[1], pale[2]), "plaster", 0.85),
        "frame": look.frame,
        "glass": GLASS,
        "lit": replace(GLASS, texture="interior", emission=shine, lamp="window"),
        "blind": Material(_rgb((205, 200, 190), rng), roughness=0.9, porosity=0.0),
        "shop": SHOP,
        "shop_lit": replace(SHOP, emission=bright, lamp="shop"),
        "door": _painted(one_of(rng, DOORS)),
        "sign": _painted(one_of(rng, SIGNS)),
        "awning": cloth,
        "rail": _painted((50, 50, 54)),
        "tiles": Material(_rgb(one_of(rng, ROOFS), rng), "roof_tile", 0.85, porosity=0.5),
        "gravel": Material(_rgb((130, 128, 122), rng), "asphalt", 0.95, porosity=0.6),
    }
