"""A body in its clothes: which surfaces a look puts on a figure, and which skin it leaves bare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.people import extremities, flesh, garments, hair, head, neckwear
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.loft import Surface, sheet
from isthmus.synth.world.people.wardrobe import Look

WHITE = Material((0.42, 0.40, 0.38), roughness=0.2)
VISOR = Material((0.012, 0.012, 0.014), roughness=0.08, coat=0.5)
_GLASS = Material((0.01, 0.01, 0.012), roughness=0.1)
_TRIM = Material((0.70, 0.72, 0.70), roughness=0.25)


@dataclass(frozen=True)
class Bare:
    """Which skin is seen, by the coordinates of `flesh`.

    Attributes:
        neck: trunk coordinate from which upward.
        arm: coordinate from which outwards; hands always are.
        leg: from and to; None if clothes cover the legs.
    """

    neck: float
    arm: float
    leg: tuple[float, float] | None


Skin = Callable[[Figure, Look, head.Face, int, Bare], None]
"""Adds the bare skin of head, neck, arms, hands and legs to a figure, at a detail."""


def dress(figure: Figure, look: Look, face: head.Face, detail: int, skin: Skin) -> None:
    """Adds the whole clothed body to `figure`."""
    rng = np.random.default_rng(look.seed)
    _clothes(figure, look, detail, rng)
    _feet(figure, look, detail)
    skin(figure, look, face, detail, _bare(look))
    _hair(figure, look, face, detail)


def _bare(look: Look) -> Bare:
    leg = None
    if look.top == "dress" or look.bottom in ("skirt", "midi"):
        leg = (0.15, 2.06)
    elif look.bottom == "shorts":
        leg = (0.7, 1.75)
    arm = 1.9
    if look.top == "tank":
        arm = -0.3
    elif look.sleeve < 1.2:
        arm = look.sleeve - 0.18
    return Bare(4.0 if look.top in ("tank", "dress") or look.opening else 4.55, arm, leg)


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
    if top.sleeve is not None:
        figure.add_pair(top.sleeve, "arm", look.inner if look.top == "vest" else look.outer)
    if top.collar is not None:
        figure.add(top.collar, "trunk", look.outer)
    if look.top in ("hoodie", "parka", "puffer") and look.headwear != "hood" and detail:
        figure.add(neckwear.hood_down(body, detail), "trunk", look.outer)
    if look.scarf:
        figure.add(neckwear.scarf(body, detail, rng), "trunk", look.neckcloth)
    if look.bottom in ("skirt", "midi"):
        if look.top != "dress":
            figure.drape(garments.skirt(body, look, detail, rng), look.lower)
    elif look.top != "dress":
        seat, leg = garments.trousers(body, look, detail, rng)
        figure.drape(seat, look.lower)
        figure.add_pair(leg, "leg", look.lower)


def _feet(figure: Figure, look: Look, detail: int) -> None:
    body = figure.body
    shoe, sole = extremities.shoe(body, look.shoes, detail)  # type: ignore[arg-type]
    figure.add_pair(shoe, "foot", look.shoe, look.sole, paint=sole.astype(np.int64))
    bare = look.top == "dress" or look.bottom in ("skirt", "midi", "shorts")
    if look.shoes == "boot" and detail and (bare or look.bottom in ("slim", "leggings")):
        figure.add_pair(flesh.bare_leg(body, 1.62, 2.14, detail, 0.011), "leg", look.shoe)
    if look.top == "dress":
        return
    if look.bottom == "shorts":
        figure.add_pair(flesh.bare_leg(body, 1.72, 2.08, detail, 0.003), "leg", look.sock)
    elif look.bottom in ("slim", "leggings"):
        figure.add_pair(flesh.bare_leg(body, 1.9, 2.15, detail, 0.001), "leg", look.sock)


def own_skin(figure: Figure, look: Look, face: head.Face, detail: int, bare: Bare) -> None:
    """The skin of own bodies (see `Skin`)."""
    body = figure.body
    figure.add(flesh.neck(body, bare.neck, detail), "trunk", look.skin)
    if bare.leg is not None:
        figure.add_pair(flesh.bare_leg(body, *bare.leg, detail), "leg", look.skin)
    left, right = figure.pose.hands
    figure.add(extremities.hand(body, right, detail), "right_hand", look.skin)
    figure.add(extremities.hand(body, left, detail).mirrored(), "left_hand", look.skin)
    if bare.arm < 1.8:
        figure.add_pair(flesh.bare_arm(body, bare.arm, detail), "arm", look.skin)

    def put(surface: Surface, material: Material) -> None:
        figure.add(head.to_body(body, surface), "head", material)

    grid = head.skull(face, head.levels(detail), head.angles(detail))
    put(sheet(grid, caps=(True, True)), look.skin)
    hidden = look.headwear in ("hood", "headscarf") or look.style in ("long", "bob")
    if detail and not hidden:
        put(head.ears(detail), look.skin)
    if detail:
        white, iris = head.eyes(face, detail)
        put(white, WHITE)
        put(iris, look.eyes)
        put(head.brows(face, detail), look.hair)
        put(head.lips(face, detail), look.lips)


def _hair(figure: Figure, look: Look, face: head.Face, detail: int) -> None:
    body = figure.body

    def put(surface: Surface, material: Material, *, hangs: bool = False) -> None:
        figure.add(head.to_body(body, surface), "hair" if hangs else "head", material)

    covered = look.headwear in ("hood", "headscarf", "full")
    if look.beard and detail:
        put(hair.beard(face, detail), look.hair)
    if look.glasses and detail == 2 and look.headwear != "full":
        put(head.glasses(face), _GLASS)
    if look.headwear != "none":
        hat, second = hair.headwear(face, look.headwear, detail)
        wrapped = look.headwear in ("hood", "headscarf")
        put(hat, look.outer if look.headwear == "hood" else look.hat, hangs=wrapped)
        if second is not None:
            put(second, VISOR if look.headwear == "full" else look.hat)
    if not covered:
        under_hat = look.headwear != "none"
        for surface in hair.hair(face, look.style, look.receding, detail, under_hat=under_hat):
            put(surface, look.hair, hangs=True)
