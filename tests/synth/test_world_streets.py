"""Roads, and room on them: centre lines, surfaces, paint, footprints, factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from isthmus import seeds
from isthmus.errors import ConfigError
from isthmus.synth.world.factors import FACTORS, Factors
from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.placement import Occupancy, leaning, rectangle, separated
from isthmus.synth.world.roads.curve import Land, bent
from isthmus.synth.world.roads.layout import Layout, sample_layout
from isthmus.synth.world.roads.markings import markings
from isthmus.synth.world.roads.palette import sample_palette
from isthmus.synth.world.roads.parking import BAY, CLEAR, bays
from isthmus.synth.world.roads.surfaces import surfaces
from isthmus.synth.world.roads.terrain import terrain
from isthmus.synth.world.roads.wear import wear
from isthmus.synth.world.thing import Part

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: scenes are dear, and rows are short."""

rows = st.fixed_dictionaries(
    {
        "road_type": st.sampled_from(["street", "avenue", "suburb", "rural"]),
        "junction": st.sampled_from(["none", "crossroads", "t_junction"]),
        "junction_distance": st.floats(15, 80),
        "curvature": st.floats(-0.012, 0.012),
        "lanes": st.integers(1, 3),
        "parking": st.sampled_from(["none", "left", "right", "both"]),
        "crossing": st.sampled_from(["none", "zebra", "signals"]),
    }
)


def lay_out(row: dict[str, Any], seed: int) -> Layout:
    return sample_layout(seeds.generator(seed, "layout"), Factors.of(row))


def ground(layout: Layout, seed: int = 0) -> list[Part]:
    palette = sample_palette(seeds.generator(seed, "palette"), layout.factors)
    return surfaces(layout, palette)


def heights(parts: list[Part], points: np.ndarray) -> np.ndarray:
    """Height of the topmost surface over each point (n, 2) of the ground plane, −inf for none."""
    corners = np.concatenate([p.mesh.points[p.mesh.faces] for p in parts]).astype(np.float64)
    low, high = corners[:, :, [0, 2]].min(axis=1), corners[:, :, [0, 2]].max(axis=1)
    found = np.full(len(points), -np.inf)
    for k, (x, z) in enumerate(points):
        near = (low[:, 0] <= x) & (high[:, 0] >= x) & (low[:, 1] <= z) & (high[:, 1] >= z)
        a, b, c = np.moveaxis(corners[near], 1, 0)
        u, v, p = b - a, c - a, np.array([x, z]) - a[:, [0, 2]]
        area = u[:, 0] * v[:, 2] - u[:, 2] * v[:, 0]
        steep = np.abs(area) < 1e-9
        area[steep] = 1.0
        s = (p[:, 0] * v[:, 2] - p[:, 1] * v[:, 0]) / area
        t = (u[:, 0] * p[:, 1] - u[:, 2] * p[:, 0]) / area
        inside = ~steep & (s >= -1e-7) & (t >= -1e-7) & (s + t <= 1 + 1e-7)
        if inside.any():
            found[k] = (a[:, 1] + s * u[:, 1] + t * v[:, 1])[inside].max()
    return found


def test_centre_line_is_a_circle() -> None:
    curve = bent(0.01, start=-20.0, end=60.0)
    s, d = np.linspace(0.0, 55.0, 12)[:, None], np.array([-3.0, 0.0, 4.0])
    around = (1 / 0.01 - d) * np.array([1.0])
    expected = np.stack([100 - around * np.cos(0.01 * s), around * np.sin(0.01 * s)], axis=-1)
    assert curve.at(s, d) == pytest.approx(expected, abs=2e-3)
    assert curve.turn(s) == pytest.approx(0.01 * s, abs=1e-9)


def test_centre_line_is_straight_where_asked_and_turns_no_more_than_asked() -> None:
    curve = bent(0.012, start=-20.0, end=400.0, straights=((30.0, 70.0),), most=0.9)
    assert np.ptp(curve.turn(np.linspace(30.0, 70.0))) < 1e-12
    assert 0.7 < float(curve.turn(400.0)) < 0.91
    assert float(curve.turn(25.0)) > 0.2


@given(curvature=st.floats(-0.012, 0.012), s=st.floats(-60.0, 300.0), d=st.floats(-30.0, 30.0))
@settings(max_examples=40, deadline=None)
def test_one_place_and_many_agree_and_are_found_again(curvature: float, s: float, d: float) -> None:
    curve = bent(curvature, start=-45.0, end=250.0)
    x, z, heading = curve.point(s, d)
    assert (x, z) == pytest.approx(tuple(curve.at(s, d)), abs=1e-6)
    assert heading == pytest.approx(float(curve.turn(s)), abs=1e-9)
    assert curve.nearest(x, z) == pytest.approx((s, d), abs=5e-3)


def test_land_rises_by_its_rise_and_its_slope_is_its_derivative() -> None:
    land = Land(4.0, 20.0, 200.0)
    z = np.linspace(-50.0, 300.0, 701)
    assert land.height(z)[[0, -1]] == pytest.approx([0.0, 4.0])
    assert np.gradient(land.height(z), z) == pytest.approx(land.slope(z), abs=2e-4)


def test_vehicles_lean_along_the_ground() -> None:
    for heading in (0.0, 0.7, np.pi, -2.0):
        turn = leaning(0.03, heading)
        c, s = np.cos(heading), np.sin(heading)
        world = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ turn
        corners = world @ np.array([[1.0, 0, 2], [-1, 0, 2], [1, 0, -2]]).T
        assert corners[1] == pytest.approx(0.03 * corners[2], abs=1e-6)
        assert np.linalg.det(turn) == pytest.approx(1.0, abs=1e-6)
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-6)


boxes = st.tuples(
    st.floats(-3, 3), st.floats(-3, 3), st.floats(0.3, 4), st.floats(0.3, 6), st.floats(-4, 4)
)


@given(a=boxes, b=boxes)
@settings(max_examples=60, deadline=None)
def test_footprints_collide_as_linear_programming_says(
    a: tuple[float, ...], b: tuple[float, ...]
) -> None:
    first, second = rectangle(*a), rectangle(*b)
    # Largest shrinkage towards the middles under which the two still share a point.
    middle = second - second.mean(axis=0)
    equal = np.zeros((4, 9))
    equal[:2, :4], equal[:2, 4:8] = first.T, -middle.T
    equal[2, :4] = 1.0
    equal[3, 4:8], equal[3, 8] = 1.0, -1.0
    bound = np.array([*second.mean(axis=0), 1.0, 0.0])
    best = linprog([0] * 8 + [1], A_eq=equal, b_eq=bound, bounds=[(0, None)] * 9)
    assert best.success
    if abs(best.fun - 1.0) > 1e-6:  # the size at which the second begins to touch the first
        assert separated(first, second) == (best.fun > 1.0)


def test_occupancy_takes_and_refuses() -> None:
    taken = Occupancy()
    for k in range(100):
        taken.claim(rectangle(3.0 * k, 0.0, 2.0, 2.0))
    assert len(taken) == 100
    assert taken.free(rectangle(4.5, 0.0, 0.9, 9.0))
    assert not taken.free(rectangle(4.5, 0.0, 1.1, 9.0))
    # Its bounds meet a neighbour's, it does not.
    assert taken.free(rectangle(1.75, 1.75, 1.0, 1.0, np.pi / 4))


@given(row=rows, seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None, phases=QUICK)
def test_ground_has_no_gaps_and_is_as_high_as_it_says(row: dict[str, Any], seed: int) -> None:
    layout = lay_out(row, seed)
    rng = np.random.default_rng(seed)
    section = layout.main.section
    points = []
    for s in rng.uniform(-8.0, 110.0, 150):
        d = rng.uniform(-section.left.edge - 4.0, section.right.edge + 4.0)
        points.append(layout.main.curve.at(s, d))
    for arm in layout.junction.arms if layout.junction else ():
        half = arm.road.section
        for s in rng.uniform(0.0, 60.0, 60):
            points.append(arm.road.curve.at(s, rng.uniform(-half.left.edge, half.right.edge)))
    plan = np.array(points)
    found = heights(ground(layout), plan)
    said = np.array([layout.ground(x, z) for x, z in plan])
    assert np.isfinite(found).all()
    # A kerb's own face (12 cm within 3 cm) may fall between two corners of a chord in a bend.
    wrong = np.abs(found - said) > (0.01 if section.right.raised else 0.05)
    assert wrong.mean() < 0.03
    assert np.abs(found - said).max() < 0.16


@given(row=rows, seed=st.integers(0, 50))
@settings(max_examples=12, deadline=None, phases=QUICK)
def test_ground_looks_up_and_paint_lies_upon_it(row: dict[str, Any], seed: int) -> None:
    layout = lay_out(row, seed)
    palette = sample_palette(seeds.generator(seed, "palette"), layout.factors)
    below = ground(layout)
    paint = markings(seeds.generator(seed, "paint"), layout, palette)
    worn = wear(seeds.generator(seed, "wear"), layout, palette)
    land = terrain(seeds.generator(seed, "land"), layout, palette)
    for part in (*below, *paint, *worn, *land):
        check_mesh(part.mesh)
        corners = part.mesh.points[part.mesh.faces].astype(np.float64)
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert faces[:, 1].min() > -1e-4
        along = np.einsum("ij,ij->i", faces, part.mesh.normals[part.mesh.faces].mean(axis=1))
        assert along.min() > -1e-3
    thin = np.concatenate([part.mesh.points for part in (*paint, *worn)])
    near = thin[(np.abs(thin[:, 2]) < 60)]
    chosen = near[np.random.default_rng(seed).permutation(len(near))[:150]]
    found = heights(below, chosen[:, [0, 2]].astype(np.float64))
    on_asphalt = np.abs(found - layout.land.height(chosen[:, 2])) < 0.008
    over = (chosen[:, 1] - found)[on_asphalt]
    assert len(over) > 50  # the rest lies at kerbs' feet, or is hidden under a median
    assert over.min() > 0.0005
    assert over.max() < 0.0161  # paint up to 8 mm over the land, asphalt up to 8 mm under it


def check_mesh(mesh: Mesh) -> None:
    for values in (mesh.points, mesh.normals, mesh.uv):
        assert np.isfinite(values).all()
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < len(mesh.points)
    assert np.abs(np.linalg.norm(mesh.normals, axis=1) - 1.0).max() < 1e-3


def test_land_reaches_the_horizon() -> None:
    layout = lay_out({}, 3)
    palette = sample_palette(seeds.generator(0, "palette"), layout.factors)
    parts = [*ground(layout), *terrain(seeds.generator(0, "land"), layout, palette)]
    angle = np.radians(np.arange(-50, 51, 10))[:, None]
    away = np.array([8.0, 40.0, 90.0, 200.0, 600.0, 2000.0, 6500.0])
    plan = np.stack([away * np.sin(angle), away * np.cos(angle)], axis=-1).reshape(-1, 2)
    assert np.isfinite(heights(parts, plan)).all()


@given(row=rows, seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None, phases=QUICK)
def test_nobody_parks_on_crossings_or_in_junctions(row: dict[str, Any], seed: int) -> None:
    layout = lay_out(row, seed)
    for sign in (-1, 1):
        asked = layout.factors.parking in ("both", "left" if sign < 0 else "right")
        found = bays(layout, sign)
        assert bool(found) == asked
        side, gap = layout.main.section.side(sign), layout.gap(sign)
        for bay in found:
            assert side.lanes < abs(bay.d) < side.kerb
            for crossing in layout.crossings:
                if crossing.road is layout.main:
                    reach = crossing.half + CLEAR + BAY / 2
                    assert abs(bay.s - crossing.s) > reach - 1e-9
            if gap:
                assert bay.s < gap[0] - BAY / 2 or bay.s > gap[1] + BAY / 2


def test_junction_has_the_arms_it_is_named_for() -> None:
    for name, count in (("none", 0), ("t_junction", 1), ("crossroads", 2)):
        layout = lay_out({"junction": name, "junction_distance": 40.0}, 1)
        assert len(layout.roads) == 1 + count
    place = layout.main.curve.at(40.0)
    for arm in layout.roads[1:]:
        assert arm.curve.at(0.0) == pytest.approx(place, abs=1e-6)


def test_signals_of_crossing_roads_differ() -> None:
    states = set()
    for seed in range(8):
        layout = lay_out({"junction": "crossroads", "crossing": "signals"}, seed)
        main = {signal for road, _, _, signal in layout.stops if road is layout.main}
        other = {signal for road, _, _, signal in layout.stops if road is not layout.main}
        assert main | other == {"red", "green"}
        assert len(main) == len(other) == 1
        states |= main
    assert states == {"red", "green"}


def test_missing_factors_take_their_defaults() -> None:
    made = Factors.of({"lanes": 2.0})
    assert made.lanes == 2
    assert made.road_type == "street"
    assert Factors.of({"road_type": "rural"}).parking == "none"
    assert Factors.of({"rain": 8.0}).wetness == 1.0
    assert set(FACTORS) == set(Factors.__slots__)


def test_all_faults_of_a_row_are_told_with_what_is_near() -> None:
    row = {"sun_elevaton": 3, "rain": 80, "season": "autum", "lanes": 1.5, "clouds": "many"}
    with pytest.raises(ConfigError) as told:
        Factors.of(row)
    text = str(told.value)
    for word in ("'sun_elevation'", "0.0 to 50.0 mm/h", "'autumn'", "whole number", "not a number"):
        assert word in text
    with pytest.raises(ConfigError, match="nan is not within"):
        Factors.of({"visibility": float("nan")})


@pytest.mark.parametrize(
    "row",
    [
        {"season": "summer", "snow_cover": 0.4},
        {"snowfall": 1.0},
        {"scenario": "child_between_cars", "parking": "none"},
    ],
)
def test_rows_that_contradict_themselves_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="set"):
        Factors.of(row)
