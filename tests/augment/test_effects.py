"""Every effect: what must hold for all; then the physics of each."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from drawn_street import draw_street
from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import FAR
from isthmus.augment.effect import EFFECTS
from isthmus.augment.fog import Fog
from isthmus.augment.high_illumination import HighIllumination
from isthmus.augment.lamps import headlamp_beam, shining, vehicle_lamps
from isthmus.augment.linear import luminance, to_linear, to_srgb
from isthmus.augment.low_light import LowLight
from isthmus.augment.motion_blur import MotionBlur
from isthmus.augment.rain import Rain
from isthmus.augment.severity import Scale
from isthmus.augment.snow import Snow
from isthmus.augment.surfaces import road_plane, surfaces
from isthmus.augment.wet_road import mirroring, puddles
from isthmus.data.frame import Box
from isthmus.errors import InputError
from isthmus.hydrometeors.air import KOSCHMIEDER

names = st.sampled_from(sorted(EFFECTS))


def street(width: int, height: int, seed: int = 0) -> tuple[Arrays, np.ndarray]:
    """A random but street-like frame: bright sky, textured ground, a few boxes; and its depth."""
    rng = np.random.default_rng(seed)
    horizon = height // 2
    image = rng.integers(40, 150, (height, width, 3)).astype(np.uint8)
    image[:horizon] = (image[:horizon] // 8 + 215).astype(np.uint8)
    rows = np.maximum(np.arange(height) - horizon + 0.5, 0.5)[:, None]
    depth = np.broadcast_to(np.minimum(1.4 * width / rows, 200), (height, width)).copy()
    depth[:horizon] = FAR
    boxes = []
    for _ in range(4):
        x1, y1 = rng.uniform(0, 0.8 * width), rng.uniform(0.3, 0.7) * height
        box = (x1, y1, x1 + rng.uniform(2, 0.2 * width), y1 + rng.uniform(2, 0.25 * height))
        boxes.append(Box("car", box))
    return Arrays(image, tuple(boxes)), depth.astype(np.float32)


@settings(max_examples=120, deadline=None)
@given(
    names, st.integers(32, 150), st.integers(32, 150), st.floats(0, 5), st.integers(0, 99),
    st.booleans(),
)  # fmt: skip
@example("sleet", 32, 32, 5e-324, 0, False)
def test_any_effect_keeps_size_type_and_labels(name, width, height, severity, seed, exact):
    arrays, depth = street(width, height, seed)
    arrays = replace(arrays, exact=exact)
    before = arrays.image.copy()
    after, audit = EFFECTS[name].apply(arrays, depth, severity, np.random.default_rng(seed))
    assert after.image.shape == (height, width, 3)
    assert after.image.dtype == np.uint8
    assert after.boxes == arrays.boxes
    assert len(audit.boxes) == len(arrays.boxes)
    for item in audit.boxes:
        assert 0 <= item.visibility <= 1
        assert all(0 <= value <= 1 for value in item.contrast)
        assert item.decision in ("keep", "ignore", "drop")
        assert bool(item.reason) == (item.decision != "keep")
    assert np.array_equal(arrays.image, before)
    if severity > 0:
        light = to_linear(arrays.image)
        changed = EFFECTS[name].change(light, arrays, depth, severity, np.random.default_rng(seed))
        assert np.isfinite(changed.light).all()
        assert changed.light.dtype == np.float32
        assert np.array_equal(light, to_linear(arrays.image))
        if changed.transmission is not None:
            assert changed.transmission.shape == (height, width)
            assert 0 <= changed.transmission.min() <= changed.transmission.max() <= 1
    again, _ = EFFECTS[name].apply(arrays, depth, severity, np.random.default_rng(seed))
    assert np.array_equal(after.image, again.image)


@pytest.mark.parametrize("name", EFFECTS)
def test_severity_zero_changes_nothing(name):
    arrays, depth = street(96, 64)
    after, audit = EFFECTS[name].apply(arrays, depth, 0.0, np.random.default_rng(1))
    assert np.array_equal(after.image, arrays.image)
    assert {item.decision for item in audit.boxes} == {"keep"}
    assert EFFECTS[name].attributes(0.0) == {}


@pytest.mark.parametrize("name", EFFECTS)
def test_effects_begin_gently(name):
    arrays, depth = street(96, 64)
    after, _ = EFFECTS[name].apply(arrays, depth, 0.02, np.random.default_rng(1))
    change = np.abs(after.image.astype(int) - arrays.image).mean()
    assert change < 6


def contrast(image: np.ndarray) -> float:
    """Energy of gradients of the grey picture."""
    grey = image.astype(float).mean(axis=2)
    return float((np.diff(grey, axis=0) ** 2).mean() + (np.diff(grey, axis=1) ** 2).mean())


def measure(name: str, arrays: Arrays, depth: np.ndarray, severity: float) -> float:
    """The measure by which each effect is stated to be monotone; it falls with severity."""
    rng = np.random.default_rng(4)
    light = to_linear(arrays.image)
    effect = EFFECTS[name]
    if name == "low_light":  # mean daylight
        return float(LowLight(lamps=False).relit(light, arrays, depth, severity, rng)[0].mean())
    if name == "high_illumination":  # mean light, which rises
        where = surfaces(arrays, depth)
        return -float(HighIllumination().lit(light, where, severity, rng).mean())
    changed = effect.change(light, arrays, depth, severity, rng)
    if name in ("rain", "snow", "sleet", "storm"):  # what the air between lets through
        law = Snow if name in ("snow", "sleet") else Rain
        return float(law.transmission(depth, effect.scale.amount(severity)).mean())
    if changed.transmission is not None:  # share of the scene's own light that arrives
        return float(changed.transmission.mean())
    if name in ("wet_road", "wet_night"):  # share of the road's light that it mirrors, which rises
        plane, film = road_plane(depth, arrays.geometry), effect.scale.amount(severity)
        return -float(mirroring(plane, puddles(plane, depth.shape, film, rng), film).mean())
    if name == "night":  # the picture's lower half, where there is no sky
        return float(changed.light[arrays.image.shape[0] // 2 :].clip(0, 1).mean())
    if name == "colour_cast":  # red against blue, either way
        red, _, blue = changed.light.reshape(-1, 3).mean(axis=0)
        return -abs(float(np.log(red / blue)))
    if name in ("sensor_noise", "compression"):  # what is away from the picture, which rises
        return -float(np.abs(changed.light - light).mean())
    return contrast(to_srgb(changed.light))  # motion_blur, defocus


@pytest.mark.parametrize("name", EFFECTS)
def test_more_severe_is_more(name):
    street = draw_street(3, (160, 96))
    arrays, depth = Arrays(street.image, street.boxes, exact=True), np.minimum(street.depth, FAR)
    steps = (0.3, 1, 2, 3, 4, 5)
    values = [measure(name, arrays, depth.astype(np.float32), severity) for severity in steps]
    if name == "tunnel_exit":  # what is hidden is the same; what is outside burns out
        burnt = [
            (EFFECTS[name].apply(arrays, depth, s, np.random.default_rng(4))[0].image == 255).mean()
            for s in steps[1:]
        ]
        assert all(a < b for a, b in pairwise(burnt)), burnt
        return
    assert all(a > b for a, b in pairwise(values)), values


@given(st.floats(1, 5), st.sampled_from(sorted(EFFECTS)))
def test_scale_and_its_inverse_agree(severity, name):
    scale = EFFECTS[name].scale
    assert scale.severity(scale.value(severity)) == pytest.approx(severity, abs=1e-9)


def test_scale_interpolates_by_ratio_or_difference():
    assert Scale("m", "", (16, 8, 4, 2, 1), ratio=True).value(1.5) == pytest.approx(16 / 2**0.5)
    assert Scale("EV", "", (1, 2, 3, 4, 5)).value(2.25) == 2.25
    assert Scale("m", "", (16, 8, 4, 2, 1), ratio=True).severity(1000) == 1


def test_linear_light_round_trip_is_exact():
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_srgb(to_linear(every)), every)
    assert to_linear(np.array([188], np.uint8))[0] == pytest.approx(0.5029, abs=1e-3)
    assert to_srgb(np.array([-1.0, 2.0], np.float32)).tolist() == [0, 255]


@pytest.mark.parametrize("visibility", [400.0, 120.0, 40.0])
def test_contrast_at_the_visibility_falls_to_five_percent(visibility):
    fog = Fog(heterogeneity=0.0, evened=0.0, noise=0.0)
    severity = fog.scale.severity(visibility)
    depth = np.full((48, 64), visibility if visibility < 250 else 240.0, np.float32)
    image = np.full((48, 64, 3), 60, np.uint8)
    image[:, 32:] = 140
    rng = np.random.default_rng(0)
    through = fog.transmission(depth, severity, rng)
    assert np.allclose(through, np.exp(-KOSCHMIEDER * depth / visibility), rtol=1e-4)
    if visibility < 250:
        assert through[0, 0] == pytest.approx(0.05, abs=1e-4)
        after, _ = fog.apply(Arrays(image), depth, severity, np.random.default_rng(0))
        old, new = to_linear(image), to_linear(after.image)
        contrast = abs(new[0, 0, 0] - new[0, 63, 0]) / abs(old[0, 0, 0] - old[0, 63, 0])
        # 5 % of a scene that has lost some of its own light; bytes are coarse.
        assert contrast == pytest.approx(0.05 * 0.85, abs=0.02)


def test_infinitely_far_becomes_airlight():
    arrays, depth = street(96, 64)
    after, _ = Fog(noise=0.0).apply(arrays, depth, 5.0, np.random.default_rng(2))
    assert after.image[:20].std(axis=(0, 1)).max() < 1.0


def test_fog_hides_by_distance():
    image = np.random.default_rng(0).integers(30, 220, (15, 25, 3)).astype(np.uint8)
    image = image.repeat(8, axis=0).repeat(8, axis=1)
    boxes = (Box("car", (20, 40, 60, 80)), Box("car", (120, 40, 160, 80)))
    depth = np.full((120, 200), 8.0, np.float32)
    depth[:, 100:] = 180.0
    _, audit = Fog(evened=0.0).apply(Arrays(image, boxes), depth, 5.0, np.random.default_rng(0))
    near, far = audit.boxes
    assert near.decision == "keep"
    assert far.decision == "drop"
    assert near.visibility > 0.3
    assert far.visibility < 0.01
    assert "fog" in far.reason


def test_dusk_keeps_the_sky_brighter_than_the_street():
    arrays, depth = street(160, 96)
    after, _ = LowLight().apply(arrays, depth, 2.5, np.random.default_rng(0))
    before, light = luminance(to_linear(arrays.image)), luminance(to_linear(after.image))
    sky, ground = light[:40].mean() / before[:40].mean(), light[60:].mean() / before[60:].mean()
    assert sky > 2 * ground
    assert 0.05 < ground < 0.25


def test_night_is_noisier_than_dusk():
    flat = Arrays(np.full((96, 128, 3), 128, np.uint8))
    depth = np.full((96, 128), 30.0, np.float32)
    spread = []
    for severity in (2.0, 4.5):
        image = LowLight(lamps=False).apply(flat, depth, severity, np.random.default_rng(0))[0]
        light = to_linear(image.image)
        spread.append(light[70:, 30:90].std() / light[70:, 30:90].mean())
    assert spread[1] > 2 * spread[0]


def test_headlamps_fall_off_with_the_square_of_distance():
    near = headlamp_beam(np.full((100, 100), 20.0, np.float32), (100, 100))
    far = headlamp_beam(np.full((100, 100), 40.0, np.float32), (100, 100))
    assert np.allclose(near / far, 4, rtol=1e-4)
    assert near[:40].max() < 0.02 * near[60:].max()


def test_lamps_are_for_vehicles_seen_from_ahead_or_behind():
    shape = (96, 160)
    person, wide = Box("person", (40, 30, 60, 80)), Box("car", (20, 40, 120, 80))
    car = Box("car", (100, 50, 130, 76))
    total = [
        sum(
            float(shining(vehicle_lamps((box,), shape, 1.0, np.random.default_rng(k)), shape).sum())
            for k in range(12)
        )
        for box in (person, wide, car)
    ]
    assert total[0] == total[1] == 0
    assert total[2] > 0


def test_motion_blur_spares_the_axis_and_what_is_far():
    rng = np.random.default_rng(0)
    image = np.tile(rng.integers(0, 255, (1, 200, 3)).astype(np.uint8), (120, 1, 1))
    depth = np.full((120, 200), 6.0, np.float32)
    after, _ = MotionBlur().apply(Arrays(image), depth, 4.0, np.random.default_rng(1))
    far, _ = MotionBlur().apply(Arrays(image), np.full_like(depth, 200), 4.0,
                                np.random.default_rng(1))  # fmt: skip

    def energy(picture, columns):
        return (np.diff(picture[:, columns].astype(float), axis=1) ** 2).mean()

    edge, middle = slice(0, 30), slice(92, 108)
    assert energy(after.image, edge) < 0.35 * energy(image, edge)
    assert energy(after.image, middle) > 2 * energy(after.image, edge)
    assert np.abs(far.image.astype(int) - image).mean() < 12


def test_over_exposure_saturates_more():
    arrays, depth = street(160, 96)
    burnt = [
        (
            HighIllumination().apply(arrays, depth, s, np.random.default_rng(1))[0].image == 255
        ).mean()
        for s in (1.0, 3.0, 5.0)
    ]
    assert burnt[0] < burnt[1] < burnt[2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, d: (a, d[:-1], 2.0), "depth"),
        (lambda a, d: (a, d * np.nan, 2.0), "finite"),
        (lambda a, d: (a, d * 0, 2.0), "above 0"),
        (lambda a, d: (a, d, 5.1), "severity 5.1"),
        (lambda a, d: (a, d, -1.0), "severity"),
        (lambda a, d: (replace(a, image=a.image[:16]), d[:16], 1.0), "32 px"),
        (lambda a, d: (replace(a, image=a.image / 255), d, 1.0), "uint8"),
    ],
)
@pytest.mark.parametrize("name", EFFECTS)
def test_unusable_input_is_refused(name, change, words):
    arrays, depth, severity = change(*street(96, 64))
    with pytest.raises(InputError, match=words):
        EFFECTS[name].apply(arrays, depth, severity, np.random.default_rng(0))


def test_real_dusk_is_met(shared_data):
    """CamVid's day frames, relit, have the brightness of its dusk frames (same camera)."""
    from isthmus.augment.depth import default_depth

    folder = shared_data / "camvid" / "images"
    day = sorted(folder.glob("train/0016E5*"))[::40][:6]
    dusk = sorted(folder.glob("*/0001TP*"))[::12][:10]

    def street_level(image):
        return float(image[200:335].mean())

    real = np.mean([street_level(np.asarray(Image.open(p).convert("RGB"))) for p in dusk])
    before, made = [], []
    for path in day:
        image = np.asarray(Image.open(path).convert("RGB"))
        after, _ = LowLight().apply(
            Arrays(image), default_depth(image), 3.0, np.random.default_rng(0)
        )
        before.append(street_level(image))
        made.append(street_level(after.image))
    assert abs(np.mean(made) - real) < 0.25 * abs(np.mean(before) - real)
