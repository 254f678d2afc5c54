"""Bodies by sex, age and build: where joints lie and how thick a body is, in metres.

Lengths follow Drillis and Contini's segment lengths (in Winter, "Biomechanics and motor control of
human movement", fig. 4.1) for adults and Snyder et al., "Anthropometry of infants, children and
youths" (1977), for children; breadths and depths follow ANSUR's and Snyder's means, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.chance import weighted
from isthmus.synth.world.people.loft import Reals, curve
from isthmus.synth.world.people.skeleton import JOINTS, NUMBER, Rest

Sex = Literal["female", "male"]
AgeGroup = Literal["child", "adult", "senior"]

ARM_ANGLE = np.radians(20.0)
"""Between arm and vertical at rest."""

# Age in years, then shares of the height: head, neck, shoulder, chest, waist, hip, knee, ankle
# (heights of the joints; the head's own height first), then half-breadths of shoulders and hips
# between joints, lengths of upper arm, forearm, hand, foot.
_LENGTHS = np.array([
    [3, .186, .806, .748, .655, .545, .465, .252, .047, .092, .044, .158, .130, .100, .152],
    [6, .166, .823, .763, .675, .565, .490, .262, .046, .093, .046, .163, .135, .102, .153],
    [10, .148, .838, .778, .690, .590, .510, .275, .045, .095, .048, .168, .140, .104, .154],
    [15, .138, .850, .790, .705, .605, .520, .285, .044, .098, .050, .171, .146, .106, .153],
    [18, .134, .853, .793, .712, .612, .522, .286, .043, .100, .051, .172, .148, .107, .151],
])  # fmt: skip

# Trunk coordinate (crotch 0, hip 1, waist 2, chest 3, shoulder 4, neck 5, head 6), then half
# breadth, depth in front and behind, as shares of the height.
_TRUNK_MALE = np.array([
    [0, .060, .038, .048], [.5, .090, .052, .064], [1, .099, .060, .070], [1.5, .094, .060, .060],
    [2, .086, .061, .054], [2.5, .089, .064, .058], [3, .096, .069, .064], [3.5, .100, .066, .066],
    [4, .105, .052, .061], [4.5, .096, .042, .057], [4.8, .074, .036, .051],
    [5, .053, .034, .046], [5.3, .037, .034, .041], [6, .034, .034, .037],
])  # fmt: skip
_TRUNK_FEMALE = np.array([
    [0, .064, .038, .050], [.5, .093, .052, .066], [1, .103, .060, .072], [1.5, .095, .058, .060],
    [2, .078, .056, .050], [2.5, .080, .058, .052], [3, .087, .064, .056], [3.5, .089, .060, .058],
    [4, .096, .046, .054], [4.5, .086, .037, .050], [4.8, .064, .032, .045],
    [5, .045, .030, .041], [5.3, .032, .030, .036], [6, .030, .030, .033],
])  # fmt: skip
_TRUNK_CHILD = np.array([
    [0, .058, .042, .050], [.5, .088, .056, .062], [1, .095, .066, .066], [1.5, .092, .070, .060],
    [2, .089, .074, .056], [2.5, .090, .072, .056], [3, .093, .070, .060], [3.5, .094, .064, .060],
    [4, .098, .050, .056], [4.5, .088, .042, .052], [4.8, .068, .038, .047],
    [5, .050, .036, .043], [5.3, .039, .036, .041], [6, .037, .037, .040],
])  # fmt: skip

# Along a leg (hip 0, knee 1, ankle 2): half breadth, front, back.
_LEG = np.array([
    [-.42, .043, .051, .060], [-.2, .049, .055, .065],
    [0, .0505, .054, .062], [.2, .0485, .050, .054],
    [.5, .043, .044, .045], [.8, .034, .037, .036], [1, .031, .036, .031], [1.15, .030, .030, .035],
    [1.35, .032, .028, .041], [1.6, .026, .024, .031], [1.85, .020, .021, .024],
    [2, .020, .022, .026],
])  # fmt: skip

# Along an arm (at the neck -1, shoulder 0, elbow 1, wrist 2): half breadth, front, back.
_ARM = np.array([
    [-1, .012, .016, .026], [-.4, .0195, .024, .034], [0, .0305, .033, .037],
    [.25, .034, .032, .034], [.6, .0275, .028, .029], [1, .0235, .023, .024],
    [1.2, .0255, .024, .023], [1.5, .0225, .020, .020],
    [1.85, .0135, .0165, .0165], [2, .0125, .0165, .0165],
])  # fmt: skip


@dataclass(frozen=True)
class Traits:
    """Who somebody is.

    Attributes:
        sex: of the body.
        age: years.
        height: without shoes, metres.
        build: 0 average, −1 slim, +2 stout: deviations of the body mass index.
    """

    sex: Sex
    age: float
    height: float
    build: float

    @property
    def group(self) -> AgeGroup:
        """Children are under 14, seniors over 65."""
        if self.age < 14:
            return "child"
        return "senior" if self.age > 65 else "adult"


# Mean height (m) of girls and boys by age (WHO growth reference), and of adults.
_GROWTH = np.array([
    [3, .955, .965], [4, 1.03, 1.035], [5, 1.09, 1.10], [6, 1.15, 1.16], [8, 1.27, 1.275],
    [10, 1.385, 1.38], [12, 1.51, 1.49], [14, 1.595, 1.63], [18, 1.645, 1.775], [60, 1.635, 1.765],
    [85, 1.585, 1.705],
])  # fmt: skip


def sample_traits(
    rng: np.random.Generator, *, child: bool | None = None, sex: Sex | None = None
) -> Traits:
    """Somebody on a street.

    Args:
        child: True for 4 to 13 years, False for 14 and more; None: a child in 15 of 100.
        sex: None for either, half and half.
    """
    u, v, w, z, b = rng.random(3).tolist() + rng.normal(size=2).tolist()
    if child is None:
        child = u < 0.15
    chosen: Sex = sex if sex is not None else ("female" if v < 0.5 else "male")
    if child:
        age = 4.0 + 9.9 * w
    else:
        group = weighted(rng, {"young": 0.42, "middle": 0.38, "senior": 0.20})
        low, high = {"young": (14.0, 35.0), "middle": (35.0, 65.0), "senior": (65.1, 86.0)}[group]
        age = low + (high - low) * w
    mean = curve(_GROWTH, [age])[0, 0 if chosen == "female" else 1]
    height = mean * (1 + 0.037 * float(np.clip(z, -2.3, 2.3)))
    heavier = 0.0 if child else 0.012 * (min(age, 65.0) - 35.0)
    build = float(np.clip(0.75 * b + heavier, -1.3, 2.2))
    return Traits(chosen, age, float(height), build * (0.6 if child else 1.0))


@dataclass(frozen=True)
class Body:
    """The measures of a body, at rest.

    Attributes:
        traits: whose.
        rest: (19, 3) joints, metres.
        levels: (9,) heights (m) of the trunk's coordinate −2 (ankle), −1 (knee), 0 (crotch) … 6.
        head: (width, height, depth) of the head without hair, metres.
        head_place: depth (z) of the head's middle, metres.
        hand, foot: lengths, metres.
        trunk: (14, 4) keys of the trunk: coordinate, half breadth, front, back (m).
        leg, arm: (n, 4) likewise along the limbs.
    """

    traits: Traits
    rest: Rest
    levels: Reals
    head: tuple[float, float, float]
    head_place: float
    hand: float
    foot: float
    trunk: Reals
    leg: Reals
    arm: Reals

    def at(self, joint: str) -> Reals:
        """(3,) position of a joint at rest."""
        return np.asarray(self.rest[NUMBER[joint]])

    def level(self, coordinate: ArrayLike) -> Reals:
        """Height (m) of trunk coordinates."""
        return np.asarray(np.interp(np.asarray(coordinate), np.arange(-2.0, 7.0), self.levels))


def body(traits: Traits) -> Body:
    """The measures of somebody."""
    h = traits.height
    share = curve(_LENGTHS, [traits.age])[0]
    head, neck, shoulder, chest, waist, hip, knee, ankle, broad, hips = share[:10].tolist()
    upper, fore, hand, foot = share[10:].tolist()
    female = 1.0 if traits.sex == "female" else 0.0
    grown = float(np.clip((traits.age - 9.0) / 7.0, 0.0, 1.0))
    broad *= 1 - 0.07 * female * grown
    hips *= 1 + 0.06 * female * grown
    down = np.array([np.sin(ARM_ANGLE), -np.cos(ARM_ANGLE), 0.0])
    head_joint = 1 - 0.80 * head
    place: dict[str, Reals | list[float]] = {
        "pelvis": [0, hip + 0.02, 0], "waist": [0, waist - 0.02, -0.012],
        "chest": [0, chest - 0.03, -0.014], "neck": [0, neck - 0.005, -0.014],
        "head": [0, head_joint, -0.002],
    }  # fmt: skip
    joint = np.array([broad, shoulder, -0.010])
    place["right_shoulder"] = joint
    place["right_elbow"] = joint + upper * down
    place["right_wrist"] = joint + (upper + fore) * down
    place["right_hip"] = [hips, hip, -0.002]
    place["right_knee"] = [hips * 0.97, knee, 0.002]
    place["right_ankle"] = [hips * 0.94, ankle, -0.016]
    place["right_toe"] = [hips * 0.98, 0.012, 0.56 * foot]
    for name in [n for n in place if n.startswith("right")]:
        place[name.replace("right", "left")] = np.asarray(place[name]) * [-1, 1, 1]
    rest = h * np.array([place[name] for name in JOINTS], np.float64)
    levels = h * np.array([ankle, knee, hip - 0.052, hip, waist, chest, shoulder, neck, head_joint])
    trunk = _trunk(traits, female * grown, grown)
    b = traits.build
    stout = np.array([1.0, *[1 + 0.055 * b + 0.02 * (1 - grown)] * 3])
    leg, arm = _LEG * stout, _ARM * stout
    slim_arm = 1 - 0.13 * female * grown - 0.06 * (1 - grown)
    arm, leg = arm * [1, *[slim_arm] * 3], leg * [1, *[1 + 0.02 * female * grown] * 3]
    for keys in (leg, arm):
        keys[:, 1:] *= h
    return Body(
        traits, rest, levels, (0.68 * head * h, head * h, 0.86 * head * h), 0.010 * h,
        hand * h, foot * h, trunk, leg, arm,
    )  # fmt: skip


def _trunk(traits: Traits, female: float, grown: float) -> Reals:
    adult = female * _TRUNK_FEMALE + (1 - female) * _TRUNK_MALE
    keys = np.asarray(grown * adult + (1 - grown) * _TRUNK_CHILD)
    s, b = keys[:, 0], traits.build
    belly = np.exp(-(((s - 1.9) / 0.8) ** 2))
    seat = np.exp(-(((s - 0.8) / 0.8) ** 2))
    everywhere = 0.05 * np.clip((4.6 - s) / 1.5, 0.35, 1.0)
    keys[:, 1] *= 1 + b * (everywhere + 0.07 * belly)
    keys[:, 2] *= 1 + b * (everywhere + 0.17 * belly * (1.2 - 0.5 * female))
    keys[:, 3] *= 1 + b * (everywhere + 0.05 * seat)
    keys[:, 1:] *= traits.height
    return keys
