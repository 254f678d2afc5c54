"""A scene: placed things, the camera, the sky and the weather; and its triangles in one soup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.view import View
from isthmus.synth.world.material import LampGroup, Material
from isthmus.synth.world.mesh import Floats, Ints
from isthmus.synth.world.thing import SEMANTICS, Lamp, Placed


@dataclass(frozen=True, slots=True)
class Weather:
    """Light and weather over a scene, in physical units.

    Attributes:
        sun_elevation: degrees above the horizon, −18 (night) to 90.
        sun_azimuth: degrees from +Z towards +X.
        clouds: share of the sky covered, 0–1; 1 hides the sun.
        visibility: meteorological visibility, metres (contrast 5 %).
        rain: mm/h.
        snowfall: mm/h of water.
        wetness: of the ground, 0 (dry) to 1 (puddles).
        snow_cover: share of upward surfaces under snow, 0–1.
        street_lamps: street lamps and windows shine.
        vehicle_lamps: head and tail lamps shine.
    """

    sun_elevation: float = 45.0
    sun_azimuth: float = 120.0
    clouds: float = 0.2
    visibility: float = 15000.0
    rain: float = 0.0
    snowfall: float = 0.0
    wetness: float = 0.0
    snow_cover: float = 0.0
    street_lamps: bool = False
    vehicle_lamps: bool = False

    @property
    def sun_direction(self) -> Floats:
        """(3,) unit vector towards the sun."""
        up, around = np.radians(self.sun_elevation), np.radians(self.sun_azimuth)
        flat = np.cos(up)
        return np.array([flat * np.sin(around), np.sin(up), flat * np.cos(around)], np.float32)


@dataclass(frozen=True, slots=True)
class Ruts:
    """Where wheels roll.

    Attributes:
        centre: (n, 2) of the main road: world X, and the cosine of its heading.
        start, step: world Z of the first row, and between rows, metres.
        lanes: (k,) offsets of the lanes' middles to the right of the centre, metres.
    """

    centre: Floats
    start: float
    step: float
    lanes: Floats


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides a picture but the camera's electronics.

    Attributes:
        things: objects and scenery. Object k carries k + 1 in instance maps.
        view: the pin-hole camera.
        weather: light and weather.
        ego_velocity: (vx, vy, vz) of the camera in m/s.
        seed: of surfaces' and particles' detail.
        attributes: words for the frame's labels (weather, timeofday, scene, scenario…).
        ruts: where wheels roll; None: nowhere.
    """

    things: tuple[Placed, ...]
    view: View
    weather: Weather
    ego_velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seed: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    ruts: Ruts | None = None


@dataclass(frozen=True, slots=True)
class Soup:
    """All triangles of a scene in world axes.

    Attributes:
        points, normals: (v, 3); uv: (v, 2) in metres.
        faces: (f, 3) indices of corners.
        thing: (f,) number in `Scene.things`.
        material: (f,) number in `materials`.
        semantic: (f,) number in `SEMANTICS`.
        rider: (f,) face belongs to the person on a two-wheeler.
        materials: distinct materials in order of first use.
    """

    points: Floats
    normals: Floats
    uv: Floats
    faces: Ints
    thing: NDArray[np.int32]
    material: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    rider: NDArray[np.bool_]
    materials: tuple[Material, ...]


def is_lit(group: LampGroup, scene: Scene, placed: Placed) -> bool:
    """True if lamps of `group` on `placed` shine under the scene's weather."""
    if group == "brake":
        return placed.braking
    if group in ("head", "tail"):
        return scene.weather.vehicle_lamps
    if group in ("street", "window", "shop"):
        return scene.weather.street_lamps
    return group != ""


def lit_lamps(scene: Scene) -> list[Lamp]:
    """The lamps that shine, with positions and directions in world axes."""
    found = []
    for placed in scene.things:
        for lamp in placed.thing.lamps:
            if is_lit(lamp.group, scene, placed):
                x, y, z = placed.to_world(np.array(lamp.position, np.float32)).tolist()
                a, b, c = (placed.rotation @ np.array(lamp.direction, np.float32)).tolist()
                found.append(replace(lamp, position=(x, y, z), direction=(a, b, c)))
    return found


def soup(scene: Scene) -> Soup:
    """The scene's triangles, thing by thing, part by part; lamps that are off do not emit."""
    parts = [(k, placed, part) for k, placed in enumerate(scene.things)
             for part in placed.thing.parts]  # fmt: skip
    corners = sum(len(part.mesh.points) for _, _, part in parts)
    count = sum(len(part.mesh) for _, _, part in parts)
    points, normals = np.empty((corners, 3), np.float32), np.empty((corners, 3), np.float32)
    uv, faces = np.empty((corners, 2), np.float32), np.empty((count, 3), np.int32)
    numbers: dict[Material, int] = {}
    known: dict[tuple[int, bool], int] = {}
    columns, start, face = [], 0, 0
    turn, place, last = np.eye(3, dtype=np.float32), np.zeros(3, np.float32), -1
    for k, placed, part in parts:
        if k != last:
            turn, place, last = placed.rotation.T, np.asarray(placed.position, np.float32), k
        mesh, material = part.mesh, part.material
        end, stop = start + len(mesh.points), face + len(mesh)
        np.matmul(mesh.points, turn, out=points[start:end])
        points[start:end] += place
        np.matmul(mesh.normals, turn, out=normals[start:end])
        uv[start:end] = mesh.uv
        np.add(mesh.faces, np.int32(start), out=faces[face:stop])
        start, face = end, stop
        dark = bool(material.lamp) and not is_lit(material.lamp, scene, placed)
        number = known.get((id(material), dark))
        if number is None:
            seen = replace(material, emission=(0.0, 0.0, 0.0), lamp="") if dark else material
            number = known[id(material), dark] = numbers.setdefault(seen, len(numbers))
        columns.append((len(mesh), k, number, SEMANTICS.index(part.semantic), part.rider))
    counts, things, materials, semantics, riders = (list(c) for c in zip(*columns, strict=True))
    return Soup(
        points, normals, uv, faces,
        np.repeat(np.asarray(things, np.int32), counts),
        np.repeat(np.asarray(materials, np.int32), counts),
        np.repeat(np.asarray(semantics, np.uint8), counts),
        np.repeat(np.asarray(riders, np.bool_), counts),
        tuple(numbers),
    )  # fmt: skip
