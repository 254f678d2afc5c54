"""What people wear on a street, by season: which garments, in which colours, of which cloth.

The shares are rounded guesses from looking at street scenes: about half of all coats and jackets
are black, grey or navy; half of all trousers are denim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.synth.chance import one_of, weighted
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import linear
from isthmus.synth.world.people.hair import HairStyle, Headwear
from isthmus.synth.world.people.physique import Traits

Season = Literal["summer", "autumn", "winter"]
Top = Literal[
    "tank", "tshirt", "shirt", "sweater", "hoodie", "jacket", "blazer", "puffer", "parka", "coat",
    "dress", "vest",
]  # fmt: skip
Bottom = Literal["jeans", "slim", "chinos", "leggings", "wide", "shorts", "skirt", "midi"]
Bag = Literal["none", "backpack", "shoulder_bag", "handbag", "shopping", "umbrella", "case"]

# sRGB and share. Cloth in the street is mostly dark.
_OUTER = {
    (24, 25, 28): 24, (38, 40, 46): 12, (32, 38, 56): 14, (70, 72, 76): 8, (104, 106, 108): 5,
    (66, 70, 54): 6, (112, 92, 70): 6, (160, 140, 112): 5, (112, 30, 34): 4, (52, 82, 128): 5,
    (196, 190, 178): 4, (168, 44, 40): 2, (188, 138, 40): 2, (150, 92, 104): 2, (44, 84, 78): 2,
}  # fmt: skip
_LIGHT = {
    (222, 222, 220): 18, (30, 31, 34): 16, (120, 124, 128): 10, (40, 50, 78): 10, (92, 120, 160): 9,
    (160, 184, 206): 7, (70, 74, 60): 5, (142, 42, 44): 6, (196, 176, 146): 6, (200, 132, 132): 4,
    (206, 170, 70): 3, (78, 118, 92): 4, (120, 86, 130): 2,
}  # fmt: skip
_BRIGHT = {
    (196, 48, 44): 3, (60, 116, 186): 4, (222, 180, 52): 3, (208, 98, 140): 4, (86, 160, 110): 3,
    (40, 50, 84): 4, (230, 228, 222): 3, (128, 92, 164): 2, (230, 120, 50): 2,
}  # fmt: skip
_DENIM = {
    (44, 54, 78): 30,
    (70, 86, 114): 22,
    (30, 34, 46): 24,
    (118, 136, 160): 10,
    (24, 24, 28): 14,
}
_TROUSERS = {
    (26, 27, 30): 30, (44, 46, 52): 16, (36, 42, 58): 14, (86, 88, 90): 8, (138, 118, 92): 12,
    (176, 160, 132): 6, (72, 72, 56): 6, (92, 68, 52): 4, (214, 210, 202): 3,
}  # fmt: skip
_SHOES = {(26, 25, 25): 40, (216, 214, 210): 24, (84, 60, 44): 14, (96, 98, 102): 10,
          (44, 52, 78): 7, (150, 52, 52): 5}  # fmt: skip
_BAGS = {(28, 28, 30): 40, (92, 64, 44): 14, (44, 52, 74): 12, (118, 120, 122): 10,
         (140, 44, 46): 6, (170, 144, 110): 8, (60, 90, 70): 5, (206, 150, 60): 3}  # fmt: skip

# sRGB of skin from pale to dark (after the Monk scale), and shares.
_SKINS = {
    (236, 206, 186): 20, (226, 188, 162): 22, (208, 166, 136): 20, (182, 138, 106): 13,
    (148, 104, 76): 9, (112, 76, 56): 8, (82, 56, 44): 5, (60, 44, 38): 3,
}  # fmt: skip
_HAIRS = {(26, 22, 20): 30, (52, 38, 30): 28, (88, 64, 44): 18, (134, 104, 66): 9,
          (176, 146, 98): 7, (98, 46, 28): 4}  # fmt: skip
_GREY = {(128, 126, 124): 4, (176, 174, 170): 3, (92, 88, 84): 3}

_TOPS: dict[Season, dict[Top, float]] = {
    "summer": {"tshirt": 48, "tank": 8, "shirt": 16, "dress": 10, "sweater": 4, "hoodie": 6,
               "jacket": 5, "blazer": 3},
    "autumn": {"jacket": 34, "coat": 13, "puffer": 10, "hoodie": 12, "parka": 9, "sweater": 8,
               "blazer": 6, "shirt": 4, "tshirt": 4},
    "winter": {"puffer": 34, "coat": 28, "parka": 22, "jacket": 12, "hoodie": 4},
}  # fmt: skip
_BOTTOMS: dict[Season, dict[Bottom, float]] = {
    "summer": {"jeans": 26, "slim": 12, "chinos": 18, "shorts": 26, "wide": 6, "leggings": 4,
               "skirt": 5, "midi": 3},
    "autumn": {"jeans": 36, "slim": 20, "chinos": 18, "wide": 8, "leggings": 9, "skirt": 4,
               "midi": 5},
    "winter": {"jeans": 38, "slim": 20, "chinos": 20, "wide": 9, "leggings": 9, "midi": 4},
}  # fmt: skip
_HATS: dict[Season, dict[Headwear, float]] = {
    "summer": {"none": 84, "cap": 11, "sunhat": 3, "headscarf": 2},
    "autumn": {"none": 82, "beanie": 7, "cap": 5, "hood": 3, "headscarf": 3},
    "winter": {"none": 50, "beanie": 34, "hood": 11, "cap": 2, "headscarf": 3},
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How somebody looks.

    Attributes:
        skin, lips, hair, eyes: of the body.
        style, receding, beard, glasses: of head and face.
        top, bottom, shoes, headwear, bag: kinds; `scarf` and `hooded` add to them.
        outer, inner, lower, shoe, sole, hat, pack, neckcloth, sock: materials of the clothes;
            `inner` is what shows where an upper garment is open.
        opening: half width of an open front, radians; 0 for closed.
        sleeve: limb coordinate at which sleeves end.
        seed: of folds.
    """

    skin: Material
    lips: Material
    hair: Material
    eyes: Material
    style: HairStyle
    receding: bool
    beard: bool
    glasses: bool
    top: Top
    bottom: Bottom
    shoes: str
    headwear: Headwear
    bag: Bag
    scarf: bool
    outer: Material
    inner: Material
    lower: Material
    shoe: Material
    sole: Material
    hat: Material
    pack: Material
    neckcloth: Material
    sock: Material
    opening: float
    sleeve: float
    seed: int


def _tint(rng: np.random.Generator, shares: dict[tuple[int, int, int], int], spread: float) -> RGB:
    srgb = np.asarray(weighted(rng, shares), np.float64)
    value = linear(np.clip(srgb * (1 + spread * rng.normal(size=3) * 0.35), 8, 245))
    r, g, b = np.clip(value * np.exp(spread * float(rng.normal())), 0.012, 0.85).tolist()
    return (r, g, b)


def _cloth(rng: np.random.Generator, colour: RGB, kind: str) -> Material:
    """Cloth of a garment: plain, checked or striped, knitted, smooth."""
    if kind in ("puffer",):
        return Material(colour, "", roughness=0.45, porosity=0.2)
    if kind in ("sweater", "beanie", "scarf"):
        return Material(colour, "knit", roughness=0.95, porosity=0.7)
    texture = "cloth"
    u = float(rng.random())
    if kind == "shirt" and u < 0.35:
        texture = "cloth_check" if u < 0.2 else "cloth_stripe"
    elif kind in ("tshirt", "dress", "tank") and u < 0.16:
        texture = "cloth_stripe"
    return Material(colour, texture, roughness=0.85, porosity=0.7)


def sample_look(
    rng: np.random.Generator, traits: Traits, *, season: Season = "summer", rain: bool = False,
    work: bool = False,
) -> Look:  # fmt: skip
    """What somebody wears.

    Args:
        rng: randomness.
        traits: who.
        season: of the year.
        rain: it rains: umbrellas and hoods.
        work: a road worker in a bright vest and helmet.
    """
    female, child = traits.sex == "female", traits.group == "child"
    # Photographs show skin brighter than it is.
    r, g, b = (0.72 * v for v in _tint(rng, _SKINS, 0.06))
    skin = Material((r, g, b), "skin", roughness=0.5, porosity=0.05)
    lips = Material((r * 0.80, g * 0.55, b * 0.55), roughness=0.4, porosity=0.0)
    grey = rng.random() < np.clip((traits.age - 48.0) / 22.0, 0.0, 0.92)
    hair = Material(_tint(rng, _GREY if grey else _HAIRS, 0.12), "hair", roughness=0.55)
    top, bottom = _garments(rng, traits, season, work)
    bright = rng.random() < (0.6 if child else 0.03)
    cool = top in ("tank", "tshirt", "shirt", "dress", "sweater")
    outer = _cloth(rng, _tint(rng, _BRIGHT if bright else (_LIGHT if cool else _OUTER), 0.10), top)
    inner = _cloth(rng, _tint(rng, _LIGHT, 0.10), one_of(rng, ("tshirt", "shirt", "sweater")))
    if work:
        outer = Material((0.78, 0.28, 0.02) if rng.random() < 0.6 else (0.55, 0.72, 0.03), "cloth")
    lower = _lower(rng, bottom, bright)
    shoe, sole = _shoe_materials(rng)
    hat = _cloth(rng, _tint(rng, _BRIGHT if bright else _OUTER, 0.10), "beanie")
    headwear: Headwear = weighted(rng, _HATS[season])
    if rain and headwear == "none" and rng.random() < 0.35:
        headwear = "hood"
    if headwear == "hood" and top not in ("hoodie", "jacket", "puffer", "parka"):
        headwear = "none"
    if headwear == "headscarf" and not (female and not child):
        headwear = "none"
    if headwear == "headscarf":
        top = "shirt" if top in ("tshirt", "tank", "dress") else top
        bottom = "wide" if bottom in ("shorts", "skirt", "leggings") else bottom
    if work:
        headwear, hat = "helmet", Material((0.80, 0.62, 0.03), roughness=0.35)
    style = _hair_style(rng, traits)
    return Look(
        skin, lips, hair, Material((0.02, 0.014, 0.010), roughness=0.15), style,
        receding=not female and traits.age > 32 and rng.random() < (traits.age - 25) / 60,
        beard=not female and traits.age > 20 and rng.random() < 0.26,
        glasses=rng.random() < (0.12 if child else 0.26),
        top=top, bottom=bottom, shoes=_shoes(rng, traits, season, work), headwear=headwear,
        bag="none" if work else _bag(rng, traits, rain),
        scarf=season != "summer" and rng.random() < (0.30 if season == "winter" else 0.12),
        outer=outer, inner=inner, lower=lower, shoe=shoe, sole=sole, hat=hat,
        pack=Material(_tint(rng, _BRIGHT if child else _BAGS, 0.10), "cloth", roughness=0.7),
        neckcloth=_cloth(rng, _tint(rng, _LIGHT, 0.12), "scarf"),
        sock=Material(_tint(rng, {(230, 230, 228): 4, (30, 30, 32): 5, (120, 120, 124): 2}, 0.05),
                      "knit"),
        opening=_opening(rng, top, season),
        sleeve=1.93 if top not in ("tshirt", "dress", "tank") else float(rng.uniform(0.45, 0.72)),
        seed=int(rng.integers(2**31)),
    )  # fmt: skip


def _garments(
    rng: np.random.Generator, traits: Traits, season: Season, work: bool
) -> tuple[Top, Bottom]:
    female = traits.sex == "female"
    top: Top = weighted(rng, _TOPS[season])
    bottom: Bottom = weighted(rng, _BOTTOMS[season])
    if top == "dress" and not female:
        top = "tshirt"
    if top == "tank" and traits.group == "senior":
        top = "shirt"
    if top in ("blazer", "coat") and traits.group == "child":
        top = "jacket"
    if bottom in ("skirt", "midi", "leggings") and not female:
        bottom = "jeans"
    if bottom == "shorts" and traits.group == "senior":
        bottom = "chinos"
    if work:
        return "vest", "chinos"
    return top, bottom


def _lower(rng: np.random.Generator, bottom: Bottom, bright: bool) -> Material:
    if bottom in ("jeans", "slim") or (bottom == "shorts" and rng.random() < 0.3):
        return Material(_tint(rng, _DENIM, 0.10), "denim", roughness=0.9, porosity=0.7)
    if bottom == "leggings":
        return Material((0.016, 0.016, 0.018), "cloth", roughness=0.6, porosity=0.6)
    skirt = bottom in ("skirt", "midi")
    shares = _BRIGHT if skirt and bright else (_OUTER if skirt else _TROUSERS)
    return Material(_tint(rng, shares, 0.10), "cloth", roughness=0.85, porosity=0.7)


def _shoe_materials(rng: np.random.Generator) -> tuple[Material, Material]:
    colour = _tint(rng, _SHOES, 0.08)
    white = rng.random() < 0.5
    sole = (0.62, 0.62, 0.60) if white else (0.02, 0.02, 0.02)
    return Material(colour, "", roughness=0.5), Material(sole, "rubber", roughness=0.7)


def _shoes(rng: np.random.Generator, traits: Traits, season: Season, work: bool) -> str:
    if work:
        return "boot"
    shares = {"sneaker": 60.0, "leather": 14.0, "boot": 22.0 if season != "summer" else 4.0}
    if traits.sex == "female" and traits.group != "child":
        shares |= {"flat": 18.0, "heel": 6.0, "leather": 5.0}
    return weighted(rng, shares)


def _hair_style(rng: np.random.Generator, traits: Traits) -> HairStyle:
    if traits.sex == "female":
        young = traits.group != "senior"
        return weighted(rng, {"long": 34 if young else 6, "bob": 22, "ponytail": 20 if young else 4,
                              "bun": 10, "full": 8 if young else 40, "curly": 8})  # fmt: skip
    bald = 0 if traits.age < 30 else 6 + 30 * (traits.age > 55)
    return weighted(
        rng, {"short": 48, "cropped": 22, "full": 18, "curly": 6, "bald": bald, "long": 2}
    )


def _bag(rng: np.random.Generator, traits: Traits, rain: bool) -> Bag:
    if rain and traits.age > 8 and rng.random() < 0.45:
        return "umbrella"
    if traits.group == "child":
        return weighted(rng, {"none": 68, "backpack": 32})
    if traits.sex == "female":
        return weighted(rng, {"none": 34, "shoulder_bag": 30, "handbag": 12, "backpack": 15,
                              "shopping": 7, "case": 2})  # fmt: skip
    return weighted(rng, {"none": 58, "backpack": 22, "shoulder_bag": 10, "shopping": 7, "case": 3})


def _opening(rng: np.random.Generator, top: Top, season: Season) -> float:
    share = {"jacket": 0.40, "blazer": 0.9, "coat": 0.25, "puffer": 0.18, "parka": 0.2,
             "hoodie": 0.2, "vest": 0.3}.get(top, 0.0)  # fmt: skip
    u, w = rng.random(2).tolist()
    return (0.28 if w < 0.65 else 0.50) if u < share * (0.5 if season == "winter" else 1.0) else 0.0
