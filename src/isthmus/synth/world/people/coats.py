"""Coats of animals: which colour each face of their surfaces has.

Lengths are shares of the height at the shoulder, as in `animals`. Roe deer have a pale belly, a
white rump and chin, a dark muzzle, and legs that darken towards black hooves; shepherd dogs wear
a dark saddle; most animals are paler below than above (countershading).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.people.loft import Index, Reals, Surface

BODY, PALE, DARK, WHITE, BLACK = range(5)
"""Numbers of an animal's materials."""


class Spot(NamedTuple):
    """Where faces are, (f, 3), and where they look, (f, 3) unit."""

    place: Reals
    normal: Reals


def coat(colour: RGB, species: str) -> tuple[Material, ...]:
    """Materials by number, for a main colour."""
    fur = np.array(colour)
    pale = 0.55 * fur + 0.45 * np.array([0.50, 0.43, 0.34]) if species == "deer" else 1.5 * fur
    shades = (fur, np.minimum(pale, 0.72), 0.38 * fur, np.array([0.62, 0.58, 0.52]))
    made = [Material((float(r), float(g), float(b)), "hair", roughness=0.8, porosity=0.5)
            for r, g, b in shades]  # fmt: skip
    return *made, Material((0.012, 0.010, 0.010), "", roughness=0.3)


def spots(surface: Surface) -> Spot:
    """Places and directions of a surface's faces."""
    corners = surface.points[surface.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return Spot(corners.mean(axis=1), normal)


def trunk(spot: Spot, kind: str, length: float) -> Index:
    """Colours of the back, whose rump is at z = −0.68 `length` at most."""
    up, back = spot.normal[:, 1], spot.place[:, 2] / length
    paint = np.where(up < -0.45, PALE, BODY)
    if kind in ("doe", "buck"):
        rump = (back < -0.58) & (spot.normal[:, 2] < -0.45) & (spot.place[:, 1] > 0.70)
        return np.where(rump, WHITE, paint)
    if kind == "shepherd":
        return np.where((up > 0.15) & (np.abs(back) < 0.45), DARK, paint)
    return paint


def head(spot: Spot, kind: str, length: float, reach: float) -> Index:
    """Colours of neck and head, whose nose is at z = `reach` · `length`."""
    down, ahead = -spot.normal[:, 1], spot.place[:, 2] / length - reach
    paint = np.where((down > 0.35) & (ahead > -0.40), PALE, BODY)
    if kind in ("doe", "buck"):
        chin = (ahead > -0.22) & (down > 0.25)
        muzzle = (ahead > -0.115) & ~chin
        return np.where(chin, WHITE, np.where(muzzle, DARK, paint))
    if kind == "shepherd":
        return np.where(ahead > -0.24, DARK, paint)
    return paint


def leg(spot: Spot, kind: str) -> Index:
    """Colours of a leg: deer's are dark below the knee and end in hooves."""
    height = spot.place[:, 1]
    if kind not in ("doe", "buck"):
        return np.where(height < 0.03, DARK, BODY)
    return np.where(height < 0.055, BLACK, np.where(height < 0.36, DARK, BODY))


def ear(spot: Spot) -> Index:
    """Colours of ears: pale inside."""
    return np.where(spot.normal[:, 2] > 0.3, PALE, BODY)
