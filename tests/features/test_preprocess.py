"""What the options of a network's input come to, in numbers."""

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.features.extractor import parse_spec
from isthmus.features.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess, from_options

PIXEL = np.array([[[[10, 20, 30]]]], np.uint8)


def value(text):
    made = from_options(parse_spec(text))
    return Preprocess((1, 1), made.scale, made.mean, made.std, made.order).apply(PIXEL)[0, :, 0, 0]


def test_imagenet_holds_unless_something_is_said():
    expected = (np.array([10, 20, 30]) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    np.testing.assert_allclose(value("onnx:x"), expected, rtol=1e-5)
    np.testing.assert_allclose(value("onnx:x?order=bgr"), expected[::-1], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("mean=123,117,104&scale=1", (-113, -97, -74)),
        ("scale=1/255", (10 / 255, 20 / 255, 30 / 255)),
        ("order=bgr&scale=1/10&mean=1&std=2", (1, 0.5, 0)),
        ("std=10,20,30", (1, 1, 1)),
    ],
)
def test_given_numbers_are_taken_and_the_rest_is_neutral(options, expected):
    np.testing.assert_allclose(value(f"onnx:x?{options}"), expected, rtol=1e-5, atol=1e-7)


def test_the_result_is_laid_out_for_networks():
    batch = np.zeros((2, 3, 5, 3), np.uint8)
    made = Preprocess(size=(5, 3)).apply(batch)
    assert made.shape == (2, 3, 3, 5)
    assert made.dtype == np.float32
    assert made.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("bad", [{"size": (0, 4)}, {"scale": float("nan")}, {"order": "hsv"}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="preprocessing"):
        Preprocess(**bad)
