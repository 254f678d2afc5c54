"""Things: what stands in a scene, as one or several meshes with their materials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from isthmus.synth.world.material import RGB, LampGroup, Material
from isthmus.synth.world.mesh import Floats, Mesh, turn_about_y

SEMANTICS = (
    "sky", "road", "marking", "sidewalk", "terrain", "building", "wall", "fence", "pole",
    "traffic light", "traffic sign", "vegetation", "object", "person", "rider", "car", "van",
    "truck", "bus", "motorcycle", "bicycle", "animal",
)  # fmt: skip
"""Semantic classes; a semantic map holds indices of this tuple. 0 is the sky."""

CATEGORIES = (
    "person", "rider", "car", "van", "truck", "bus", "motorcycle", "bicycle", "animal",
)  # fmt: skip
"""Categories of labelled objects."""

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's keypoints of a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh of one material and one semantic class (a name in `SEMANTICS`).

    `rider` marks the parts of a two-wheeler that belong to the person on it.
    """

    mesh: Mesh
    material: Material
    semantic: str
    rider: bool = False


@dataclass(frozen=True, slots=True)
class Lamp:
    """A source that lights its surroundings.

    Attributes:
        position: (x, y, z) in the thing's axes, metres.
        direction: unit vector of the beam's axis.
        intensity: luminous intensity on the axis, cd, RGB.
        spread: half angle (degrees) at which the intensity has fallen to half; 180 for all round.
        group: the switch that lights it.
    """

    position: tuple[float, float, float]
    direction: tuple[float, float, float]
    intensity: RGB
    spread: float
    group: LampGroup


@dataclass(frozen=True, slots=True)
class Thing:
    """An object in its own axes: origin on the ground below its middle, front towards +Z.

    Attributes:
        parts: its surfaces.
        category: a name in `CATEGORIES`, "" for scenery without a label. A two-wheeler with
            `rider` parts is labelled twice: itself, and its rider as "rider".
        size: (width, height, length) of its 3D box in metres; the box stands on the ground.
        lamps: what lights its surroundings.
        keypoints: (17, 3) COCO keypoints of a person or rider, None for all else.
        attributes: words about it for the labels (child, pose, colour, model…).
    """

    parts: tuple[Part, ...]
    category: str = ""
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lamps: tuple[Lamp, ...] = ()
    keypoints: Floats | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing at its place.

    Attributes:
        thing: what.
        position: (X, Y, Z) of its origin, metres.
        heading: radians; 0 looks along +Z, π/2 along +X.
        velocity: (vx, vy, vz) in m/s, for flow and motion blur.
        braking: its brake lights are lit.
        tilt: (3, 3) rotation applied before the heading (a fallen cyclist), None for upright.
    """

    thing: Thing
    position: tuple[float, float, float]
    heading: float = 0.0
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    braking: bool = False
    tilt: Floats | None = None

    @property
    def rotation(self) -> Floats:
        """(3, 3) matrix from own axes to the world's."""
        turn = turn_about_y(self.heading)
        return turn if self.tilt is None else np.asarray(turn @ self.tilt, np.float32)

    def to_world(self, points: Floats) -> Floats:
        """Points (..., 3) of own axes in world axes."""
        moved = np.asarray(points, np.float32) @ self.rotation.T
        return np.asarray(moved + np.asarray(self.position, np.float32), np.float32)
