"""The jointed skeleton of a person: which joints there are, how bodies bend about them.

At rest a person stands upright at the origin, faces +Z, its left at −X, arms a little away from
the trunk. A pose gives each joint a rotation; a corner that belongs to a joint by a share w turns
by that share of its angle, so that joints bend smoothly and limbs keep their girth (the spherical
blend skinning of Kavan and Žára, "Spherical blend skinning", I3D 2005, with the joint as centre).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.kernels import turn_about
from isthmus.synth.world.people.loft import Reals

JOINTS = (
    "pelvis", "waist", "chest", "neck", "head",
    "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
    "left_hip", "left_knee", "left_ankle", "left_toe",
    "right_hip", "right_knee", "right_ankle", "right_toe",
)  # fmt: skip
PARENTS = {
    "waist": "pelvis", "chest": "waist", "neck": "chest", "head": "neck",
    "left_shoulder": "chest", "left_elbow": "left_shoulder", "left_wrist": "left_elbow",
    "right_shoulder": "chest", "right_elbow": "right_shoulder", "right_wrist": "right_elbow",
    "left_hip": "pelvis", "left_knee": "left_hip", "left_ankle": "left_knee",
    "left_toe": "left_ankle",
    "right_hip": "pelvis", "right_knee": "right_hip", "right_ankle": "right_knee",
    "right_toe": "right_ankle",
}  # fmt: skip
NUMBER = {name: k for k, name in enumerate(JOINTS)}
PARENT = tuple(NUMBER[PARENTS[name]] if name in PARENTS else -1 for name in JOINTS)
SIDES = ("left", "right")

Rest = Reals
"""(19, 3) positions of the joints at rest, metres, in the order of `JOINTS`."""


@dataclass(frozen=True)
class Pose:
    """How a body is bent.

    Attributes:
        turns: joint → rotation vector (3,) in radians, in the axes of the rest pose.
        root: (3, 3) rotation of the whole body about its pelvis.
        hands: how the (left, right) hand is held: "loose", "fist", "grip" or "flat".
        clearance: how high the lowest point is above the ground, metres.
    """

    turns: Mapping[str, Reals]
    root: Reals = field(default_factory=lambda: np.eye(3))
    hands: tuple[str, str] = ("loose", "loose")
    clearance: float = 0.0


def rotation(vector: ArrayLike) -> Reals:
    """(3, 3) rotation of a rotation vector (axis times angle, Rodrigues)."""
    v = np.asarray(vector, np.float64)
    angle = float(np.sqrt((v * v).sum()))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = v / angle
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * (skew @ skew))


def rotation_vector(matrix: Reals) -> Reals:
    """The rotation vector (3,) of a (3, 3) rotation, angle within 0–π."""
    cosine = np.clip((np.trace(matrix) - 1) / 2, -1.0, 1.0)
    angle = float(np.arccos(cosine))
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0],
                     matrix[1, 0] - matrix[0, 1]])  # fmt: skip
    length = float(np.sqrt((axis * axis).sum()))
    if length > 1e-7:
        return np.asarray(axis / length * angle)
    if angle < 1.0:
        return np.zeros(3)
    # Half a turn: the axis is the column of (R + 1) / 2 that is longest.
    square = (matrix + np.eye(3)) / 2
    column = square[:, int(np.argmax(np.diag(square)))]
    return np.asarray(column / np.sqrt((column * column).sum()) * angle)


def joint_frames(rest: Rest, pose: Pose) -> tuple[Reals, Reals]:
    """Rotations (19, 3, 3) and positions (19, 3) of the joints, the pelvis left where it was."""
    turns, places = np.zeros((len(JOINTS), 3, 3)), np.zeros((len(JOINTS), 3))
    for k, name in enumerate(JOINTS):
        own = rotation(pose.turns[name]) if name in pose.turns else np.eye(3)
        above = PARENT[k]
        if above < 0:
            turns[k], places[k] = pose.root @ own, rest[k]
        else:
            places[k] = places[above] + turns[above] @ (rest[k] - rest[above])
            turns[k] = turns[above] @ own
    return turns, places


def bent(points: Reals, shares: Reals, rest: Rest, pose: Pose) -> Reals:
    """Points (v, 3) of the rest pose in `pose`.

    Args:
        points: metres.
        shares: (v, 19) how far each point follows each joint, 0–1; no more than it follows the
            joint above.
        rest: joints at rest.
        pose: how to bend.
    """
    vectors = np.zeros((len(JOINTS), 3))
    for name, vector in pose.turns.items():
        vectors[NUMBER[name]] = vector
    angles = np.sqrt((vectors * vectors).sum(axis=1))
    axes = vectors / np.maximum(angles, 1e-12)[:, None]
    out = turn_about(np.ascontiguousarray(points), shares, rest, axes, angles)
    pelvis = pose.root @ rotation(vectors[0])
    return np.asarray((out - rest[0]) @ pelvis.T + rest[0])


def ramp(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> Reals:
    """0 below `low`, 1 above `high`, smooth between (also downwards, if high < low)."""
    start = np.asarray(low, np.float64)
    t = np.clip((np.asarray(value, np.float64) - start) / (np.asarray(high) - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))
