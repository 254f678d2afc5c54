"""The stage of a scene under construction: things, labelled actors, and room between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isthmus.synth.mesh import Floats, Mesh
from isthmus.synth.view import View

CATEGORIES = ("person", "car", "van", "truck", "bus")


@dataclass(frozen=True, slots=True)
class Thing:
    """A mesh with its place in the painting order.

    Attributes:
        mesh: in the coordinates of a straight street.
        order: distance by which things are sorted, far ones first.
        actor: number of the labelled object, −1 for scenery.
        footprint: (4, 2) corners on the ground (X, Z), for shadows; None casts none.
        height: top of the shadow caster in metres.
        base: height at which it stands.
        shift: metres by which mesh and footprint still have to move along Z.
    """

    mesh: Mesh
    order: float
    actor: int = -1
    footprint: Floats | None = None
    height: float = 0.0
    base: float = 0.0
    shift: float = 0.0

    def shifted(self, shift: float, order: float) -> Thing:
        """The same, `shift` metres further along Z, painted as if at distance `order`."""
        return Thing(self.mesh, order, self.actor, self.footprint, self.height, self.base, shift)


@dataclass(frozen=True, slots=True)
class Actor:
    """A labelled object of a scene.

    Attributes:
        category: one of `CATEGORIES`.
        position: (X, Y, Z) of the point on the ground below its middle.
        heading: direction it faces; 0 is away from the camera along the street.
        size: (width, height, length) in metres.
        child: a child (persons only).
    """

    category: str
    position: tuple[float, float, float]
    heading: float
    size: tuple[float, float, float]
    child: bool = False

    @property
    def distance(self) -> float:
        """Distance on the ground from the camera's foot, metres."""
        return float(np.hypot(self.position[0], self.position[2]))


@dataclass
class Stage:
    """Things and actors placed so far, as the camera of `view` will see them."""

    view: View
    things: list[Thing]
    actors: list[Actor] = field(default_factory=list)
    _taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def sees(self, spot: tuple[float, float]) -> bool:
        """True if something at (X, Z) can be in the picture, with a wide margin."""
        x, z = spot
        half = 0.5 * self.view.width / self.view.focal + 0.15
        return z > 0 and abs(x - self.view.position[0]) < half * z + 6

    def has_room(self, foot: Floats, margin: float) -> bool:
        """True if the bounds of `foot` (4, 2) meet no other actor's."""
        (x0, z0), (x1, z1) = foot.min(axis=0).tolist(), foot.max(axis=0).tolist()
        return not any(
            x0 - margin < b1 and x1 + margin > b0 and z0 - margin < d1 and z1 + margin > d0
            for b0, d0, b1, d1 in self._taken
        )

    def put(self, actor: Actor, body: Mesh, foot: Floats) -> None:
        """Place a labelled object whose footprint is `foot` (4, 2)."""
        (x0, z0), (x1, z1) = foot.min(axis=0).tolist(), foot.max(axis=0).tolist()
        self._taken.append((x0, z0, x1, z1))
        near = float(np.linalg.norm(foot - (self.view.position[0], 0.0), axis=1).min())
        base = actor.position[1]
        self.things.append(Thing(body, near, len(self.actors), foot, base + actor.size[1], base))
        self.actors.append(actor)


def rectangle(x: float, z: float, half_x: float, half_z: float, heading: float) -> Floats:
    """Corners (4, 2) on the ground of a rectangle around (x, z) turned by `heading`."""
    c, s = np.cos(heading), np.sin(heading)
    ax, az, bx, bz = c * half_x, -s * half_x, s * half_z, c * half_z
    corners = [
        (x - ax - bx, z - az - bz),
        (x + ax - bx, z + az - bz),
        (x + ax + bx, z + az + bz),
        (x - ax + bx, z - az + bz),
    ]
    return np.array(corners, np.float32)
