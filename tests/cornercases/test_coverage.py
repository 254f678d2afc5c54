"""Attributes, domains, cells, plans: what is told, what is missing, what is ordered."""

import numpy as np
import pytest

from isthmus.cornercases.attributes import ATTRIBUTES, Facts, value_of
from isthmus.cornercases.coverage import Side, coverage, explained_gap, own_cells
from isthmus.cornercases.odd import UNPROVEN, DesignDomain, load_design_domain, measured_domain
from isthmus.cornercases.plan import Order, Plan, frames_needed, load_plan, orders_for, write_plan
from isthmus.cornercases.scores.registry import SCORES
from isthmus.data.frame import Box
from isthmus.errors import ConfigError, InputError

DOMAIN = DesignDomain("d", {"light": ("day", "night"), "air": ("clear", "haze")}, (), 2)


def facts(**scores):
    return Facts(dict.fromkeys(SCORES, 0.0) | scores, None, 100)


def person(height, score=None, **more):
    return Box("person", (10, 100 - height, 20, 99), score=score, **more)


def side(*rows, worth=None):
    return Side(tuple(f"f{i}" for i in range(len(rows))), rows, worth or float(len(rows)))


DAY, NIGHT = {"light": "day", "air": "clear"}, {"light": "night", "air": "clear"}
FOG = {"light": "day", "air": "haze"}


def test_values_of_measured_attributes():
    assert value_of("light", facts()) == "day"
    assert value_of("light", facts(low_light=1.0)) == "low_light"
    assert value_of("light", facts(low_light=1.0, night=1.0)) == "night"
    assert value_of("road", facts(wet_road=0.9999, snow_cover=1.0)) == "snow_cover"
    assert value_of("precipitation", facts()) == "none"
    assert value_of("light", Facts({}, None, 100)) is None
    for attribute in ATTRIBUTES.values():
        assert set(attribute.remedies) <= set(attribute.values)


def test_values_from_boxes_count_what_is_sure():
    boxes = (person(10), person(50, score=0.9), person(60, score=0.2), person(90, ignore=True))
    known = Facts({}, boxes, 100)
    assert value_of("pedestrians", known) == "few"
    assert value_of("nearest", known) == "near"
    assert value_of("vehicles", known) == "none"
    assert value_of("pedestrians", facts()) is None
    assert value_of("weather", Facts({}, None, 1, {"weather": "rainy"})) == "rainy"


def test_a_condition_that_the_source_lacks_is_uncovered():
    source, target = side(*[DAY] * 90, *[FOG] * 10), side(*[DAY] * 50, *[NIGHT] * 50)
    found = coverage(source, target, DOMAIN)
    assert found.covered_mass == 0.5
    assert set(found.uncovered_ids) == {f"f{i}" for i in range(50, 100)}
    (cell,) = own_cells(found.cells)
    assert cell.values == {"light": "night"}
    assert (cell.source, cell.target, cell.missing) == (0, 50, 0.5)
    assert cell.source_share[2] == pytest.approx(0.037, abs=1e-3)  # Wilson's interval of 0 of 100
    assert found.completeness[2].share == 2 / 4


def test_a_combination_alone_is_told_as_one():
    fog_at_night = {"light": "night", "air": "haze"}
    source = side(*[DAY] * 40, *[NIGHT] * 40, *[FOG] * 40)
    target = side(*[DAY] * 20, *[fog_at_night] * 20)
    (cell,) = own_cells(coverage(source, target, DOMAIN).cells)
    assert cell.values == fog_at_night


def test_a_few_frames_ask_for_nothing():
    found = coverage(side(*[DAY] * 100), side(*[DAY] * 98, *[NIGHT] * 2), DOMAIN)
    assert own_cells(found.cells) == []
    assert found.covered_mass == 1


def test_weights_tell_what_the_source_lets_expect():
    source = side(*[DAY] * 50, *[NIGHT] * 50)
    weights = np.repeat([0.5, 1.5], 50)
    cells = coverage(source, side(*[NIGHT] * 20), DOMAIN, weights).cells
    (night,) = [c for c in cells if c.values == {"light": "night"}]
    assert night.expected == pytest.approx(0.75)


def test_what_the_target_does_not_tell_is_listed():
    domain = DesignDomain("d", {**DOMAIN.attributes, "weather": ("rainy", "clear")}, (), 2)
    found = coverage(side(DAY), side(DAY), domain)
    assert found.unknown == ("weather",)
    with pytest.raises(InputError, match="tells none"):
        coverage(side({"weather": "rainy"}), side({}), domain)


def test_the_gap_that_a_cell_explains():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(200, 3)).astype(np.float32)
    far = (rng.normal(size=(50, 3)) + 4).astype(np.float32)
    near = rng.normal(size=(50, 3)).astype(np.float32)
    target = np.concatenate([far, near])
    first = np.arange(100) < 50
    assert explained_gap(source, target, first) == pytest.approx(1, abs=0.05)
    assert explained_gap(source, target, ~first) < 0
    assert explained_gap(source, target, np.ones(100, bool)) is None  # nothing is left to judge by


def test_a_feature_that_hardly_varies_within_the_sets_does_not_make_the_gap():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(200, 9)).astype(np.float32)
    target = (rng.normal(size=(100, 9)) + 3).astype(np.float32)
    inside = np.arange(100) < 50
    target[~inside, 1:] -= 3  # all but the first feature differ in the cell alone
    known = explained_gap(source, target, inside)
    for rows in (source, target):  # which now hardly varies: 10 000 times as far by the source's
        rows[:, 0] = rng.normal(0, 1e-4, len(rows)) + (3 if rows is target else 0)
    assert explained_gap(source, target, inside) == pytest.approx(known, abs=0.25)
    assert known > 0.3


def test_orders_augment_where_there_is_something_to_start_from():
    source, target = side(*[DAY] * 100), side(*[DAY] * 50, *[NIGHT] * 50)
    cells = own_cells(coverage(source, target, DOMAIN).cells)
    (order,), left = orders_for(cells, source, ["night", "fog"])
    assert left == []
    assert order.augment.effect == "night"
    assert order.augment.where == {"light": "day"}
    assert order.frames == 100  # as many as there are make a half of all
    (order,), _ = orders_for(cells, source, [])
    assert order.synthesise.factors == {"sun_elevation": {"uniform": [-18, -8]}}


def test_what_nothing_makes_is_left():
    domain = DesignDomain("d", {"weather": ("clear", "foggy")}, (), 1)
    source, target = side(*[{"weather": "clear"}] * 30), side(*[{"weather": "foggy"}] * 30)
    cells = own_cells(coverage(source, target, domain).cells)
    orders, left = orders_for(cells, source, ["fog"])
    assert orders == []
    assert left == cells


def test_frames_needed_bring_the_share_up_to_the_targets():
    source = side(*[DAY] * 95, *[NIGHT] * 5)
    (cell,) = [
        c
        for c in coverage(source, side(*[DAY] * 75, *[NIGHT] * 25), DOMAIN).cells
        if c.values == {"light": "night"}
    ]
    more = frames_needed(cell, 100)
    assert (5 + more) / (100 + more) == pytest.approx(0.25, abs=0.01)


def test_a_plan_is_what_was_written(tmp_path):
    order = Order(cell={"light": "night"}, frames=7, synthesise={"factors": {"clouds": 1}})
    plan = Plan.model_validate(
        {
            "schema": "isthmus.plan/1",
            "source": {"path": "a.json"},
            "target": {"path": "/b"},
            "odd": DOMAIN.as_json(),
            "orders": [order],
        }
    )
    write_plan(plan, tmp_path / "plan.yaml")
    again = load_plan(tmp_path / "plan.yaml")
    assert again.orders == [order]
    assert again.domain == DOMAIN
    assert again.source.path == tmp_path / "a.json"


def test_faults_of_plans_and_domains_are_named(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("attributes:\n  light: [day, nihgt]\nnever:\n  - {air: haze}\n")
    with pytest.raises(ConfigError, match="did you mean 'night'") as raised:
        load_design_domain(file)
    assert "never.0: air" in str(raised.value)
    file.write_text("factors: {rain: 0}\n")
    with pytest.raises(ConfigError, match="how scenes are rendered"):
        load_design_domain(file)
    file.write_text("schema: isthmus.plan/1\norders: [{cell: {light: night}, frames: 0}]\n")
    with pytest.raises(ConfigError, match="frames"):
        load_plan(file)
    assert set(measured_domain().attributes) == set(ATTRIBUTES) - UNPROVEN
