"""A body in its clothes: which surfaces a look puts on a figure."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.people import extremities, flesh, garments, hair, head, neckwear
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.loft import Surface, sheet
from isthmus.synth.world.people.wardrobe import Look

_WHITE = Material((0.42, 0.40, 0.38), roughness=0.2)
_GLASS = Material((0.01, 0.01, 0.012), roughness=0.1)
_TRIM = Material((0.70, 0.72, 0.70), roughness=0.25, metallic=0.0)


def dress(figure: Figure, look: Look, face: head.Face, detail: int) -> None:
    """Adds the whole clothed body to `figure`."""
    rng = np.random.default_rng(look.seed)
    _clothes(figure, look, detail, rng)
    _hands(figure, look, detail)
    _feet(figure, look, detail)
    _head(figure, look, face, detail)


def _clothes(figure: Figure, look: Look, detail: int, rng: np.random.Generator) -> None:
    body = figure.body
    top = garments.upper(body, look, detail, rng)
    paint = np.zeros(len(top.trunk.faces), np.int64)
    paint[top.open_faces] = 1
    if look.top == "vest":
        # Reflecting bands round belly and chest.
        height = top.trunk.points[top.trunk.faces, 1].mean(axis=1)
        for level in (1.75, 2.5):
            middle = float(body.level(level))
            paint[np.abs(height - middle) < 0.022 * body.traits.height] = 2
        figure.drape(top.trunk, look.outer, look.inner, _TRIM, paint=paint)
    else:
        figure.drape(top.trunk, look.outer, look.inner, paint=paint)
    arms = look.inner if look.top == "vest" else look.outer
    if top.sleeve is not None:
        figure.add_pair(top.sleeve, "arm", arms)
    if top.collar is not None:
        figure.add(top.collar, "trunk", look.outer)
    low = 4.0 if look.top in ("tank", "dress") or look.opening else 4.55
    figure.add(flesh.neck(body, low, detail), "trunk", look.skin)
    if look.top in ("hoodie", "parka", "puffer") and look.headwear != "hood" and detail:
        figure.add(neckwear.hood_down(body, detail), "trunk", look.outer)
    if look.scarf:
        figure.add(neckwear.scarf(body, detail, rng), "trunk", look.neckcloth)
    _legs(figure, look, detail, rng)


def _legs(figure: Figure, look: Look, detail: int, rng: np.random.Generator) -> None:
    body = figure.body
    skirted = look.bottom in ("skirt", "midi")
    if look.top == "dress" or skirted:
        if skirted and look.top != "dress":
            figure.drape(garments.skirt(body, look, detail, rng), look.lower)
        figure.add_pair(flesh.bare_leg(body, 0.15, 2.06, detail), "leg", look.skin)
        return
    seat, leg = garments.trousers(body, look, detail, rng)
    figure.drape(seat, look.lower)
    figure.add_pair(leg, "leg", look.lower)
    if look.bottom == "shorts":
        figure.add_pair(flesh.bare_leg(body, 0.7, 1.75, detail), "leg", look.skin)
        figure.add_pair(flesh.bare_leg(body, 1.72, 2.08, detail, 0.003), "leg", look.sock)
    elif look.bottom in ("slim", "leggings"):
        figure.add_pair(flesh.bare_leg(body, 1.9, 2.15, detail, 0.001), "leg", look.sock)


def _hands(figure: Figure, look: Look, detail: int) -> None:
    left, right = figure.pose.hands
    figure.add(extremities.hand(figure.body, right, detail), "right_hand", look.skin)
    figure.add(extremities.hand(figure.body, left, detail).mirrored(), "left_hand", look.skin)
    bare = look.sleeve < 1.2 or look.top == "tank"
    if bare:
        start = -0.3 if look.top == "tank" else look.sleeve - 0.18
        figure.add_pair(flesh.bare_arm(figure.body, start, detail), "arm", look.skin)


def _feet(figure: Figure, look: Look, detail: int) -> None:
    shoe, sole = extremities.shoe(figure.body, look.shoes, detail)  # type: ignore[arg-type]
    figure.add_pair(shoe, "foot", look.shoe, look.sole, paint=sole.astype(np.int64))
    close = look.bottom in ("slim", "leggings", "skirt", "midi", "shorts") or look.top == "dress"
    if look.shoes == "boot" and detail and close:
        shaft = flesh.bare_leg(figure.body, 1.62, 2.14, detail, 0.011)
        figure.add_pair(shaft, "leg", look.shoe)


def _head(figure: Figure, look: Look, face: head.Face, detail: int) -> None:
    body = figure.body

    def put(surface: Surface, material: Material, region: str = "head") -> None:
        figure.add(head.to_body(body, surface), region, material)  # type: ignore[arg-type]

    grid = head.skull(face, head.levels(detail), head.angles(detail))
    put(sheet(grid, caps=(True, True)), look.skin)
    covered = look.headwear in ("hood", "headscarf")
    if detail and not covered and look.style not in ("long", "bob"):
        put(head.ears(detail), look.skin)
    if detail:
        white, iris = head.eyes(face, detail)
        put(white, _WHITE)
        put(iris, look.eyes)
        put(head.brows(face, detail), look.hair)
        put(head.lips(face, detail), look.lips)
    if look.beard and detail:
        put(hair.beard(face, detail), look.hair)
    if look.glasses and detail == 2:
        put(head.glasses(face), _GLASS)
    if look.headwear != "none":
        hat, second = hair.headwear(face, look.headwear, detail)
        material = look.outer if look.headwear == "hood" else look.hat
        put(hat, material, "hair" if covered else "head")
        if second is not None:
            put(second, material)
    if not covered:
        for surface in hair.hair(face, look.style, look.receding, detail,
                                 under_hat=look.headwear not in ("none",)):  # fmt: skip
            put(surface, look.hair, "hair")
