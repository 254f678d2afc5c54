"""Light: night, low light, over-exposure.

A camera's exposure lifts a night's road, but not its sky: what the upper part shows against the
rest tells night from a dark day.
"""

from __future__ import annotations

from isthmus.cornercases.measures import sky_darkness_of
from isthmus.cornercases.order import quantile
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def darkness(picture: Picture) -> Cues:
    """Mean L*, median L* of the upper quarter, share of the frame below L* 15, all over 100."""
    light = picture.lab[0]
    return {
        "lightness": float(light.mean()) / 100,
        "upper": quantile(light[picture.rows(0, 0.25)], 0.5) / 100,
        "black": float((light < 15).mean()),
    }


def night(picture: Picture) -> Cues:
    """Those of darkness, and how far the sky lies below the highlights (see `measures`)."""
    return {**darkness(picture), "sky": sky_darkness_of(picture.linear) / 10}


def exposure(picture: Picture) -> Cues:
    """White area below the horizon and in all; median L* of the lower half."""
    light = picture.lab[0]
    return {
        "white": float(picture.white.mean()),
        "white_below": float(picture.white[picture.rows(0.5, 1)].mean()),
        "lower": quantile(light[picture.rows(0.5, 1)], 0.5) / 100,
    }


NIGHT = Score("night", "Night", night, "night")
LOW_LIGHT = Score("low_light", "Dusk, dawn or night", darkness, "low_light")
OVER_EXPOSURE = Score("over_exposure", "Over-exposure", exposure, "high_illumination")
