"""A metric over layers: each layer's own estimate, and one sum on shared resamples."""

import numpy as np
import pytest

from isthmus.errors import ConfigError, InputError
from isthmus.gap.inference import measure
from isthmus.gap.layers import measure_layers

FEW = {"permutations": 99, "bootstraps": 60, "floor_splits": 20}


@pytest.fixture
def sides():
    rng = np.random.default_rng(4)
    x = {"early": rng.random((80, 3)), "late": rng.random((80, 5))}
    y = {"early": rng.random((60, 3)), "late": np.clip(rng.random((60, 5)) + 0.3, 0, 1)}
    return x, y


@pytest.mark.parametrize(
    ("metric", "params"), [("cmd", {"bounds": (0.0, 1.0)}), ("mmd", {}), ("proxy_a_distance", {})]
)
def test_every_layer_reports_what_it_would_alone(metric, params, sides):
    x, y = sides
    profile = measure_layers(x, y, metric, **FEW, **params)
    for name in x:
        assert profile.layers[name] == measure(x[name], y[name], metric, **FEW, **params)
    assert profile.deepest_contrast == "late"


def test_the_sum_is_weighted_and_resampled_as_one(sides):
    x, y = sides
    weights = {"early": 1.0, "late": 3.0}
    profile = measure_layers(x, y, "cmd", weights=weights, bounds=(0.0, 1.0), **FEW)
    assert profile.weights == {"early": 0.25, "late": 0.75}
    parts = [profile.weights[name] * e.value for name, e in profile.layers.items()]
    assert profile.combined.value == pytest.approx(sum(parts), rel=1e-12)
    assert profile.combined.d == 8
    assert profile.combined.p_value == 0.01
    assert profile.combined.low < profile.combined.value < profile.combined.high


def test_layers_that_say_the_same_do_not_narrow_the_interval(sides):
    x, y = sides
    twice = measure_layers(
        {"a": x["late"], "b": x["late"]}, {"a": y["late"], "b": y["late"]}, "mmd", **FEW
    )
    alone = measure(x["late"], y["late"], "mmd", **FEW)
    assert twice.combined.low == pytest.approx(alone.low, rel=1e-9)
    assert twice.combined.high == pytest.approx(alone.high, rel=1e-9)
    assert twice.combined.floor == pytest.approx(alone.floor, rel=1e-9)


def test_a_layer_can_have_its_own_bounds_and_weight_zero_is_left_out(sides):
    x, y = sides
    profile = measure_layers(
        x, y, "cmd", weights={"late": 2.0}, layer_params={"late": {"bounds": (0.0, 2.0)}}, **FEW
    )
    assert list(profile.layers) == ["late"]
    assert profile.layers["late"].params["bounds"] == [0.0, 2.0]


@pytest.mark.parametrize("metric", ["mmd", "energy", "precision_gap"])
def test_products_by_torch_give_the_same_profile(metric, sides, monkeypatch):
    """Torch on the processor ("cpu:0") against numpy ("cpu"), in the float32 of networks."""
    monkeypatch.setattr("isthmus.gap.metric.SMALL", 0)  # small samples are widened to float64
    x, y = ({k: v.astype(np.float32) for k, v in side.items()} for side in sides)
    here = measure_layers(x, y, metric, **FEW)
    there = measure_layers(x, y, metric, device="cpu:0", **FEW)
    for one, two in zip(
        (here.combined, *here.layers.values()),
        (there.combined, *there.layers.values()),
        strict=True,
    ):
        for name in ("value", "low", "high", "floor", "p_value"):
            assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-5, abs=1e-7)
    with pytest.raises(ConfigError, match="nowhere"):
        measure_layers(x, y, metric, device="nowhere", **FEW)


def test_what_cannot_be_measured_together_is_refused(sides):
    x, y = sides
    with pytest.raises(InputError, match="expected the same"):
        measure_layers(x, {"early": y["early"]})
    with pytest.raises(InputError, match="different numbers of frames"):
        measure_layers({**x, "late": x["late"][:9]}, y)
    with pytest.raises(ConfigError, match="weights"):
        measure_layers(x, y, weights={"early": -1.0})
    with pytest.raises(ConfigError, match="middle"):
        measure_layers(x, y, weights={"middle": 1.0})
