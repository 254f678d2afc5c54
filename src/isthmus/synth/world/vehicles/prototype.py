"""Prototypes: a vehicle's finished meshes by material slot, and the smooth warps that vary them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh, join
from isthmus.synth.world.thing import Lamp, Part, Thing
from isthmus.synth.world.vehicles.plates import Frame
from isthmus.synth.world.vehicles.wheels import wheel

Slots = dict[str, list[Mesh]]


@dataclass(frozen=True)
class Axle:
    """Wheels of one axle.

    Attributes:
        z: of the axle, metres.
        x: of the middle of the right wheel (of the outer of twin wheels).
        radius, width: of the tyre.
        twin: two wheels a side.
        design: of the rim; "" for the one that the vehicle has drawn.
    """

    z: float
    x: float
    radius: float
    width: float
    twin: bool = False
    design: str = ""


@dataclass(frozen=True)
class Prototype:
    """A vehicle before it is warped and painted.

    Attributes:
        parts: meshes of both sides by slot.
        axles: its wheels.
        headlamps: (n, 3) places of the headlamps.
        level: of detail.
        belt: (y of the belt line, y of the roof), for warps.
        roof: (z of its rear end, z of its front end, half width), where loads lie.
        plates: where characters are put on number plates.
    """

    parts: Mapping[str, Mesh]
    axles: tuple[Axle, ...]
    headlamps: Floats
    level: int
    belt: tuple[float, float]
    roof: tuple[float, float, float] = (-1.0, 0.0, 0.5)
    plates: tuple[Frame, ...] = ()


def both_sides(half: Slots, whole: Slots) -> dict[str, Mesh]:
    """Meshes by slot: those of the right side with their mirror images, and those of the whole."""
    found = {}
    for slot in sorted({*half, *whole}):
        right = half.get(slot, [])
        pieces = [*right, *[mesh.mirrored() for mesh in right], *whole.get(slot, [])]
        mesh = join([piece for piece in pieces if len(piece)])
        if len(mesh):
            found[slot] = mesh
    return found


@dataclass(frozen=True)
class Warp:
    """A smooth change of proportions. All in metres, 0 changes nothing.

    Attributes:
        wheelbase: added between the axles.
        nose: added in front of the front arch.
        tail: added behind the rear arch.
        width: added over all.
        roof: added to the height of the roof.
        rake: by which the roof's front end moves forward.
        bonnet: added to the height of the bonnet.
    """

    wheelbase: float = 0.0
    nose: float = 0.0
    tail: float = 0.0
    width: float = 0.0
    roof: float = 0.0
    rake: float = 0.0
    bonnet: float = 0.0

    def along(self, z: Floats, axles: tuple[float, float], reach: float) -> Floats:
        """How far points at `z` move along Z; wheel arches (axle ± `reach`) move as one."""
        front, rear = axles
        middle = _ease((z - rear - reach) / max(front - rear - 2 * reach, 0.1)) - 0.5
        ahead = _ease((z - front - reach) / 0.5)
        behind = _ease((rear - reach - z) / 0.5)
        return np.asarray(self.wheelbase * middle + self.nose * ahead - self.tail * behind)

    def __call__(self, points: Floats, prototype: Prototype) -> Floats:
        """Points (n, 3) of a prototype after the change."""
        first, last = prototype.axles[0], prototype.axles[-1]
        belt, roof = prototype.belt
        x, y, z = points.T
        up = _ease((y - belt) / (roof - belt))
        ahead = _ease((z - 0.2) / 0.8)
        bonnet = ahead * _ease((y - 0.45) / 0.35) * (1 - up)
        half = first.x + 0.5 * first.width
        return np.stack(
            [
                x * (1 + 0.5 * self.width / half),
                y + self.roof * up + self.bonnet * bonnet,
                z + self.along(z, (first.z, last.z), first.radius + 0.1) + self.rake * up * ahead,
            ],
            axis=1,
        )


def _ease(t: Floats) -> Floats:
    """0 to 1 without bends."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def warped(prototype: Prototype, warp: Warp) -> tuple[dict[str, Mesh], Floats]:
    """The prototype's meshes and headlamps under a warp."""
    if warp == Warp():
        return dict(prototype.parts), prototype.headlamps
    meshes = list(prototype.parts.values())
    points = np.concatenate([m.points for m in meshes])
    normals = np.concatenate([m.normals for m in meshes])
    new = warp(points, prototype).astype(np.float32)
    h = np.float32(0.01)
    # Columns of the map's derivative; normals go with its cofactors.
    a, b, c = (
        (warp(points + h * np.eye(3, dtype=np.float32)[k], prototype) - new) / h for k in range(3)
    )
    turned = (
        normals[:, :1] * np.cross(b, c)
        + normals[:, 1:2] * np.cross(c, a)
        + normals[:, 2:] * np.cross(a, b)
    )
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    stops = np.cumsum([len(m.points) for m in meshes])[:-1]
    shading = turned.astype(np.float32)
    found = {
        slot: Mesh(p, mesh.faces, n, mesh.uv)
        for (slot, mesh), p, n in zip(
            prototype.parts.items(), np.split(new, stops), np.split(shading, stops), strict=True
        )
    }
    lamps = warp(prototype.headlamps, prototype) if len(prototype.headlamps) else new[:0]
    return found, lamps.astype(np.float32)


def wheels(axles: Sequence[Axle], warp: Warp, design: str, level: int) -> dict[str, Mesh]:
    """All wheels in place, by slot; the tyres touch the ground."""
    found: dict[str, list[Mesh]] = {}
    first, last = axles[0], axles[-1]
    spread = 1 + 0.5 * warp.width / (first.x + 0.5 * first.width)
    for axle in axles:
        move = warp.along(np.array([axle.z], np.float32), (first.z, last.z), first.radius + 0.1)
        # From afar, twin wheels are one wide wheel.
        broad = axle.twin and level == 0
        width = axle.width * (2.12 if broad else 1.0)
        parts = wheel(axle.design or design, axle.radius, width, level)
        places = [axle.x - 0.56 * axle.width] if broad else [axle.x]
        if axle.twin and level:
            places.append(axle.x - 1.12 * axle.width)
        for x in places:
            place = np.array([x * spread, axle.radius, axle.z + move[0]], np.float32)
            for slot, mesh in parts.items():
                here = Mesh(mesh.points + place, mesh.faces, mesh.normals, mesh.uv)
                found.setdefault(slot, []).extend([here, here.mirrored()])
    return {slot: join(meshes) for slot, meshes in found.items()}


LOW_BEAM = 11000.0
"""Luminous intensity of one dipped headlamp on its axis, cd."""


def thing(  # noqa: PLR0917
    meshes: Mapping[str, Mesh], materials: Mapping[str, Material], category: str,
    lamps: Floats, attributes: Mapping[str, str], keypoints: Floats | None = None,
    beam: float = LOW_BEAM,
) -> Thing:  # fmt: skip
    """The finished vehicle: moved so that its bounds' middle stands over the origin.

    Args:
        meshes: by slot.
        materials: by slot.
        category: semantic class and category.
        lamps: (n, 3) places of headlamps.
        attributes: words.
        keypoints: (17, 3) of a rider, whose slots begin with `rider_`.
        beam: luminous intensity of each headlamp, cd.
    """
    low = np.min([m.points.min(axis=0) for m in meshes.values()], axis=0)
    high = np.max([m.points.max(axis=0) for m in meshes.values()], axis=0)
    shift = np.array([-0.5 * (low[0] + high[0]), -low[1], -0.5 * (low[2] + high[2])], np.float32)
    parts = tuple(
        Part(Mesh(m.points + shift, m.faces, m.normals, m.uv), materials[slot],
             "rider" if slot.startswith("rider_") else category, slot.startswith("rider_"))
        for slot, m in meshes.items()
    )  # fmt: skip
    joints = None if keypoints is None else keypoints + shift
    width, height, length = (float(v) for v in high - low)
    beams = tuple(
        Lamp((x, y, z), (0.0, -0.03, 0.99955), (beam, beam, 0.95 * beam), 18.0, "head")
        for x, y, z in (lamps + shift).tolist()
    )
    return Thing(parts, category, (width, height, length), beams, joints, dict(attributes))
