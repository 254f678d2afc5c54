"""Scenes from rows: plausible, complete, repeatable, and changed only by what was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from isthmus.errors import ConfigError
from isthmus.synth.annotate import Truth, annotate
from isthmus.synth.render.fast import FastRenderer
from isthmus.synth.world.build import _built, build_scene
from isthmus.synth.world.factors import FACTORS
from isthmus.synth.world.placement import EYE, rectangle, separated
from isthmus.synth.world.scenarios import SCENARIOS
from isthmus.synth.world.scenarios.fallen_cyclist import at_rest
from isthmus.synth.world.scene import Scene, soup
from isthmus.synth.world.thing import Placed

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
SIZE = (320, 180)
ON_ROAD = ("car", "van", "truck", "bus", "motorcycle", "bicycle")


def value(name: str) -> st.SearchStrategy[Any]:
    field = FACTORS[name]
    if "choices" in field.metadata:
        return st.sampled_from(field.metadata["choices"])
    low, high = field.metadata["range"]
    return st.integers(low, high) if isinstance(field.default, int) else st.floats(low, high)


def consistent(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("season", "summer") == "summer":
        row |= {"snowfall": 0.0, "snow_cover": 0.0}
    if row["scenario"] == "child_between_cars" and row.get("parking") == "none":
        row["parking"] = "right"
    row["pedestrian_density"] = min(row["pedestrian_density"], 25.0)
    for name in ("lens_k1", "lens_k2", "lens_p1", "lens_p2"):
        row[name] *= 0.1  # stronger ones may fold the corners, which is refused
    row["bodies"] = "own"  # the others need an extra
    return row


rows = st.fixed_dictionaries({name: value(name) for name in FACTORS}).map(consistent)


def labelled(scene: Scene) -> list[Placed]:
    return [placed for placed in scene.things if placed.thing.category]


def bounds(placed: Placed) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate([part.mesh.points for part in placed.thing.parts])
    return points.min(axis=0), points.max(axis=0)


def foot(placed: Placed) -> np.ndarray:
    """Corners (4, 2) in the ground plane of the box around an upright thing's surface."""
    low, high = bounds(placed)
    if placed.tilt is not None and abs(placed.tilt[1, 1]) < 0.9:  # it lies
        points = np.concatenate([part.mesh.points for part in placed.thing.parts]) @ placed.tilt.T
        low, high = points.min(axis=0), points.max(axis=0)
    corners = np.array([(low[0], 0, low[2]), (high[0], 0, low[2]), (high[0], 0, high[2]),
                        (low[0], 0, high[2])])  # fmt: skip
    c, s = np.cos(placed.heading), np.sin(placed.heading)
    x, _, z = placed.position
    return np.stack([x + c * corners[:, 0] + s * corners[:, 2],
                     z - s * corners[:, 0] + c * corners[:, 2]], axis=1)  # fmt: skip


def ground_under(scene: Scene, x: float, z: float) -> float:
    """Height of the topmost road, sidewalk or verge at (X, Z)."""
    corners = np.concatenate([
        part.mesh.points[part.mesh.faces]
        for part in scene.things[0].thing.parts
    ]).astype(np.float64)  # fmt: skip
    plan = corners[:, :, [0, 2]]
    near = (plan.min(axis=1) <= (x, z)).all(axis=1) & (plan.max(axis=1) >= (x, z)).all(axis=1)
    best = -np.inf
    for a, b, c in corners[near]:
        matrix = np.array([b - a, c - a])[:, [0, 2]].T
        if abs(np.linalg.det(matrix)) > 1e-9:
            s, t = np.linalg.solve(matrix, np.array([x - a[0], z - a[2]]))
            if min(s, t) >= -1e-6 and s + t <= 1 + 1e-6:
                best = max(best, a[1] + s * (b - a)[1] + t * (c - a)[1])
    return float(best)


def fingerprint(scene: Scene) -> str:
    """Of all geometry and materials (lamps aside), to the byte."""
    digest = hashlib.sha256()
    for placed in scene.things:
        digest.update(repr((placed.position, placed.heading, placed.velocity)).encode())
        for part in placed.thing.parts:
            mesh = part.mesh
            for values in (mesh.points, mesh.faces, mesh.normals, mesh.uv):
                digest.update(values.tobytes())
            digest.update(repr((part.material, part.semantic)).encode())
    return digest.hexdigest()


@lru_cache(maxsize=2)
def standard() -> Scene:
    return build_scene({}, 5, 0, SIZE)


@given(row=rows, index=st.integers(0, 1000))
@settings(max_examples=8, deadline=None, phases=QUICK)
def test_any_row_makes_a_plausible_street(row: dict[str, Any], index: int) -> None:
    scene = build_scene(row, 9, index, SIZE)
    triangles = soup(scene)
    for values in (triangles.points, triangles.normals, triangles.uv):
        assert np.isfinite(values).all()
    nobody_stands_in_anybody(scene)
    feet_are_on_the_ground(scene)
    nothing_in_the_drivers_eye(scene)
    no_label_is_empty(annotate(scene, triangles))
    light = FastRenderer().render(scene, triangles).total
    assert np.isfinite(light).all()
    assert light.min() >= 0
    assert light.max() > 0
    assert scene.attributes["scenario"] == row["scenario"]


def nobody_stands_in_anybody(scene: Scene) -> None:
    # Benches and shelters have no label; who sits on them stands in no labelled thing.
    everybody = [(foot(p), p) for p in labelled(scene)]
    for k, (a, first) in enumerate(everybody):
        for b, second in everybody[:k]:
            if np.hypot(*(a.mean(axis=0) - b.mean(axis=0))) < 16:
                assert separated(a, b), (first.thing.attributes, second.thing.attributes)


def feet_are_on_the_ground(scene: Scene) -> None:
    for placed in labelled(scene):
        x, y, z = placed.position
        if np.hypot(x - scene.view.position[0], z) > 60:
            continue  # chords of the ground are longer there
        words = placed.thing.attributes
        points = np.concatenate([part.mesh.points for part in placed.thing.parts])
        if placed.tilt is not None and abs(placed.tilt[1, 1]) < 0.9:  # it lies on its side
            points = points @ placed.tilt.T
            y += float(points[:, 1].min())
        elif words.get("pose") != "sit":
            assert points[:, 1].min() == pytest.approx(0.0, abs=0.012), words
        assert y == pytest.approx(ground_under(scene, x, z), abs=0.012), words


def nothing_in_the_drivers_eye(scene: Scene) -> None:
    x, _, z = scene.view.position
    eye = rectangle(x, z + EYE / 2, 0.5, EYE, scene.view.yaw)
    for placed in labelled(scene):
        assert separated(foot(placed), eye), placed.thing.attributes


def no_label_is_empty(truth: Truth) -> None:
    for item in truth.objects:
        assert item.visible is not None
        x1, y1, x2, y2 = item.visible
        assert 0 <= x1 < x2 <= SIZE[0]
        assert 0 <= y1 < y2 <= SIZE[1]
        assert truth.visible_mask(item)[y1:y2, x1:x2].sum() == item.pixels > 0
        assert 0 <= item.occlusion < 1
        assert 0 <= item.truncation < 1


@given(
    kind=st.sampled_from(["street", "avenue", "suburb", "rural"]), lanes=st.integers(1, 3),
    curvature=st.floats(-0.012, 0.012), index=st.integers(0, 1000),
)  # fmt: skip
@settings(max_examples=6, deadline=None, phases=QUICK)
def test_traffic_keeps_to_its_side(kind: str, lanes: int, curvature: float, index: int) -> None:
    row = {"road_type": kind, "lanes": lanes, "curvature": curvature, "traffic_density": 40.0,
           "cyclist_share": 0.3, "pedestrian_density": 0.0, "parking": "none"}  # fmt: skip
    scene = build_scene(row, 4, index, SIZE)
    moving = [p for p in labelled(scene) if np.hypot(*p.velocity[::2]) > 0.5]
    assert len(moving) > 3
    offset = _centre_offset(row, index)
    for placed in moving:
        forward = np.array([np.sin(placed.heading), np.cos(placed.heading)])
        vx, _, vz = placed.velocity
        assert np.dot(forward, (vx, vz)) > 0.99 * np.hypot(vx, vz)  # nobody drives sideways
        d = offset(placed.position[0], placed.position[2])
        away = np.dot(forward, (0.0, 1.0)) > 0
        assert (d > 0) == away, (placed.thing.attributes, d)
        if not away and placed.position[2] > 8:  # oncoming traffic shows its face
            from_camera = np.array([placed.position[0] - scene.view.position[0],
                                    placed.position[2]])  # fmt: skip
            assert np.dot(forward, from_camera) < 0


def _centre_offset(row: Mapping[str, Any], index: int) -> Any:
    """(X, Z) → metres to the right of the centre line, as the builder draws it."""
    from isthmus import seeds
    from isthmus.synth.world.factors import Factors
    from isthmus.synth.world.roads.layout import sample_layout

    roads = seeds.generator(4, "synth", index, "roads").spawn(5)
    curve = sample_layout(roads[0], Factors.of(row)).main.curve
    return lambda x, z: curve.nearest(x, z)[1]


def truth_of(scene: Scene) -> Truth:
    return annotate(scene, soup(scene))


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_scenarios_show_their_actors(name: str) -> None:
    for index in range(2):
        row = {"scenario": name, "traffic_density": 30.0, "pedestrian_density": 20.0,
               "curvature": 0.004 * index, "junction": ("none", "crossroads")[index]}  # fmt: skip
        scene = build_scene(row, 2, index, SIZE)
        truth = truth_of(scene)
        found = [item for item in truth.objects if item.attributes.get("scenario") == name]
        assert found, "no actor of the scenario is seen"
        best = min(found, key=lambda item: item.occlusion + item.truncation)
        assert best.occlusion < 0.3
        assert best.truncation < 0.05
        assert best.height >= 9  # of 180 rows
        if name == "child_between_cars":
            assert best.attributes["age"] == "child"
            cars = [item for item in truth.objects if item.category in ("car", "van")]
            assert sum(abs(item.distance - best.distance) < 6.5 for item in cars) >= 2
        if name == "crowd":
            assert len(found) >= 8
        if name == "fallen_cyclist":
            rider, bicycle = (
                next(item for item in found if test(item))
                for test in (lambda item: item.attributes.get("pose") == "lie",
                             lambda item: item.category == "bicycle")
            )  # fmt: skip
            for item in (rider, bicycle):
                assert item.occlusion < 0.05
                assert item.distance < 14
                x1, y1, x2, y2 = item.visible
                assert x2 - x1 > 1.6 * (y2 - y1)
            # Side by side, not one lump.
            left, right = sorted((rider.visible, bicycle.visible))
            assert left[2] <= right[0] + 2


def test_what_falls_over_lies_on_what_sticks_out_most() -> None:
    """A plate of height 1 with a bar 0.3 out at 0.95: it rests on the bar's end and its foot."""
    plate = [(0.0, y, z) for y in np.linspace(0, 1, 21) for z in (-0.5, 0.5)]
    for sign in (1, -1):
        points = np.array([*plate, (-sign * 0.3, 0.95, 0.0)], np.float32)
        turn, raised = at_rest(points, sign)
        resting = points @ turn.T + [0, raised, 0]
        assert resting[:, 1].min() == pytest.approx(0, abs=1e-6)
        assert np.degrees(np.arccos(turn[1, 1])) == pytest.approx(
            90 - np.degrees(np.arctan(0.3 / 0.95)), abs=0.5
        )
        # To its left, which is −X.
        assert np.sign(resting[-1, 0]) == -sign


def test_every_scenario_is_a_value_of_its_factor() -> None:
    assert {"none", *SCENARIOS} == set(FACTORS["scenario"].metadata["choices"])


def test_the_same_arguments_make_the_same_bytes_and_another_index_another_street() -> None:
    standard()
    _built.cache_clear()
    again = build_scene({}, 5, 0, SIZE)
    assert fingerprint(again) == fingerprint(standard())
    assert again.view == standard().view
    assert again.seed == standard().seed
    assert fingerprint(build_scene({}, 5, 1, SIZE)) != fingerprint(standard())


def test_weather_light_and_imaging_change_no_geometry() -> None:
    row = {"sun_elevation": -8.0, "sun_azimuth": 20.0, "clouds": 0.9, "visibility": 120.0,
           "rain": 12.0, "wetness": 0.8, "exposure_bias": 1.0, "noise_gain": 4.0,
           "street_lamps": "on"}  # fmt: skip
    other = build_scene(row, 5, 0, SIZE)
    assert fingerprint(other) == fingerprint(standard())
    assert other.weather.street_lamps
    assert other.weather.vehicle_lamps
    assert other.attributes["timeofday"] == "night"
    assert other.attributes["weather"] == "rainy"
    assert not standard().weather.vehicle_lamps


def test_more_people_move_no_vehicle_and_send_nobody_away() -> None:
    few = build_scene({"pedestrian_density": 8.0}, 5, 0, SIZE)
    many = build_scene({"pedestrian_density": 30.0}, 5, 0, SIZE)

    def where(scene: Scene, categories: tuple[str, ...]) -> list[tuple[float, ...]]:
        return [p.position for p in labelled(scene) if p.thing.category in categories]

    assert where(few, ON_ROAD) == where(many, ON_ROAD)
    first, second = where(few, ("person",)), where(many, ("person",))
    assert len(second) > len(first)
    assert set(first) <= set(second)


def test_density_is_kept() -> None:
    counts = []
    for index in range(3):
        row = {"pedestrian_density": 25.0, "camera_fov": 100.0}
        scene = build_scene(row, 6, index, SIZE)
        counts.append(sum(p.thing.category == "person" for p in scene.things))
        assert not any(
            p.thing.category == "person"
            for p in build_scene({"pedestrian_density": 0.0}, 6, index, SIZE).things
        )
    assert 15 <= np.mean(counts) <= 30


def test_factors_without_a_shape_are_asked_for_by_nobody_who_builds() -> None:
    row = {"rain": 30.0, "sun_elevation": -10.0, "clouds": 0.7, "lens_k1": -0.1}
    _built.cache_clear()
    first = build_scene({}, 5, 0, SIZE)
    second = build_scene(row, 5, 0, SIZE, 0.4)
    assert _built.cache_info().misses == 1
    assert second.weather.rain == 30.0
    assert len(first.things) == len(second.things)
    _built.cache_clear()
    assert fingerprint(build_scene(row, 5, 0, SIZE, 0.4)) == fingerprint(second)


def test_small_pictures_have_fewer_faces_in_the_same_street() -> None:
    row = {"parking": "both", "traffic_density": 20.0}
    large, small = (build_scene(row, 2, 1, size) for size in ((640, 360), (160, 90)))
    assert len(soup(small).faces) < 0.8 * len(soup(large).faces)
    assert len(small.things) == len(large.things)
    for a, b in zip(large.things, small.things, strict=True):
        assert a.position == pytest.approx(b.position, abs=0.1)
        assert a.thing.category == b.thing.category


def test_time_moves_what_moves_by_its_velocity() -> None:
    row = {"traffic_density": 30.0, "pedestrian_density": 15.0}
    before, after = (build_scene(row, 3, 4, SIZE, time) for time in (0.0, 0.5))
    assert len(before.things) == len(after.things)
    moving = 0
    for a, b in zip(before.things, after.things, strict=True):
        away = np.subtract(b.position, a.position)
        # A straight road: only a kerb or the slope's own curvature adds some height.
        assert away[[0, 2]] == pytest.approx(0.5 * np.array(a.velocity)[[0, 2]], abs=1e-3)
        moving += bool(np.abs(away).max() > 0.1)
    assert moving > 3
    eye = np.subtract(after.view.position, before.view.position)
    assert eye == pytest.approx(0.5 * np.array(before.ego_velocity), abs=1e-2)
    assert eye[2] == pytest.approx(4.0, abs=1e-2)


def test_scenes_are_rich_and_in_order() -> None:
    scene = build_scene({"parking": "both", "pedestrian_density": 15.0}, 5, 2, SIZE)
    count = len(soup(scene).faces)
    assert 100_000 < count < 600_000
    for name in ("road", "marking", "sidewalk", "terrain", "building"):
        assert any(part.semantic == name for p in scene.things for part in p.thing.parts)


def test_pictures_are_of_a_street() -> None:
    truth = truth_of(standard())
    sky, lower = truth.semantic == 0, truth.semantic[120:]
    assert 0.03 < sky.mean() < 0.6
    assert not sky[110:].any()
    assert np.isin(lower, (1, 2, 15, 16, 17, 18)).mean() > 0.5  # road, marking, vehicles


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"sun_elevatoin": 3.0}, "sun_elevation"),
        ({"rain": -1.0}, "0.0 to 50.0"),
        ({"road_type": "aveneu"}, "avenue"),
        ({"season": "summer", "snowfall": 2.0}, "snow"),
    ],
)
def test_rows_that_make_no_scene_are_refused(row: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build_scene(row, 0, 0)
