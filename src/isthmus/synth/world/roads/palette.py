"""Materials of the ground, drawn once for a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.factors import Factors
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import linear


@dataclass(frozen=True)
class Palette:
    """What the ground is made of. `block` lies between sidewalks and buildings, `field` beyond."""

    asphalt: Material
    side_asphalt: Material
    fresh: Material
    worn: Material
    tar: Material
    iron: Material
    kerb: Material
    walk: Material
    verge: Material
    gravel: Material
    block: Material
    fields: tuple[Material, ...]
    paint: Material
    yellow: Material


def rgb(*srgb: float) -> RGB:
    """Linear colour of sRGB values 0–255."""
    r, g, b = linear(srgb).tolist()
    return r, g, b


def sample_palette(rng: np.random.Generator, factors: Factors) -> Palette:
    """Materials of one place; asphalt of albedo 0.05 (new) to 0.2 (old), paint by its wear."""
    grey = float(rng.uniform(72, 112))
    warm = rng.normal(0, 1.5)
    texture = "asphalt_old" if grey > 88 else "asphalt"

    def bitumen(shade: float) -> Material:
        colour = rgb(shade + warm, shade, shade - warm + 2)
        return Material(colour, texture, roughness=0.85, porosity=0.6)

    stone = float(rng.uniform(128, 168))
    slab = float(rng.uniform(118, 165))
    hue = one_of(rng, ((0, 0, 0), (6, 1, -7), (14, 2, -12), (-2, 0, 3)))
    paved = one_of(rng, ("paving", "paving", "paving", "cobble", "concrete", "asphalt"))
    if paved == "asphalt":
        slab -= 35
    white = float(rng.uniform(168, 222))
    grass = _grass(rng, factors)
    return Palette(
        asphalt=bitumen(grey),
        side_asphalt=bitumen(grey + float(rng.uniform(-12, 12))),
        fresh=bitumen(max(grey - float(rng.uniform(16, 34)), 50)),
        worn=bitumen(grey + float(rng.uniform(8, 18))),
        tar=Material(rgb(46, 46, 48), roughness=0.7, porosity=0.1),
        iron=Material(rgb(70, 66, 62), "metal", roughness=0.55, metallic=1.0, porosity=0.1),
        kerb=Material(rgb(stone, stone, stone - 4), "concrete", porosity=0.4),
        walk=Material(rgb(*(slab + h for h in hue)), paved, roughness=0.85, porosity=0.5),
        verge=grass,
        gravel=Material(rgb(138, 128, 114), "dirt", roughness=0.95, porosity=0.7),
        block=_block(rng, factors, grass, slab),
        fields=_fields(rng, factors, grass),
        paint=Material(rgb(white, white, white - 6), "paint_worn", roughness=0.6, porosity=0.2),
        yellow=Material(rgb(white, white * 0.78, white * 0.2), "paint_worn", roughness=0.6,
                        porosity=0.2),
    )  # fmt: skip


def _grass(rng: np.random.Generator, factors: Factors) -> Material:
    tones = {
        "summer": ((78, 98, 44), (104, 108, 60)),
        "autumn": ((88, 92, 48), (116, 108, 66)),
        "winter": ((88, 86, 56), (112, 102, 74)),
    }
    low, high = (np.array(tone, float) for tone in tones[factors.season])
    colour = low + (high - low) * rng.random()
    return Material(rgb(*colour.tolist()), "grass", roughness=0.95, porosity=0.5)


def _block(rng: np.random.Generator, factors: Factors, grass: Material, slab: float) -> Material:
    paved = Material(rgb(slab - 12, slab - 13, slab - 18), "concrete", porosity=0.5)
    if factors.road_type in ("suburb", "rural") or factors.surroundings == "park":
        return grass
    if factors.surroundings == "residential":
        return grass if rng.random() < 0.6 else paved
    return paved


def _fields(rng: np.random.Generator, factors: Factors, grass: Material) -> tuple[Material, ...]:
    """Four materials of the land beyond the street."""
    soil = Material(rgb(112, 92, 70), "soil", roughness=0.95, porosity=0.7)
    ripe = {"summer": (176, 154, 92), "autumn": (140, 118, 78), "winter": (122, 108, 82)}
    crop = Material(rgb(*ripe[factors.season]), "grass", roughness=0.95, porosity=0.6)
    r, g, b = grass.colour
    meadow = grass.tinted((0.9 * r, 0.84 * g, 0.85 * b))
    if factors.road_type == "rural":
        order = rng.permutation(4)
        return tuple((grass, meadow, crop, soil)[k] for k in order)
    if factors.road_type == "suburb" or factors.surroundings == "park":
        return grass, meadow, grass, meadow
    yard = Material(rgb(120, 117, 110), "concrete", porosity=0.5)
    return yard, grass, yard, meadow
