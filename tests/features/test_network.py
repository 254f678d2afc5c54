"""Layers of torch modules: right numbers, stable under batches, faults named."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from isthmus.errors import InputError
from isthmus.features.extractor import Extractor, SpatialExtractor, load_extractor
from isthmus.features.network import NetworkExtractor, module_digest

SIZE = (40, 24)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.levels = Levels()
        self.unused = nn.Conv2d(3, 3, 1)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        fine, coarse = self.levels(self.stem(x))
        return self.head(coarse.mean(dim=(2, 3))), fine


class Levels(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Conv2d(6, 6, 3, padding=1)
        self.tokens = nn.Flatten(2)
        self.turned = Turn()

    def forward(self, x):
        small = nn.functional.avg_pool2d(x, 2)
        self.turned(self.tokens(x))
        return [self.shared(x), self.shared(small)]


class Turn(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = Net()
    made.stem[1].running_mean.uniform_(-1, 1)
    made.stem[1].running_var.uniform_(0.5, 2)
    return made


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, SIZE[1], SIZE[0], 3), dtype=np.uint8)


def test_values_are_means_over_space(net, images):
    made = NetworkExtractor(net, ["stem", "head"], size=SIZE, mean=(0, 0, 0), std=(1, 1, 1))
    assert isinstance(made, Extractor)
    features = made.extract(images)
    net.eval()
    with torch.no_grad():
        x = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32) / 255)
        stem = net.stem(x)
        head = net(x)[0]
    np.testing.assert_allclose(features["stem"], stem.mean((2, 3)), atol=1e-5)
    np.testing.assert_allclose(features["head"], head, atol=1e-5)


def test_pooling_with_deviation(net, images):
    both = NetworkExtractor(net, ["stem"], size=SIZE, pooling="mean+std").extract(images)["stem"]
    mean = NetworkExtractor(net, ["stem"], size=SIZE).extract(images)["stem"]
    assert both.shape == (7, 12)
    assert np.array_equal(both[:, :6], mean)
    assert (both[:, 6:] > 0).all()


def test_several_tensors_stand_side_by_side(net, images):
    features = NetworkExtractor(net, ["levels", "levels.shared"], size=SIZE).extract(images)
    assert features["levels"].shape == (7, 12)  # a list of two levels
    assert np.array_equal(features["levels"], features["levels.shared"])  # one layer, run twice


def test_tokens_are_averaged(net, images):
    features = NetworkExtractor(net, ["stem", "levels.turned"], size=SIZE).extract(images)
    np.testing.assert_allclose(features["levels.turned"], features["stem"], atol=1e-6)


def test_maps_are_the_activations_where_they_are(net, images):
    layers = ["stem", "levels.shared", "levels", "levels.turned", "head"]
    made = NetworkExtractor(net, layers, size=SIZE, batch_size=3)
    assert isinstance(made, SpatialExtractor)
    maps = made.extract_maps(images)
    # Vectors and tokens have no places, and the levels have places of two sizes.
    assert {name: value.shape for name, value in maps.items()} == {"stem": (7, 12, 20, 6)}
    net.eval()
    with torch.no_grad():
        values = torch.from_numpy(made.preprocess.apply(images))
        stem = net.stem(values).numpy()
    np.testing.assert_allclose(maps["stem"], stem.transpose(0, 2, 3, 1), atol=1e-5)
    pooled = made.extract(images)["stem"]
    np.testing.assert_allclose(maps["stem"].mean(axis=(1, 2)), pooled, atol=1e-5)
    assert made.extract_maps(images[:0]) == {}


def test_the_compact_detector_has_maps_of_every_level(images):
    from isthmus.detect.detector import build_detector

    detector = build_detector("compact", ("vehicle",), seed=0, width=8)
    made = NetworkExtractor(detector, ("c1", "c2", "c3", "neck"), size=(64, 32))
    batch = np.zeros((2, 32, 64, 3), np.uint8)
    batch[1, 16:, 48:] = 255  # one picture with light in its lower right corner
    maps = made.extract_maps(batch)
    sizes = {name: value.shape[1:3] for name, value in maps.items()}
    assert sizes == {"c1": (8, 16), "c2": (4, 8), "c3": (2, 4), "neck": (8, 16)}
    moved = np.abs(maps["c1"][1] - maps["c1"][0]).sum(axis=2)
    assert np.unravel_index(moved.argmax(), moved.shape) >= (4, 12)
    assert moved[:2, :8].max() == 0


def test_batches_do_not_matter(net, images):
    layers = ["stem", "levels", "head"]
    one = NetworkExtractor(net, layers, size=SIZE)
    many = NetworkExtractor(net, layers, size=SIZE, batch_size=4)
    alone = one.extract(images[3:4])
    for layer, values in one.extract(images).items():
        assert np.array_equal(values[3:4], alone[layer])
        np.testing.assert_allclose(many.extract(images)[layer], values, atol=1e-5)


def test_training_on_changes_nothing_here(net, images):
    net.train()
    made = NetworkExtractor(net, ["stem"], size=SIZE)
    before = made.extract(images)["stem"]
    with torch.no_grad():
        net.stem[0].weight.add_(1)
    assert net.training
    assert np.array_equal(made.extract(images)["stem"], before)
    assert not made._module.stem[1]._forward_hooks


def test_fingerprint_follows_everything_that_matters(net):
    def fingerprint(**changes):
        return NetworkExtractor(
            net, changes.pop("layers", ["stem"]), size=SIZE, **changes
        ).fingerprint

    base = fingerprint()
    assert fingerprint() == base
    assert fingerprint(batch_size=3) == base
    variants = {
        fingerprint(layers=["head"]),
        fingerprint(mean=(0, 0, 0)),
        fingerprint(order="bgr"),
        fingerprint(pooling="mean+std"),
        fingerprint(fingerprint="given"),
    }
    net.stem[1].running_mean[0] += 1e-3
    variants.add(fingerprint())
    assert len(variants | {base}) == 7


def test_digest_reads_every_type_of_weight():
    net = nn.Linear(2, 2).to(torch.bfloat16)
    net.register_buffer("count", torch.tensor(3))
    before = module_digest(net)
    net.count += 1
    assert module_digest(net) != before


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["stern"], "did you mean 'stem'"),
        ([], "no layer asked for. Available: stem"),
    ],
)
def test_unknown_layers_list_the_layers(net, layers, words):
    with pytest.raises(InputError, match=words):
        NetworkExtractor(net, layers, size=SIZE)


def test_faults_are_named(net, images):
    with pytest.raises(InputError, match="gives no tensor"):
        NetworkExtractor(net, ["unused"], size=SIZE).extract(images)
    with pytest.raises(InputError, match="one row per image"):
        NetworkExtractor(nn.Sequential(nn.Flatten(0)), ["0"], size=SIZE).extract(images)
    with pytest.raises(InputError, match="'warp' cannot be used"):
        NetworkExtractor(net, ["stem"], size=SIZE, device="warp")
    with pytest.raises(InputError, match="std positive"):
        NetworkExtractor(net, ["stem"], size=SIZE, std=(0, 1, 1))
    with pytest.raises(InputError, match="none of mean, mean"):
        NetworkExtractor(net, ["stem"], pooling="max")


@pytest.fixture
def importable(monkeypatch):
    package = ModuleType("some_nets")
    package.build = Net
    package.broken = lambda: 1 / 0
    package.number = lambda: 3
    monkeypatch.setitem(sys.modules, "some_nets", package)


def test_a_network_by_spec(importable, images):
    made = load_extractor("torch:some_nets:build?size=40x24&scale=1/255&batch=2#stem,levels.shared")
    assert made.layers == ("stem", "levels.shared")
    assert made.preprocess.mean == (0, 0, 0)
    assert made.extract(images)["levels.shared"].shape == (7, 12)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere_to_be_found:build#a", "PYTHONPATH"),
        ("some_nets:bild#a", "has no attribute 'bild'"),
        ("some_nets:broken#a", "ZeroDivisionError"),
        ("some_nets:number#a", "gives a int, not a torch.nn.Module"),
        ("some_nets#a", "write torch:package.module:factory"),
        ("some_nets:build#stam", "did you mean 'stem'"),
        ("some_nets:build", "name a layer after '#'. Available: stem"),
        ("some_nets:build?batch=0#stem", "batch=0"),
        ("some_nets:build?pool=max#stem", "pool=max"),
        ("some_nets:build?order=gbr#stem", "order=gbr"),
        ("some_nets:build?std=0#stem", "std must be positive"),
        ("some_nets:build?mean=1,2#stem", "one number or three"),
        ("some_nets:build?scale=1/0#stem", "one number"),
    ],
)
def test_a_wrong_network_spec_says_what_is_wrong(importable, target, words):
    with pytest.raises(InputError) as caught:
        load_extractor(f"torch:{target}")
    assert words in str(caught.value)
