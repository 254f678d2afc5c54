"""Animals, and people beside the machines they fell from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from isthmus.synth.world.people import deer, dog, fallen
from isthmus.synth.world.thing import KEYPOINTS


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def point(thing, name: str) -> np.ndarray:
    return thing.keypoints[KEYPOINTS.index(name)]


def corners(thing) -> np.ndarray:
    return np.concatenate([part.mesh.points for part in thing.parts])


@pytest.mark.parametrize("make", [dog, deer])
def test_animals_stand_on_their_legs(make):
    for seed in range(12):
        for detail in (2, 0):
            thing = make(rng(seed), detail=detail)
            points = corners(thing)
            assert thing.category == "animal"
            assert points[:, 1].min() == pytest.approx(0.0, abs=1e-4)
            assert thing.size == pytest.approx(tuple(np.ptp(points, axis=0)), abs=1e-4)
            assert abs(points[:, 0].min() + points[:, 0].max()) < 1e-4
            # Longer than wide, the head (its highest part) in front.
            assert thing.size[2] > 2 * thing.size[0]
            assert points[points[:, 1].argmax(), 2] > 0
    sizes = Counter(make(rng(s)).attributes["kind"] for s in range(30))
    assert len(sizes) >= 2


def test_deer_are_pale_below_white_behind_and_dark_at_muzzle_and_hooves():
    for seed in range(6):
        thing = deer(rng(seed), "buck" if seed % 2 else "doe")
        where, colour, up = [], [], []
        for part in thing.parts:
            points = part.mesh.points[part.mesh.faces]
            up.append(part.mesh.normals[part.mesh.faces, 1].mean(axis=1))
            where.append(points.mean(axis=1) / [1, thing.size[1], thing.size[2]])
            colour.append(np.full(len(points), np.mean(part.material.colour)))
        at, grey = np.concatenate(where), np.concatenate(colour)
        trunk = (abs(at[:, 2]) < 0.25) & (at[:, 1] > 0.36)
        side = trunk & (abs(np.concatenate(up)) < 0.3)
        belly = trunk & (np.concatenate(up) < -0.7) & (abs(at[:, 0]) < 0.04)
        high, hoof = at[:, 1] > 0.5, at[:, 1] < 0.03
        rump = high & (at[:, 2] < at[high, 2].min() + 0.02)
        coat = np.median(grey[side])
        assert np.median(grey[rump]) > 2 * coat
        assert np.median(grey[belly]) > 1.2 * coat
        assert np.median(grey[hoof]) < 0.2 * coat
        assert len({p.material for p in thing.parts}) >= 5
        if seed % 2:
            assert any(p.material.texture == "bark" for p in thing.parts)


def test_dogs_come_in_sizes():
    assert dog(rng(0), "small").size[1] < 0.65 * dog(rng(0), "shepherd").size[1]
    assert deer(rng(0), "buck").size[1] > dog(rng(0), "shepherd").size[1]


def test_who_fell_from_a_bicycle_lies_in_a_helmet_limbs_apart():
    for seed in range(6):
        thing = fallen(rng(seed))
        assert thing.category == "person"
        assert thing.attributes["headwear"] == "cycle"
        assert thing.attributes["pose"] == "lie"
        assert thing.size[1] < 0.75
        ankles = point(thing, "left_ankle") - point(thing, "right_ankle")
        wrists = point(thing, "left_wrist") - point(thing, "right_wrist")
        assert np.linalg.norm(ankles) > 0.2
        assert np.linalg.norm(wrists) > 0.2
        assert point(thing, "nose")[2] < point(thing, "left_knee")[2]
