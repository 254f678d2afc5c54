"""The kind of gap from estimates in different units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isthmus.files import canonical_json
from isthmus.gap import Estimate, measure
from isthmus.gap.characterise import characterise

rng = np.random.default_rng(0)
BASE = measure(
    rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 1, "mmd", permutations=99, bootstraps=50
)


def estimate(value: float, floor: float | None, p: float = 0.01) -> Estimate:
    return replace(
        BASE,
        value=value,
        low=value / 2,
        high=value * 2,
        floor=floor,
        ratio=None if floor is None else value / floor,
        above_floor=None if floor is None else value > floor,
        p_value=p,
    )


def test_ratios_to_floors_make_kinds_comparable() -> None:
    colour, texture, shape = characterise(
        [
            ("texture", estimate(4.0, 2.0)),
            ("colour and light", estimate(500.0, 100.0)),
            ("colour and light", estimate(0.07, 0.01)),
            ("shape", estimate(0.5, 1.0, p=0.6)),
            ("texture", estimate(0.04, 0.01)),
        ]
    )
    assert (colour.kind, texture.kind, shape.kind) == ("colour and light", "texture", "shape")
    assert colour.ratio == pytest.approx(6)
    assert (colour.low, colour.high) == (pytest.approx(3), pytest.approx(12))
    assert texture.ratio == pytest.approx(3)
    assert colour.share == pytest.approx(5 / 7)
    assert shape.share == 0
    assert (colour.above, colour.estimates, colour.p_value) == (2, 2, pytest.approx(0.02))
    assert colour.stands_out
    assert not shape.stands_out
    canonical_json([kind.to_json() for kind in (colour, texture, shape)])


def test_nothing_stands_out() -> None:
    quiet, unknown = characterise(
        [("shape", estimate(0.1, 1.0, p=0.4)), ("texture", estimate(0.1, None))]
    )
    assert quiet.share is None
    assert not quiet.stands_out
    assert unknown.ratio is None
    assert unknown.kind == "texture"


def test_many_looks_at_one_kind_are_paid_for() -> None:
    (kind,) = characterise([("shape", estimate(2.0, 1.0, p=0.02))] * 5)
    assert kind.p_value == pytest.approx(0.1)
    assert not kind.stands_out
