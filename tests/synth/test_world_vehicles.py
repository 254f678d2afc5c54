"""Vehicles: of their size, on their wheels, the same every time, with lamps that can be lit."""

import numpy as np
import pytest

from isthmus.errors import ConfigError
from isthmus.synth.world.thing import CATEGORIES, KEYPOINTS
from isthmus.synth.world.vehicles import KINDS, heavy, vehicle
from isthmus.synth.world.vehicles.kept import kept

LENGTHS = {
    "hatchback": (3.7, 4.6), "sedan": (4.2, 5.1), "estate": (4.3, 5.3), "suv": (4.0, 5.0),
    "pickup": (4.9, 5.7), "van": (4.7, 6.2), "truck": (5.8, 9.6), "bus": (10.3, 12.4), "motorcycle": (1.7, 2.3),  # noqa: E501
    "bicycle": (1.5, 2.0),
}  # fmt: skip


def _points(thing):
    return np.concatenate([part.mesh.points for part in thing.parts])


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("detail", [0, 1, 2])
def test_a_vehicle_stands_on_its_wheels_within_its_size(kind, detail):
    made = vehicle(kind, np.random.default_rng(detail), detail=detail)
    points = _points(made)
    assert np.isfinite(points).all()
    low, high = points.min(axis=0), points.max(axis=0)
    assert low[1] == pytest.approx(0, abs=1e-3)
    assert high - low == pytest.approx(made.size, abs=1e-3)
    assert (low + high)[[0, 2]] == pytest.approx(0, abs=1e-3)
    assert LENGTHS[kind][0] < made.size[2] < LENGTHS[kind][1]
    assert made.category in CATEGORIES
    assert sum(len(part.mesh) for part in made.parts) < 12_000
    for part in made.parts:
        lengths = np.linalg.norm(part.mesh.normals, axis=1)
        assert lengths == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", list(KINDS))
def test_shading_normals_look_outward_as_the_faces_do(kind):
    made = vehicle(kind, np.random.default_rng(1), detail=1)
    for part in made.parts:
        mesh = part.mesh
        a, b, c = np.moveaxis(mesh.points[mesh.faces].astype(float), 1, 0)
        area = np.cross(b - a, c - a)
        mean = mesh.normals[mesh.faces].mean(axis=1)
        agree = np.einsum("ij,ij->i", area, mean) > 0
        share = np.linalg.norm(area, axis=1)
        assert (share * agree).sum() > 0.97 * share.sum(), part.material


@pytest.mark.parametrize("kind", ["sedan", "van", "bicycle"])
def test_the_same_draw_makes_the_same_bytes(kind):
    one, two = (vehicle(kind, np.random.default_rng(7)) for _ in range(2))
    assert _points(one).tobytes() == _points(two).tobytes()
    assert [p.material for p in one.parts] == [p.material for p in two.parts]


def test_details_share_their_outline():
    sizes = [vehicle("hatchback", np.random.default_rng(4), detail=d).size for d in (0, 1, 2)]
    for size in sizes[:2]:
        assert size == pytest.approx(sizes[2], abs=0.06)


@pytest.mark.parametrize("kind", ["hatchback", "truck", "bus", "motorcycle"])
def test_headlamps_shine_ahead_from_the_front(kind):
    made = vehicle(kind, np.random.default_rng(2))
    assert made.lamps
    for lamp in made.lamps:
        assert lamp.group == "head"
        assert lamp.direction[2] > 0.99
        assert lamp.position[2] > 0.2 * made.size[2]
        assert 0.3 < lamp.position[1] < 1.3
    groups = {part.material.lamp for part in made.parts}
    assert {"head", "tail"} <= groups


@pytest.mark.parametrize("kind", ["motorcycle", "bicycle"])
def test_a_rider_reaches_the_handlebar_and_is_labelled_apart(kind):
    made = vehicle(kind, np.random.default_rng(3))
    body = np.concatenate([p.mesh.points for p in made.parts if p.rider])
    machine = np.concatenate([p.mesh.points for p in made.parts if not p.rider])
    points = dict(zip(KEYPOINTS, made.keypoints, strict=True))
    for name in ("left_wrist", "right_wrist"):
        assert np.linalg.norm(machine - points[name], axis=1).min() < 0.12
    for point in made.keypoints:
        assert np.linalg.norm(body - point, axis=1).min() < 0.13
    assert points["right_shoulder"][0] > points["left_shoulder"][0]
    assert points["nose"][1] > points["left_hip"][1] > points["left_ankle"][1]


def test_an_overloaded_car_is_taller_and_says_so():
    plain, loaded = (
        vehicle("estate", np.random.default_rng(5), overloaded=flag) for flag in (False, True)
    )
    assert loaded.size[1] > plain.size[1] + 0.3
    assert loaded.attributes["overloaded"] == "true"


def test_an_empty_car_has_no_driver():
    driven, parked = (
        vehicle("sedan", np.random.default_rng(6), driver=flag) for flag in (True, False)
    )
    assert len(parked.parts) < len(driven.parts)


def test_an_unknown_kind_names_the_known():
    with pytest.raises(ConfigError, match="hatchback"):
        vehicle("tank", np.random.default_rng(0))


def test_a_kept_prototype_is_read_back_as_it_was_made_and_a_broken_one_is_made_anew(tmp_path):
    made = []

    def make():
        made.append(heavy._truck(1, "flatbed"))
        return made[-1]

    first, second = (kept("truck", make, tmp_path) for _ in range(2))
    assert len(made) == 1
    for slot, mesh in first.parts.items():
        for field in ("points", "faces", "normals", "uv"):
            ours, theirs = getattr(mesh, field), getattr(second.parts[slot], field)
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes()
    assert (first.axles, first.level, first.belt, first.roof) == (
        second.axles, second.level, second.belt, second.roof,
    )  # fmt: skip
    assert first.headlamps.tobytes() == second.headlamps.tobytes()
    assert np.array_equal(first.plates, second.plates)
    (tmp_path / "truck.npz").write_bytes(b"PK broken")
    assert kept("truck", make, tmp_path).level == 1
    assert len(made) == 2
