"""Vans, trucks and buses: bodies whose sections change little along their length."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.synth.chance import one_of
from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh, join, smooth
from isthmus.synth.world.shapes import disc
from isthmus.synth.world.thing import Thing
from isthmus.synth.world.vehicles import paint
from isthmus.synth.world.vehicles.luggage import roof_load
from isthmus.synth.world.vehicles.prototype import Axle, Slots, Warp, both_sides, thing, wheels
from isthmus.synth.world.vehicles.solids import soft_box
from isthmus.synth.world.vehicles.wheels import HEAVY

FLEETS = {
    (238, 239, 238): 55.0, (184, 187, 190): 8.0, (28, 29, 31): 5.0, (26, 48, 92): 7.0,
    (142, 20, 26): 6.0, (236, 196, 44): 6.0, (66, 69, 74): 6.0, (38, 66, 52): 4.0,
    (222, 116, 32): 3.0,
}  # fmt: skip
LOGOS = ((30, 60, 130), (170, 30, 34), (20, 110, 70), (240, 180, 30), (40, 40, 44), (120, 40, 110))


def hull(profile: Floats, width: float, tuck: float = 0.06, crease: float = 35.0) -> Mesh:
    """A body by its outline from the side, as wide as `width`, its roof drawn in by `tuck`.

    Args:
        profile: (k, 2) of (z, y), closed, so that the body lies to the left of its direction when
            z runs to the right and y up (anticlockwise).
        width: metres.
        tuck: by how much either side leans in from belt to roof, metres.
        crease: as for `mesh.smooth`.
    """
    z, y = np.asarray(profile, np.float64).T
    low, high = y.min(), y.max()
    lean = tuck * np.clip((y - low) / (high - low) - 0.45, 0, 1) / 0.55
    soft = 0.05
    rings = []
    middle = np.array([z.mean(), y.mean()])
    for side, shrink in ((-1, 1.0), (-1, 0.0), (1, 0.0), (1, 1.0)):
        away = np.stack([z, y], axis=1) - middle
        inward = soft * shrink * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 0.2)
        x = side * (width / 2 - lean - (0 if shrink else soft))
        place = np.stack([z, y], axis=1) - inward
        rings.append(np.stack([np.broadcast_to(x, z.shape), place[:, 1], place[:, 0]], axis=1))
    points = np.concatenate([rings[0], rings[1], rings[2], rings[3]])
    count = len(z)
    k, after = np.arange(count), (np.arange(count) + 1) % count
    quads = []
    for ring in range(3):
        a, b = ring * count, (ring + 1) * count
        quads.append(np.stack([a + k, a + after, b + after, b + k], axis=1))
    quad = np.concatenate(quads)
    faces = np.concatenate([quad[:, [0, 2, 1]], quad[:, [0, 3, 2]]])
    ends = [_cap(points[:count], 0), _cap(points[3 * count :], 3 * count)[:, ::-1]]
    whole = np.concatenate([faces, *ends])
    return _outward(smooth(points, whole, crease))


def _cap(ring: Any, start: int) -> Any:
    """A fan over a ring that is star-shaped about its first corner's opposite."""
    from scipy.spatial import Delaunay

    flat = ring[:, [2, 1]]
    found = Delaunay(flat).simplices
    centres = flat[found].mean(axis=1)
    inside = _within(centres, flat)
    found = found[inside]
    a, b, c = (flat[found[:, i]] for i in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
    found[turn] = found[turn][:, ::-1]
    return found + start


def _within(points: Any, ring: Any) -> Any:
    """True for points (n, 2) inside a closed polygon (k, 2)."""
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y0 > points[:, 1]) != (y1 > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0)
        inside ^= crosses & (points[:, 0] < at)
    return inside


def _outward(mesh: Mesh) -> Mesh:
    """The mesh with its faces turned outward, by its signed volume."""
    a, b, c = np.moveaxis(mesh.points[mesh.faces].astype(np.float64), 1, 0)
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum()
    if volume >= 0:
        return mesh
    faces = np.ascontiguousarray(mesh.faces[:, ::-1])
    return Mesh(mesh.points, faces, -mesh.normals, mesh.uv)


def _slab(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Mesh:
    return soft_box(x, y, z, 0.012)


def _arches(half: Slots, width: float, axles: tuple[Axle, ...]) -> None:
    """Dark wheel wells, as flat discs on the flank: the wheels stand a little before them."""
    for axle in axles:
        well = disc((width / 2 + 0.004, axle.radius, axle.z), (1, 0, 0), 1.17 * axle.radius, 24)
        half.setdefault("well", []).append(well)


def _front(half: Slots, width: float, z: float, y: float) -> None:
    """Headlamps, indicators and a grille at the front, lamps' middle at height y."""
    lamp = _slab((width / 2 - 0.42, width / 2 - 0.1), (y - 0.1, y + 0.1), (z - 0.06, z + 0.012))
    half.setdefault("headlamp", []).append(lamp)
    side = _slab((width / 2 - 0.1, width / 2 - 0.02), (y - 0.09, y + 0.09), (z - 0.08, z + 0.005))
    half.setdefault("indicator", []).append(side)


def _rear(half: Slots, whole: Slots, width: float, z: float, y: float) -> None:
    tail = _slab((width / 2 - 0.2, width / 2 - 0.05), (y + 0.12, y + 0.32), (z - 0.012, z + 0.05))
    brake = _slab((width / 2 - 0.2, width / 2 - 0.05), (y, y + 0.12), (z - 0.012, z + 0.05))
    half.setdefault("tail", []).append(tail)
    half.setdefault("brake", []).append(brake)
    whole.setdefault("plate", []).append(_slab((-0.26, 0.26), (y - 0.1, y), (z - 0.02, z + 0.03)))


def _finished(
    half: Slots, whole: Slots, axles: tuple[Axle, ...], category: str, *,
    rng: np.random.Generator, extra: dict[str, Material], detail: int, words: dict[str, str],
    overloaded: bool, design: str = HEAVY,
) -> Thing:  # fmt: skip
    meshes = both_sides(half, whole)
    level = min(detail, 2)
    for slot, mesh in wheels(axles, Warp(), design, 1 if level else 0).items():
        meshes[slot] = join([meshes[slot], mesh]) if slot in meshes else mesh
    materials = (
        dict(paint.MATERIALS) | paint.people(rng) | {"rim": paint.MATERIALS["steel"]} | extra
    )
    if overloaded:
        top = max(float(m.points[:, 1].max()) for m in meshes.values())
        for slot, (mesh, material) in roof_load(rng, top).items():
            meshes[slot], materials[slot] = mesh, material
        words = words | {"overloaded": "true"}
    lamps = np.array([m.points.mean(axis=0) for m in half["headlamp"]], np.float32)
    lamps = np.concatenate([lamps, lamps * np.array([-1, 1, 1], np.float32)])
    return thing(meshes, {slot: materials[slot] for slot in meshes}, category, lamps, words)


def _finish(rng: np.random.Generator) -> tuple[paint.Finish, dict[str, Material]]:
    found = paint.finish(rng, FLEETS)
    logo = Material(paint.rgb(*one_of(rng, LOGOS)), roughness=0.5)
    return found, {"paint": found.paint, "paint_low": found.low, "logo": logo}


def van(
    rng: np.random.Generator, *, detail: int = 2, driver: bool = True, overloaded: bool = False
) -> Thing:
    """A panel van, or one with windows for passengers."""
    long, tall, width = rng.uniform(4.9, 6.0), rng.uniform(1.95, 2.6), 2.0
    f, r = long / 2, -long / 2
    profile = [
        (r, 0.45), (f - 0.12, 0.32), (f, 0.5), (f, 0.92), (f - 0.16, 1.08), (f - 0.75, 1.22),
        (f - 1.42, tall - 0.16), (f - 1.75, tall), (r + 0.12, tall), (r, tall - 0.12),
    ]  # fmt: skip
    half: Slots = {}
    whole: Slots = {"paint": [hull(np.array(profile), width, 0.12)]}
    a, b = np.array([1.26, f - 0.82]), np.array([tall - 0.26, f - 1.36])
    whole["glass_far"] = [_pane(0.86, a, b)]
    _side_panes(half, width, (f - 1.9, f - 1.15), (1.2, min(tall - 0.45, 1.85)), rake=0.45)
    if rng.random() < 0.35:
        step = (long - 2.4) / 2
        for k in range(2):
            z = f - 2.1 - step * (k + 1)
            _side_panes(half, width, (z + 0.08, z + step - 0.08), (1.2, min(tall - 0.4, 1.9)))
    elif rng.random() < 0.5:
        half["logo"] = [
            _slab((width / 2 - 0.04, width / 2 + 0.006), (0.95, 1.5), (r + 0.6, r + 2.2))
        ]
    _front(half, width, f - 0.05, 0.8)
    _rear(half, whole, width, r, 0.85)
    whole["black"] = [
        _slab((-0.75, 0.75), (0.55, 0.72), (f - 0.1, f + 0.015)),
        _slab((-width / 2 + 0.03, width / 2 - 0.03), (0.3, 0.5), (r - 0.05, f - 0.2)),
        _slab((-width / 2 + 0.05, width / 2 - 0.05), (0.4, 0.62), (r - 0.08, r + 0.1)),
    ]
    half["mirror"] = [_slab((width / 2 + 0.05, width / 2 + 0.22), (1.2, 1.5), (f - 1.2, f - 1.1))]
    axles = (Axle(f - 0.95, 0.91, 0.34, 0.22), Axle(r + 1.0, 0.91, 0.34, 0.22))
    _arches(half, width, axles)
    finish, extra = _finish(rng)
    return _finished(
        half, whole, axles, "van", rng=rng, extra=extra, detail=detail, overloaded=overloaded,
        words={"kind": "van", "colour": finish.name}, design="cover",
    )  # fmt: skip


def _pane(half: float, foot: Floats, head: Floats) -> Mesh:
    """A windscreen between (y, z) foot and head, `half` wide to either side."""
    (y0, z0), (y1, z1) = foot, head
    lift = 0.025
    points = np.array([(-half, y0 + lift, z0 + lift), (half, y0 + lift, z0 + lift),
                       (0.92 * half, y1 + lift, z1 + lift), (-0.92 * half, y1 + lift, z1 + lift)])  # fmt: skip  # noqa: E501
    mesh = smooth(points, np.array([[0, 1, 2], [0, 2, 3]]))
    if mesh.normals[0, 2] < 0:
        mesh = Mesh(mesh.points, np.ascontiguousarray(mesh.faces[:, ::-1]), -mesh.normals, mesh.uv)
    return mesh


def _side_panes(
    half: Slots, width: float, z: tuple[float, float], y: tuple[float, float], rake: float = 0.0
) -> None:
    """A window in the right side."""
    x = width / 2 + 0.006
    points = np.array([(x, y[0], z[0]), (x, y[0], z[1]), (x - 0.04, y[1], z[1] - rake),
                       (x - 0.04, y[1], z[0])])  # fmt: skip
    mesh = smooth(points, np.array([[0, 1, 2], [0, 2, 3]]))
    if mesh.normals[0, 0] < 0:
        mesh = Mesh(mesh.points, np.ascontiguousarray(mesh.faces[:, ::-1]), -mesh.normals, mesh.uv)
    half.setdefault("glass_far", []).append(mesh)


def truck(
    rng: np.random.Generator, *, detail: int = 2, driver: bool = True, overloaded: bool = False
) -> Thing:
    """A lorry: a cab over its engine, and a box, a tarpaulin or a tipper's body."""
    body, width = rng.uniform(4.2, 7.6), 2.45
    tall, cab = rng.uniform(3.0, 3.8), 1.75
    f = (body + cab) / 2
    r = -f
    top = min(tall - 0.25, 2.75)
    profile = [
        (f - cab, 0.55), (f - 0.05, 0.4), (f, 0.55), (f, 1.3), (f - 0.1, 1.45),
        (f - 0.25, top - 0.12), (f - 0.5, top), (f - cab, top),
    ]  # fmt: skip
    half: Slots = {}
    whole: Slots = {"paint": [hull(np.array(profile), 2.3, 0.08)]}
    whole["glass_far"] = [_pane(1.02, np.array([1.55, f - 0.12]), np.array([top - 0.25, f - 0.26]))]
    _side_panes(half, 2.3, (f - 1.2, f - 0.35), (1.5, top - 0.35), rake=0.1)
    kind = one_of(rng, ("box", "tarpaulin", "tipper"))
    high = tall if kind != "tipper" else 2.0
    load = _slab((-width / 2, width / 2), (1.05, high), (r, f - cab - 0.12))
    whole["load"] = [load]
    whole["black"] = [
        _slab((-0.45, 0.45), (0.55, 0.95), (r + 0.1, f - cab)),
        _slab((-1.05, 1.05), (0.42, 0.62), (f - 0.06, f + 0.02)),
        _slab((-0.9, 0.9), (0.9, 1.22), (f - 0.05, f + 0.015)),
        _slab((-width / 2 + 0.1, width / 2 - 0.1), (0.45, 0.57), (r, r + 0.08)),
    ]
    half["black"] = [
        _slab((width / 2 - 0.12, width / 2 - 0.06), (0.5, 0.95), (r + 2.6, f - cab - 1.2))
    ]
    half["mirror"] = [_slab((1.2, 1.42), (1.75, 2.25), (f - 0.45, f - 0.35))]
    if kind == "box" and rng.random() < 0.6:
        half["logo"] = [
            _slab((width / 2 - 0.02, width / 2 + 0.006), (1.8, 2.7), (r + 1.0, r + 3.4))
        ]
    _front(half, 2.2, f, 0.75)
    _rear(half, whole, width, r + 0.02, 0.62)
    axles = (Axle(f - 1.2, 1.02, 0.48, 0.3, design=HEAVY),
             Axle(r + 1.6, 1.02, 0.48, 0.3, twin=True, design=HEAVY))  # fmt: skip
    finish, extra = _finish(rng)
    skins = {
        "box": Material(paint.rgb(226, 228, 228), roughness=0.5),
        "tarpaulin": Material(paint.rgb(*one_of(rng, LOGOS)), "cloth", 0.75),
        "tipper": Material(paint.rgb(90, 92, 96), "metal", 0.6),
    }
    return _finished(
        half, whole, axles, "truck", rng=rng, extra=extra | {"load": skins[kind]}, detail=detail,
        overloaded=overloaded, words={"kind": f"truck, {kind}", "colour": finish.name},
    )  # fmt: skip


def bus(
    rng: np.random.Generator, *, detail: int = 2, driver: bool = True, overloaded: bool = False
) -> Thing:
    """A city bus."""
    long, tall, width = rng.uniform(10.5, 12.2), rng.uniform(2.95, 3.2), 2.55
    f, r = long / 2, -long / 2
    profile = [
        (r, 0.5), (r + 0.1, 0.34), (f - 0.1, 0.34), (f, 0.5), (f, 1.0), (f - 0.18, tall - 0.3),
        (f - 0.4, tall), (r + 0.2, tall), (r, tall - 0.25),
    ]  # fmt: skip
    half: Slots = {}
    whole: Slots = {"paint": [hull(np.array(profile), width, 0.05)]}
    whole["glass_far"] = [_pane(1.16, np.array([1.02, f - 0.02]), np.array([tall - 0.5, f - 0.13]))]
    panes = int((long - 2.2) / 1.5)
    for k in range(panes):
        z = r + 0.9 + k * 1.5
        _side_panes(half, width, (z, z + 1.42), (1.15, tall - 0.55))
    for z in (f - 1.35, f - 6.2):
        half.setdefault("black", []).append(
            _slab((width / 2 - 0.02, width / 2 + 0.004), (0.4, tall - 0.6), (z - 0.02, z + 1.22))
        )
        _side_panes(half, width + 0.01, (z + 0.06, z + 0.56), (0.6, tall - 0.7))
        _side_panes(half, width + 0.01, (z + 0.64, z + 1.14), (0.6, tall - 0.7))
    whole["sign"] = [_slab((-0.85, 0.85), (tall - 0.42, tall - 0.16), (f - 0.32, f - 0.16))]
    whole["black"] = [
        _slab((-width / 2 + 0.04, width / 2 - 0.04), (0.3, 0.45), (r + 0.2, f - 0.2)),
        _slab((-1.0, 1.0), (1.2, 2.2), (r - 0.008, r + 0.05)),
    ]
    half["mirror"] = [
        _slab((width / 2 + 0.02, width / 2 + 0.24), (1.9, 2.35), (f + 0.02, f + 0.12))
    ]
    _front(half, width, f - 0.01, 0.68)
    _rear(half, whole, width, r, 0.75)
    axles = (Axle(f - 2.7, 1.155, 0.48, 0.28, design=HEAVY),
             Axle(r + 3.2, 1.155, 0.48, 0.28, twin=True, design=HEAVY))  # fmt: skip
    _arches(half, width, axles)
    finish, extra = _finish(rng)
    sign = Material((0.02, 0.02, 0.02), roughness=0.3, emission=(420.0, 230.0, 30.0), lamp="head")
    return _finished(
        half, whole, axles, "bus", rng=rng, extra=extra | {"sign": sign}, detail=detail,
        overloaded=overloaded, words={"kind": "bus", "colour": finish.name},
    )  # fmt: skip
