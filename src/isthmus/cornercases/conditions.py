"""Conditions as rules on the measures.

Two kinds of rule. *Absolute* ones have fixed limits with a plain meaning ("low light"), and
serve every pair of sets. *Relative* ones compare with the source at hand: they hold for frames
beyond the 1st or the 99th percentile of the source, and find a target that lies where the
source has nothing even though no fixed limit is crossed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.table import ConditionTable

Members = NDArray[np.bool_]

TAIL_PERCENT = 1
DARK_PERCENT = 5
"""Frames darker than so many of the source's have less contrast because they are dark."""


@dataclass(frozen=True)
class Limit:
    """``at_least <= measure < below``; a side that is None is open."""

    measure: str
    at_least: float | None = None
    below: float | None = None

    def holds(self, table: ConditionTable) -> Members:
        """For each row of the table, whether its value lies within."""
        values = table.values[self.measure]
        inside = np.ones(len(values), bool)
        if self.at_least is not None:
            inside &= values >= self.at_least
        if self.below is not None:
            inside &= values < self.below
        return inside


@dataclass(frozen=True)
class Condition:
    """What a whole frame is like: all `limits` hold.

    Attributes:
        name: key in results.
        label, description: for people.
        limits: rules on the measures; the first is the one that the condition is about.
        topic: conditions of one topic ("light", "air", "sharpness", "colour") can explain
            each other.
        remedy: effect that makes source frames such; None if there is none yet.
        strength: measures by which the remedy is made as strong as the target asks, beside those
            that `RELATIVE` names for it.
        relative: the limits come from the source at hand.
    """

    name: str
    label: str
    description: str
    limits: tuple[Limit, ...]
    topic: str
    remedy: str | None = None
    strength: tuple[str, ...] = ()
    relative: bool = False

    def members(self, table: ConditionTable) -> Members:
        """For each row of the table, whether the condition holds."""
        inside = np.ones(len(table), bool)
        for limit in self.limits:
            inside &= limit.holds(table)
        return inside


LOW_LIGHT_BELOW = 30.0
NIGHT_BELOW = 40.0
NIGHT_SKY_FROM = 3.5
OVER_EXPOSED_FROM = 15.0
HAZE_FROM = 0.12
FLAT_BELOW = 13.0
BLURRED_BELOW = 0.55
TINTED_FROM = 10.0

CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        Condition(
            "night",
            "Night",
            f"Sky at least {NIGHT_SKY_FROM} EV darker than the highlights, mean lightness below "
            f"L* {NIGHT_BELOW:.0f}: lamps light the scene, not the sky.",
            (Limit("sky_darkness", NIGHT_SKY_FROM), Limit("lightness", below=NIGHT_BELOW)),
            "light",
            "night",
            strength=("lightness", "under_exposed", "sky_darkness"),
        ),
        Condition(
            "low_light",
            "Low light",
            f"Mean lightness below L* {LOW_LIGHT_BELOW:.0f} under a sky that is not night's: dusk, "
            "dawn, deep shade, under-exposure.",
            (
                Limit("lightness", below=LOW_LIGHT_BELOW),
                Limit("sky_darkness", below=NIGHT_SKY_FROM),
            ),
            "light",
            "low_light",
        ),
        Condition(
            "over_exposure",
            "High illumination or over-exposure",
            f"At least {OVER_EXPOSED_FROM:.0f} % of the frame at the white end of the scale: low "
            "sun, glare, blown-out sky.",
            (Limit("over_exposed", OVER_EXPOSED_FROM),),
            "light",
        ),
        Condition(
            "haze",
            "Haze or fog",
            f"A veil of at least {HAZE_FROM} of the airlight over the dark parts near the horizon: "
            "visibility below about 300 m.",
            (Limit("haze", HAZE_FROM),),
            "air",
            "fog",
        ),
        Condition(
            "low_contrast",
            "Low contrast",
            f"Lightness deviates by less than L* {FLAT_BELOW:.0f}, though it is not dark: dense "
            "fog, rain on the lens, flat light.",
            (Limit("contrast", below=FLAT_BELOW), Limit("lightness", LOW_LIGHT_BELOW)),
            "air",
            "fog",
        ),
        Condition(
            "blur",
            "Blurred",
            f"Sharpness below {BLURRED_BELOW}: as after a Gaussian blur of 1.5 pixels at 480 "
            "pixels a frame or more; motion, focus, a dirty lens.",
            (Limit("sharpness", below=BLURRED_BELOW),),
            "sharpness",
        ),
        Condition(
            "colour_cast",
            "Strong colour cast",
            f"Pixels of middle lightness are on average {TINTED_FROM:.0f} ΔE or more away from "
            "grey: sodium lamps, low sun, white balance.",
            (Limit("colour_cast", TINTED_FROM),),
            "colour",
        ),
    )
}

BELOW, ABOVE = "below", "above"
RELATIVE: tuple[tuple[str, str, str, str, str | None], ...] = (
    # measure, side, label, topic, remedy
    ("lightness", BELOW, "Darker than the source", "light", "low_light"),
    ("lightness", ABOVE, "Brighter than the source", "light", None),
    ("under_exposed", ABOVE, "More under-exposed than the source", "light", "low_light"),
    ("over_exposed", ABOVE, "More over-exposed than the source", "light", None),
    ("haze", ABOVE, "Hazier than the source", "air", "fog"),
    ("contrast", BELOW, "Less contrast than the source", "air", "fog"),
    ("contrast", ABOVE, "More contrast than the source", "light", None),
    ("sharpness", BELOW, "Less sharp than the source", "sharpness", None),
    ("sharpness", ABOVE, "Sharper than the source", "sharpness", None),
    ("colour_cast", ABOVE, "More tinted than the source", "colour", None),
)


def relative_conditions(source: ConditionTable) -> list[Condition]:
    """The rules "beyond the source" on each measure of `RELATIVE`.

    Dark frames have little contrast for want of light, and a night sky makes dark frames: such
    frames do not count as ones of less contrast.
    """
    darkest = float(np.percentile(source.values["lightness"], DARK_PERCENT))
    lit = (Limit("lightness", darkest), Limit("sky_darkness", below=NIGHT_SKY_FROM))
    made = []
    for measure, side, label, topic, remedy in RELATIVE:
        values = source.values[measure]
        if side == BELOW:
            edge = float(np.percentile(values, TAIL_PERCENT, method="lower"))
            limit = Limit(measure, below=edge)
        else:
            edge = float(np.percentile(values, 100 - TAIL_PERCENT, method="higher"))
            limit = Limit(measure, at_least=float(np.nextafter(edge, np.inf)))
        about = MEASURES[measure]
        percentile = "1st" if side == BELOW else "99th"
        description = (
            f"{about.label} {side} {edge:.3g} {about.unit}, the {percentile} percentile of the "
            "source."
        )
        name = f"{measure}_{side}_source"
        limits: tuple[Limit, ...] = (limit,)
        if (measure, side) == ("contrast", BELOW):
            limits += lit
            description += " Dark frames and night do not count."
        made.append(Condition(name, label, description, limits, topic, remedy, relative=True))
    return made
