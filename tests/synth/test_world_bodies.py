"""What people are made of: rotations, bending, reaching, curves, lofts, simplification."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.synth.world.people import rider
from isthmus.synth.world.people.gait import periodic
from isthmus.synth.world.people.head import angles
from isthmus.synth.world.people.loft import curve, sheet
from isthmus.synth.world.people.physique import Traits, body
from isthmus.synth.world.people.reach import arm_to, leg_to
from isthmus.synth.world.people.simplify import simplified
from isthmus.synth.world.people.skeleton import (
    JOINTS,
    NUMBER,
    PARENT,
    Pose,
    bent,
    joint_frames,
    rotation,
    rotation_vector,
)
from isthmus.synth.world.thing import KEYPOINTS

SEAT = {"hip": (0.0, 0.99, -0.29), "grip": (0.27, 1.08, 0.22),
        "ankles": ((-0.115, 0.40, 0.05), (0.115, 0.22, -0.10)), "lean": 0.25}  # fmt: skip


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_rotation_vectors_invert():
    for seed in range(30):
        v = rng(seed).normal(size=3)
        v *= rng(seed).uniform(0, 3.1) / np.linalg.norm(v)
        assert rotation_vector(rotation(v)) == pytest.approx(v, abs=1e-8)
    half = rotation([0.0, np.pi, 0.0])
    assert np.abs(rotation_vector(half)) == pytest.approx([0.0, np.pi, 0.0], abs=1e-6)


def test_bending_by_whole_shares_is_forward_kinematics():
    rest = body(Traits("female", 30.0, 1.65, 0.0)).rest
    draw = rng(1)
    pose = Pose({name: draw.normal(size=3) * 0.6 for name in JOINTS}, rotation([0.2, 0.5, -0.1]))
    _, places = joint_frames(rest, pose)
    shares = np.zeros((len(JOINTS), len(JOINTS)))
    for k in range(len(JOINTS)):
        above = PARENT[k]
        while above >= 0:
            shares[k, above] = 1.0
            above = PARENT[above]
    assert bent(rest, shares, rest, pose) == pytest.approx(places, abs=1e-9)


def test_bending_half_way_turns_by_half_the_angle():
    rest = body(Traits("male", 30.0, 1.8, 0.0)).rest
    elbow = rest[NUMBER["right_elbow"]]
    shares = np.zeros((1, len(JOINTS)))
    shares[0, [0, NUMBER["right_elbow"]]] = 1.0, 0.5
    out = bent(
        elbow[None] + [[0, 0, 0.1]], shares, rest, Pose({"right_elbow": np.array([0, 1.0, 0])})
    )
    assert out[0] - elbow == pytest.approx([0.1 * np.sin(0.5), 0, 0.1 * np.cos(0.5)], abs=1e-9)


@pytest.mark.parametrize("side", ["left", "right"])
def test_limbs_reach_their_targets(side):
    who, sign = body(Traits("female", 40.0, 1.66, 0.0)), -1.0 if side == "left" else 1.0
    for target in ([0.10, 1.2, 0.3], [0.35, 1.0, 0.1], [0.15, 1.5, 0.2]):
        pose = Pose(dict(arm_to(who, side, target)))
        _, places = joint_frames(who.rest, pose)
        reached = places[NUMBER[f"{side}_wrist"]] * [sign, 1, 1]
        assert reached == pytest.approx(target, abs=2e-3)
    pelvis = rotation([0.2, 0.1, 0.05])
    turns = {"pelvis": rotation_vector(pelvis), **leg_to(who, side, [0.12, 0.35, 0.2], pelvis)}
    frames, places = joint_frames(who.rest, Pose(turns))
    assert places[NUMBER[f"{side}_ankle"]] * [sign, 1, 1] == pytest.approx(
        [0.12, 0.35, 0.2], abs=2e-3
    )
    # The foot stays level, the knee bends forward.
    assert frames[NUMBER[f"{side}_ankle"]] == pytest.approx(np.eye(3), abs=1e-9)
    knee = places[NUMBER[f"{side}_knee"]]
    middle = (places[NUMBER[f"{side}_hip"]] + places[NUMBER[f"{side}_ankle"]]) / 2
    assert knee[2] > middle[2]


def test_curves_pass_through_their_keys_and_do_not_overshoot():
    keys = np.array([[0, 1.0, 0.0], [1, 2.0, 0.0], [1.5, 2.0, 5.0], [4, -1.0, 6.0]])
    assert curve(keys, keys[:, 0]) == pytest.approx(keys[:, 1:])
    dense = curve(keys, np.linspace(-1, 5, 400))
    assert dense[:, 0].max() <= 2.0 + 1e-12
    assert dense[:, 1].min() >= -1e-12
    assert curve(keys, [-3.0, 9.0]) == pytest.approx(keys[[0, -1], 1:])
    # Straight keys give a straight line.
    line = np.column_stack([np.arange(4.0), 3.0 * np.arange(4.0)])
    assert curve(line, [0.3, 2.7])[:, 0] == pytest.approx([0.9, 8.1])


def test_periodic_curves_close():
    keys = np.array([[0.1, 1.0], [0.4, 3.0], [0.8, -1.0]])
    assert periodic(keys, [0.1, 1.1, 0.4])[:, 0] == pytest.approx([1.0, 1.0, 3.0])
    at = periodic(keys, [1 - 1e-7, 1e-7])[:, 0]
    assert at[0] == pytest.approx(at[1], abs=1e-5)


def test_a_closed_sheet_encloses_its_volume():
    # A tube of 64 sides, radius 1 and length 2: volume by the divergence theorem.
    angle = 2 * np.pi * np.arange(64) / 64
    z = np.linspace(0, 2, 5)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    grid = np.concatenate(
        [np.broadcast_to(ring, (5, 64, 2)), np.broadcast_to(z[:, None, None], (5, 64, 1))], axis=2
    )
    tube = sheet(grid, caps=(True, True))
    a, b, c = (tube.points[tube.faces[:, k]] for k in range(3))
    volume = (a * np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(2 * 32 * np.sin(2 * np.pi / 64), rel=1e-9)
    assert tube.uv[:, 1].max() == pytest.approx(2.0)


def test_heads_are_symmetric():
    for detail in (0, 1, 2):
        turned = np.sort(np.pi - angles(detail) % (2 * np.pi))
        same = np.sort((angles(detail) + np.pi) % (2 * np.pi) - np.pi)
        assert len(turned) == len(same)
        x = np.sort(np.round(np.cos(angles(detail)), 9))
        assert x == pytest.approx(-x[::-1], abs=1e-8)


def test_simplifying_a_plane_costs_nothing_and_keeps_borders():
    n = 12
    x, y = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1).astype(float)
    a = (x[:-1, :-1] * n + y[:-1, :-1]).ravel()
    mesh = np.concatenate([np.stack([a, a + n, a + 1], 1), np.stack([a + 1, a + n, a + n + 1], 1)])
    paint = (points[mesh].mean(axis=1)[:, 0] > 5).astype(np.int64)
    fewer, kept = simplified(points, mesh, paint, np.ones(len(points)), 20)
    assert 4 <= len(fewer) <= 20
    assert len(kept) == len(fewer)

    def area(triangles):
        p, q, r = (points[triangles[:, k]] for k in range(3))
        return np.linalg.norm(np.cross(q - p, r - p), axis=1).sum() / 2

    assert area(fewer) == pytest.approx((n - 1) ** 2)
    assert area(fewer[paint[kept] == 0]) == pytest.approx(area(mesh[paint == 0]))


@pytest.mark.parametrize("helmet", ["none", "cycle", "full"])
def test_riders_touch_saddle_grips_and_pedals(helmet):
    for seed in range(5):
        parts, points = rider(rng(seed), **SEAT, helmet=helmet)
        assert all(p.rider and p.semantic == "rider" for p in parts)
        corners = np.concatenate([p.mesh.points for p in parts])
        assert np.isfinite(corners).all()
        assert (points >= corners.min(axis=0)).all()
        assert (points <= corners.max(axis=0)).all()
        at = dict(zip(KEYPOINTS, points, strict=True))
        hips = (at["left_hip"] + at["right_hip"]) / 2
        assert hips == pytest.approx(SEAT["hip"], abs=1e-4)
        for sign, side, ankle in zip((-1, 1), ("left", "right"), SEAT["ankles"], strict=True):
            # Who is small slides: a leg reaches as far as it is long.
            leg = np.linalg.norm(at[f"{side}_hip"] - at[f"{side}_knee"]) + np.linalg.norm(
                at[f"{side}_knee"] - at[f"{side}_ankle"]
            )
            short = max(np.linalg.norm(np.subtract(ankle, at[f"{side}_hip"])) - leg, 0.0)
            assert np.linalg.norm(at[f"{side}_ankle"] - ankle) < short + 0.01
            grip = np.array(SEAT["grip"]) * [sign, 1, 1]
            assert np.linalg.norm(at[f"{side}_wrist"] - grip) < 0.16
            near = np.linalg.norm(corners - grip, axis=1)
            assert near.min() < 0.05
        assert at["nose"][2] > at["left_shoulder"][2] > hips[2]


def test_riders_are_the_same_at_every_detail():
    fine, coarse = (rider(rng(4), **SEAT, detail=d)[1] for d in (2, 0))
    assert np.abs(fine - coarse).max() < 1e-6
