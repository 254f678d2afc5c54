"""People on two-wheelers: the same bodies and clothes, bent to reach saddle, grips and pedals."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, linear
from isthmus.synth.world.people.dressing import dress
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.person import Bodies, Detail, character, shown
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.poses import degrees, lie
from isthmus.synth.world.people.reach import Turns, arm_to, leg_to
from isthmus.synth.world.people.skeleton import NUMBER, SIDES, Pose, joint_frames, rotation
from isthmus.synth.world.people.wardrobe import Look, Season
from isthmus.synth.world.thing import Part, Thing

Helmet = Literal["none", "cycle", "full"]

_SHELLS = ((225, 225, 220), (30, 30, 32), (170, 32, 34), (32, 78, 146), (214, 180, 44))


def rider(
    rng: np.random.Generator,
    *,
    hip: ArrayLike,
    grip: ArrayLike,
    ankles: ArrayLike,
    lean: float,
    helmet: Helmet = "none",
    season: Season = "summer",
    detail: Detail = 2,
    bodies: Bodies = "auto",
) -> tuple[tuple[Part, ...], Floats]:
    """Somebody on a two-wheeler, in the machine's axes.

    Args:
        rng: randomness; the same state gives the same rider at every detail.
        hip: (3,) middle between the hips' joints, metres.
        grip: (3,) the right handle, where the palm is; the left one is its mirror image.
        ankles: (2, 3) left and right ankle.
        lean: of the trunk, radians forward.
        helmet: none, a bicycle's, or a motorcycle's full one.
        season: what clothes are for.
        detail: fineness, as in `person`.
        bodies: as in `person`.

    Returns:
        Parts of semantic class "rider" with `rider` set, and keypoints (17, 3).
    """
    who = character(rng, child=False, season=season, bodies=bodies)
    look = _look(rng, who.look, helmet)
    seat = np.asarray(hip, np.float64)
    pose = _pose(who.body, seat, np.asarray(grip), np.asarray(ankles), lean)
    figure = Figure(who.body, pose)
    dress(figure, look, who.face, detail, who.skin)
    middle = (figure.place("left_hip") + figure.place("right_hip")) / 2
    parts, keypoints = figure.at(seat - middle)
    own = tuple(replace(p, semantic="rider", rider=True) for p in parts)
    return own, keypoints


def fallen(
    rng: np.random.Generator, *, season: Season = "summer", detail: Detail = 2,
    bodies: Bodies = "auto",
) -> Thing:  # fmt: skip
    """Somebody who has fallen from a bicycle and lies on the road, the head towards −Z.

    Arguments as in `rider`; a thing of category "person" with keypoints.
    """
    who = character(rng, child=False, season=season, bodies=bodies)
    who = replace(who, look=_look(rng, who.look, "cycle"))
    thing, _ = shown(who, lie(rng, who.body, 0.0), "lie", detail)
    return thing


def _look(rng: np.random.Generator, look: Look, helmet: Helmet) -> Look:
    """Clothes to ride in: no skirts that catch, no hats under or instead of a helmet."""
    u, colour = float(rng.random()), _SHELLS[int(rng.integers(len(_SHELLS)))]
    top, bottom = look.top, look.bottom
    if top == "dress":
        top = "tshirt"
    elif top in ("coat", "parka") or (helmet == "full" and top != "puffer"):
        top = "jacket"
    if helmet == "full":
        bottom = "slim"
    elif bottom not in ("slim", "chinos", "shorts"):
        bottom = "jeans"
    red, green, blue = linear(colour).tolist()
    shell = Material((red, green, blue), roughness=0.25, coat=0.6, porosity=0.05)
    headwear = helmet if helmet != "none" else (look.headwear if u < 0.5 else "none")
    if headwear in ("sunhat", "hood", "helmet"):
        headwear = "none"
    return replace(
        look, top=top, bottom=bottom, headwear=headwear, bag="none", opening=0.0,
        sleeve=look.sleeve if look.top in ("tshirt", "tank") and helmet != "full" else 1.93,
        hat=shell if helmet != "none" else look.hat,
    )  # fmt: skip


def _pose(body: Body, seat: Reals, grip: Reals, ankles: Reals, lean: float) -> Pose:
    """The trunk bent over, then limbs that reach for what they hold."""
    tilt = float(np.degrees(lean))
    turns: Turns = {
        "pelvis": degrees(x=0.5 * tilt - 6.0), "waist": degrees(x=0.24 * tilt + 2.0),
        "chest": degrees(x=0.26 * tilt + 4.0), "neck": degrees(x=-0.25 * tilt),
        "head": degrees(x=-0.5 * tilt + 4.0),
    }  # fmt: skip
    frames, places = joint_frames(body.rest, Pose(turns))
    middle = (places[NUMBER["left_hip"]] + places[NUMBER["right_hip"]]) / 2
    shift = middle - seat
    chest, at = frames[NUMBER["chest"]], places[NUMBER["chest"]]
    for side, sign, ankle in zip(SIDES, (-1.0, 1.0), ankles, strict=True):
        mirror = np.array([sign, 1.0, 1.0])
        # The palm lies on the grip, the wrist behind and above it.
        wrist = grip * mirror + shift + np.array([0.0, 0.025, -0.50 * body.hand])
        local = chest.T @ (wrist - at) + body.at("chest")
        fingers, palm = chest.T @ [0.0, -0.25, 1.0], chest.T @ [0.0, -1.0, -0.3]
        turns |= arm_to(body, side, local * mirror, pole=[0.7, -1.0, -0.3], fingers=fingers,
                        palm=palm)  # fmt: skip
        turns |= leg_to(body, side, (ankle + shift) * mirror, rotation(turns["pelvis"]),
                        yaw=0.08, pitch=-0.12, pole=[0.10, 0.6, 1.0])  # fmt: skip
    return Pose(turns, hands=("grip", "grip"))
