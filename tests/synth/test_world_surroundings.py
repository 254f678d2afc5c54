"""Plants and street furniture stand on the ground, keep their size and are the same every time."""

import numpy as np
import pytest

from isthmus.synth.world import furniture, plants
from isthmus.synth.world.furniture import SIGNS, sign
from isthmus.synth.world.material import Material
from isthmus.synth.world.shapes import disc, polygon, revolved, tube
from isthmus.synth.world.texture import TEXTURES

MAKERS = {name: getattr(furniture, name) for name in furniture.__all__ if name != "SIGNS"}
MAKERS |= {
    "tree": plants.tree,
    "bush": plants.bush,
    "hedge": lambda rng: plants.hedge(rng, 4.0),
    "tuft": plants.tuft,
}


def _points(thing):
    return np.concatenate([part.mesh.points for part in thing.parts])


@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.parametrize("seed", range(4))
def test_a_thing_stands_on_the_ground_within_its_size(name, seed):
    thing = MAKERS[name](np.random.default_rng(seed))
    points = _points(thing)
    assert np.isfinite(points).all()
    assert -0.5 < points[:, 1].min() < 0.12
    assert thing.size[1] > 0.1
    for part in thing.parts:
        assert isinstance(part.material, Material)
        assert part.material.texture in {"", *TEXTURES}
        assert np.linalg.norm(part.mesh.normals, axis=1) == pytest.approx(1, abs=1e-4)
    again = MAKERS[name](np.random.default_rng(seed))
    assert _points(again).tobytes() == points.tobytes()


def test_a_winter_tree_has_no_leaves_and_a_far_one_fewer_triangles():
    def made(season, detail=2):
        return plants.tree(np.random.default_rng(0), season, habit="round", detail=detail)

    assert len(made("summer").parts) == 2
    assert len(made("winter").parts) == 1
    sizes = [sum(len(p.mesh) for p in made("summer", d).parts) for d in (0, 1, 2)]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("detail", [0, 1, 2, 3])
def test_leaves_hang_on_wood(detail):
    """No leaf is farther from a bough or twig than its own length and a half."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(5)
    wood, crown = (
        part.mesh for part in plants.tree(rng, "autumn", habit="round", detail=detail).parts
    )
    corners = wood.points[wood.faces]
    along = np.linspace(0, 1, 24)[:, None, None]
    base = corners[:, :2].mean(axis=1)
    spots = (base + along * (corners[:, 2] - base)).reshape(-1, 3)
    leaf = crown.points[crown.faces]
    length = np.linalg.norm(leaf - np.roll(leaf, 1, axis=1), axis=2).max(axis=1)
    away, _ = cKDTree(spots).query(leaf.mean(axis=1))
    assert (away < 1.3 * length.max()).all()
    assert np.median(length) < (0.8, 0.5, 0.3, 0.2)[detail]


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_just_the_lens_of_its_state_shines(state):
    light = furniture.traffic_light(np.random.default_rng(0), state)
    shining = [p.material.emission for p in light.parts if p.material.lamp == "signal"]
    assert len(shining) == 1
    strongest = int(np.argmax(shining[0]))
    assert strongest == (1 if state == "green" else 0)


@pytest.mark.parametrize("kind", list(SIGNS))
def test_a_sign_shows_its_face_towards_z(kind):
    faces = [p.mesh for p in sign(np.random.default_rng(0), kind).parts[2:]]
    assert sum(float(m.normals[:, 2].max() > 0.9) for m in faces) == len(faces)


def test_a_street_lamp_lights_the_road_below_its_head():
    thing = furniture.street_lamp(np.random.default_rng(1))
    (lamp,) = thing.lamps
    assert lamp.direction == (0.0, -1.0, 0.0)
    assert 3 < lamp.position[1] < 9.1


def test_round_shapes_have_outward_normals_and_faces():
    body = revolved([(0, 0), (1, 0), (0.5, 1), (0, 1)], 16)
    for mesh in (body, tube((0, 0, 0), (0, 2, 0), radius=1)):
        a, b, c = np.moveaxis(mesh.points[mesh.faces], 1, 0)
        middle = (a + b + c) / 3 - (0, 0.5, 0)
        normal = np.cross(b - a, c - a)
        big = np.linalg.norm(normal, axis=1) > 1e-6
        radial = middle * (1, 0, 1) if mesh.points[:, 1].max() == 2 else middle
        assert (np.einsum("ij,ij->i", normal, radial)[big] > 0).all()
    square = polygon([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)])
    for mesh in (disc((0, 0, 0), (0, 0, 1), 1), square):
        assert mesh.normals[:, 2].min() > 0.99
