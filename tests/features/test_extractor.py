"""Spec strings, and what is said when one is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.features import extractor as module
from isthmus.features.descriptors import Descriptors
from isthmus.features.extractor import (
    EXTRACTORS,
    Extractor,
    FeatureSet,
    kinds_of,
    load_extractor,
    parse_spec,
)


def test_a_spec_is_taken_apart():
    spec = parse_spec("onnx:nets/a.onnx?size=64x32&mean=1,2,3#conv1, /block/Relu_0 ,a%2Cb")
    assert (spec.scheme, spec.target) == ("onnx", "nets/a.onnx")
    assert dict(spec.options) == {"size": "64x32", "mean": "1,2,3"}
    assert spec.layers == ("conv1", "/block/Relu_0", "a,b")


def test_targets_may_hold_separators():
    assert parse_spec("torch:package.module:build#a.b").target == "package.module:build"
    assert parse_spec(r"onnx:C:\nets\a#1.onnx#x").target == r"C:\nets\a#1.onnx"
    assert parse_spec("descriptors").layers == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no extractor named"),
        ("descriptors#", "no layer after"),
        ("descriptors?size", "has no value"),
        ("descriptors#shape,shape", "more than once"),
        ("descriptor", "did you mean 'descriptors'"),
        ("onxx:a.onnx#b", "did you mean 'onnx'"),
        ("nets/a.onnx#b", "did you mean 'onnx:nets/a.onnx#b'"),
        ("compact", "known inside that study only"),
        ("xyzzy:1", "known: descriptors, onnx, torch"),
        ("descriptors#colours", "did you mean 'colour'"),
        ("descriptors?width=3", "unknown option 'width'"),
        ("descriptors?size=3x", "WIDTHxHEIGHT"),
        ("descriptors?size=99999x10", "WIDTHxHEIGHT"),
        ("descriptors:path", "take no path"),
        ("onnx:", "no file given"),
        ("onnx:missing.onnx#a", "missing.onnx: no such file"),
    ],
)
def test_a_wrong_spec_says_what_is_wrong(text, words):
    with pytest.raises(InputError) as caught:
        load_extractor(text)
    assert words in str(caught.value)


def test_an_unknown_layer_lists_the_layers():
    with pytest.raises(InputError, match="Available: colour, texture, shape, all"):
        load_extractor("descriptors#nothing-like-it")


def test_descriptors_by_spec():
    made = load_extractor("descriptors?size=64x48#shape,colour")
    assert made.layers == ("shape", "colour")
    assert made.size == (64, 48)
    assert isinstance(made, Extractor)
    features = made.extract(np.zeros((2, 48, 64, 3), np.uint8))
    assert list(features) == ["shape", "colour"]
    assert kinds_of(made) == {"shape": "shape", "colour": "colour and light"}


def test_fingerprints_tell_extractors_apart():
    made = [
        load_extractor(text).fingerprint
        for text in ("descriptors", "descriptors#shape", "descriptors?size=64x48")
    ]
    assert len(set(made)) == 3
    assert Descriptors().fingerprint == made[0]


def test_other_packages_add_extractors(monkeypatch):
    entry = SimpleNamespace(name="mine", load=lambda: lambda spec: ("made", spec.target))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    assert load_extractor("mine:thing#a") == ("made", "thing")
    assert "mine" not in EXTRACTORS


def test_selecting_rows_keeps_them_together():
    features = FeatureSet(
        {"a": np.arange(8, dtype=np.float32).reshape(4, 2)},
        ("w", "x", "y", "z"),
        ("s", "s", "t", "t"),
        kinds={"a": "texture"},
        bounds=(0.0, 1.0),
    )
    some = features.select([3, 0])
    assert (some.ids, some.sequences, len(some)) == (("z", "w"), ("t", "s"), 2)
    assert some.layers["a"].tolist() == [[6, 7], [0, 1]]
    assert (some.kinds, some.bounds) == (features.kinds, (0.0, 1.0))


def test_registry_names_what_the_text_promises():
    for scheme in EXTRACTORS:
        assert f"{scheme}" in (module.__doc__ or "")
