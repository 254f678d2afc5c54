"""The blocks: bounded, finite, and each moved by its own kind of difference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter

from isthmus.data.images import read_resized
from isthmus.errors import InputError
from isthmus.features import descriptors
from isthmus.features.colour import (
    SRGB_TO_LINEAR,
    histograms,
    lab,
    lab_and_luminance,
    percentiles,
)
from isthmus.features.descriptors import BLOCKS, DESCRIPTOR_NAMES, KINDS, VERSION, Descriptors
from isthmus.features.texture import half

WIDTH, HEIGHT = 160, 120


def scene(rng: np.random.Generator) -> np.ndarray:
    """A street-like picture: sky, road, boxes of random colour, and grain on everything."""
    picture = np.zeros((HEIGHT, WIDTH, 3))
    picture[: HEIGHT // 2] = (0.6, 0.7, 0.8)
    picture[HEIGHT // 2 :] = 0.35
    for _ in range(12):
        x, y = rng.integers(0, WIDTH - 20), rng.integers(20, HEIGHT - 20)
        w, h = rng.integers(8, 40, size=2)
        picture[y : y + h, x : x + w] = rng.uniform(0.1, 0.8, size=3)
    picture += gaussian_filter(rng.normal(0, 0.08, picture.shape), (0.7, 0.7, 0))
    return np.clip(picture * 255, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([scene(rng) for _ in range(24)])


def shift(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """Per block: root mean square of the components' mean shifts over their spread in the set."""
    size = (before.shape[2], before.shape[1])
    extractor = Descriptors(size=size)
    x, y = extractor.extract(before), extractor.extract(after)
    return {
        layer: float(
            np.sqrt(np.mean(((y[layer] - x[layer]).mean(0) / (x[layer].std(0) + 0.01)) ** 2))
        )
        for layer in BLOCKS
    }


def described(block: str, image: np.ndarray) -> dict[str, float]:
    return {name: float(value[0]) for name, value in BLOCKS[block](image[None])}


def darker(images: np.ndarray, factor: float) -> np.ndarray:
    linear = SRGB_TO_LINEAR[images] * factor
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(coded * 255).astype(np.uint8)


def test_darkness_moves_colour_not_shape(scenes):
    moved = shift(scenes, darker(scenes, 0.25))
    assert moved["colour"] > 1.5
    assert moved["colour"] > 8 * moved["shape"]
    assert moved["colour"] > 3 * moved["texture"]


def test_colour_cast_moves_colour_alone(scenes):
    tinted = np.rint(scenes * np.array([1.0, 0.85, 0.6])).astype(np.uint8)
    moved = shift(scenes, tinted)
    assert moved["colour"] > 5 * max(moved["shape"], moved["texture"])


def test_blur_moves_texture_most(scenes):
    blurred = gaussian_filter(scenes.astype(float), (0, 1.5, 1.5, 0)).astype(np.uint8)
    moved = shift(scenes, blurred)
    assert moved["texture"] > 3 * moved["shape"]
    assert moved["texture"] > 5 * moved["colour"]


def test_noise_moves_texture_most(scenes):
    rng = np.random.default_rng(1)
    noisy = np.clip(scenes + rng.normal(0, 8, scenes.shape), 0, 255).astype(np.uint8)
    moved = shift(scenes, noisy)
    assert moved["texture"] > 3 * max(moved["shape"], moved["colour"])


def test_geometry_moves_shape_alone(scenes):
    turned = scenes[:, ::-1]  # upside down: same colours, same texture, another layout
    moved = shift(scenes, turned)
    assert moved["shape"] > 0.4
    assert moved["shape"] > 4 * max(moved["colour"], moved["texture"])


def test_mirror_leaves_colour_and_moves_each_frames_shape(scenes):
    extractor = Descriptors(size=(WIDTH, HEIGHT))
    x, y = extractor.extract(scenes), extractor.extract(scenes[:, :, ::-1])
    np.testing.assert_allclose(x["colour"], y["colour"], atol=1e-4)
    per_frame = {k: np.abs(x[k] - y[k]).mean() / x[k].std(0).mean() for k in BLOCKS}
    assert per_frame["shape"] > 5 * per_frame["texture"]


def test_real_frames_answer_alike(shared_data):
    folder = shared_data / "camvid" / "images" / "train"
    names = sorted(folder.glob("0006R0*.jpg"))[::8]
    day = np.stack([read_resized(path, 320, 240) for path in names])
    dark = shift(day, darker(day, 0.15))
    assert dark["colour"] > 5 * dark["shape"]
    blurred = shift(day, gaussian_filter(day.astype(float), (0, 2, 2, 0)).astype(np.uint8))
    assert blurred["texture"] > 2 * max(blurred["shape"], blurred["colour"])


def check_bounds(batch):
    size = (batch.shape[2], batch.shape[1])
    features = Descriptors(size=size).extract(batch)
    for layer, matrix in features.items():
        assert matrix.dtype == np.float32
        assert matrix.shape == (len(batch), len(DESCRIPTOR_NAMES[layer]))
        assert np.isfinite(matrix).all()
        assert matrix.min() >= 0
        assert matrix.max() <= 1


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(32, 61), st.integers(32, 61)).flatmap(
        lambda size: hnp.arrays(np.uint8, (1, *size, 3))
    )
)
def test_bounds_hold_for_any_image(batch):
    check_bounds(batch)


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_constant_images_are_finite(level):
    check_bounds(np.full((1, 240, 320, 3), level, np.uint8))


def test_blocks_do_not_clip_what_happens(scenes):
    """Values are bounded by what they are; cutting would hide errors (and real extremes)."""
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (64, 48, 3), dtype=np.uint8)
    for image in (*scenes[:4], noise, np.zeros_like(noise), np.full_like(noise, 255)):
        for block in BLOCKS.values():
            for name, value in block(image[None]):
                assert -1e-6 <= value[0] <= 1 + 1e-6, name


def test_batches_change_nothing(scenes):
    extractor = Descriptors(size=(WIDTH, HEIGHT))
    together = extractor.extract(scenes[:6])
    for i in (5, 0, 3):
        alone = extractor.extract(scenes[i : i + 1])
        for layer in KINDS:
            assert np.array_equal(alone[layer][0], together[layer][i])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 64), (90, 61), (320, 240)])
def test_pictures_described_together_and_alone_agree_to_the_bit(size, monkeypatch):
    """Small pictures share the passes over arrays; sums must not run from one into the next."""
    rng = np.random.default_rng(6)
    width, height = size
    batch = rng.integers(0, 256, (7, height, width, 3), dtype=np.uint8)
    batch[2], batch[4, : height // 2], batch[5, :, :, 1:] = 0, 255, 7
    extractor = Descriptors(size=size)
    monkeypatch.setattr(descriptors, "PIXELS_AT_ONCE", 1)
    alone = extractor.extract(batch)
    monkeypatch.setattr(descriptors, "PIXELS_AT_ONCE", 3 * width * height)
    together = extractor.extract(batch)
    for layer in KINDS:
        assert np.array_equal(alone[layer], together[layer]), layer


def test_all_is_the_blocks_side_by_side(scenes):
    features = Descriptors(size=(WIDTH, HEIGHT)).extract(scenes[:2])
    joined = np.concatenate([features[layer] for layer in BLOCKS], axis=1)
    assert np.array_equal(features["all"], joined)
    assert len(set(DESCRIPTOR_NAMES["all"])) == joined.shape[1]
    assert DESCRIPTOR_NAMES["all"][0] == "colour.lightness_mean"


def test_values_belong_to_this_version(scenes):
    """A change of values without a new VERSION would mix old and new rows in caches."""
    features = Descriptors(size=(WIDTH, HEIGHT)).extract(scenes[:1])
    weights = np.sin(np.arange(500.0))
    sums = {
        layer: float(features[layer][0] @ weights[: features[layer].shape[1]]) for layer in KINDS
    }
    known = {"colour": 1.46121, "texture": 1.36952, "shape": 0.39299, "all": 2.18054}
    assert (VERSION, sums) == (1, pytest.approx(known, abs=1e-3))


def test_lightness_agrees_with_its_definition():
    # Grey 119 is the usual middle grey: L* = 50.03 by the CIE formula; white 100, black 0.
    grey = np.array([[[119] * 3, [255] * 3, [0] * 3]], np.uint8)
    light, a, b = lab(grey)
    np.testing.assert_allclose(light[0], [50.03, 100, 0], atol=0.06)
    np.testing.assert_allclose([a, b], 0, atol=0.1)
    # sRGB red, as published: L* 53.24, a* 80.09, b* 67.20.
    red = lab(np.array([[[255, 0, 0]]], np.uint8))
    np.testing.assert_allclose([v[0, 0] for v in red], [53.24, 80.09, 67.20], atol=0.05)
    np.testing.assert_allclose(lab_and_luminance(grey)[3][0, 1:], [1, 0], atol=1e-6)


def test_percentiles_are_order_statistics():
    rng = np.random.default_rng(3)
    values = np.stack([rng.permutation(101), rng.permutation(101) + 7]).astype(np.float32)
    found = percentiles(values[:, None], (0, 5, 50, 100))
    assert np.transpose(found).tolist() == [[0, 5, 50, 100], [7, 12, 57, 107]]


def test_histograms_count_and_add_picture_by_picture():
    index = np.array([[[0, 2], [2, 2]], [[1, 1], [0, 2]]])
    assert histograms(index, 4).tolist() == [[1, 0, 3, 0], [1, 2, 1, 0]]
    weights = np.arange(8.0).reshape(index.shape)
    assert histograms(index, 3, weights).tolist() == [[0, 0, 6], [6, 9, 7]]


def test_half_keeps_constants_and_ramps():
    ramp = np.arange(64, dtype=np.float32)[:, None] * np.ones((1, 48), np.float32)
    small = half(ramp)
    assert small.shape == (32, 24)
    np.testing.assert_allclose(small[1:-1, 0], np.arange(64)[2:-2:2], rtol=1e-5)


def test_noise_estimate_finds_the_deviation():
    rng = np.random.default_rng(4)
    flat = np.clip(128 + rng.normal(0, 6, (240, 320)), 0, 255).round().astype(np.uint8)
    grey = np.repeat(flat[..., None], 3, axis=2)
    value = described("texture", grey)["noise"]
    assert 2 * value / (1 - value) == pytest.approx(6, rel=0.05)


def test_spectrum_slope_of_known_noise():
    """Power falling with the frequency squared has slope 2; white noise has slope 0."""
    rng = np.random.default_rng(5)
    white = rng.normal(size=(240, 320))
    frequency = np.hypot(np.fft.fftfreq(240)[:, None], np.fft.fftfreq(320)[None])
    frequency[0, 0] = 1
    brown = np.fft.ifft2(np.fft.fft2(white) / frequency).real
    for field, slope in ((white, 0.0), (brown, 2.0)):
        levels = 128 + 40 * (field - field.mean()) / field.std()
        image = np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        named = described("texture", image)
        assert named["spectrum_slope"] * 6 == pytest.approx(slope, abs=0.15)


def test_edges_are_found_where_and_as_they_run():
    image = np.zeros((120, 160, 3), np.uint8)
    image[:, 80:] = 200  # one vertical edge in the middle
    named = described("shape", image)
    assert named["orientation_1_2_0"] > 0.7
    assert named["orientation_1_2_3"] < 0.05
    assert named["density_1_2"] > 0.05
    assert named["density_1_0"] == 0
    turned = described("shape", image.transpose(1, 0, 2))
    assert max(turned, key=lambda k: turned[k] if k.startswith("orientation") else 0)[-1] == "3"


def test_wrong_input_is_refused(scenes):
    with pytest.raises(InputError, match="uint8"):
        Descriptors(size=(WIDTH, HEIGHT)).extract(scenes.astype(np.float32))
    with pytest.raises(InputError, match="read_resized"):
        Descriptors().extract(scenes)
    with pytest.raises(InputError, match="below 32 px"):
        Descriptors(size=(20, 100))
    with pytest.raises(InputError, match="no block"):
        Descriptors(("colours",))
