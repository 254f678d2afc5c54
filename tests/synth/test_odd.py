"""The ODD: read with all its faults, covered by its design, one reproducible row an image."""

from dataclasses import asdict, replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.errors import ConfigError, InputError
from isthmus.option_file import OptionFile
from isthmus.synth.odd import load_odd, read_rows, sample_rows, write_rows
from isthmus.synth.odd.covering import count_combinations, covering_array
from isthmus.synth.odd.distributions import distribution
from isthmus.synth.odd.domain import Domain, domain
from isthmus.synth.odd.rows import counterfactual
from isthmus.synth.odd.sun import sun_position
from isthmus.synth.world.factors import FACTORS, Factors

WET = """
name: wet dusk
factors:
  sun_elevation: {uniform: [-6, 10]}
  rain: {log_uniform: [0.5, 20]}
  road_type: {choice: {street: 3, avenue: 1}}
  lanes: [1, 2, 3]
when:
  - if: {rain: {above: 5}}
    then: {visibility: {uniform: [300, 3000]}}
never:
  - {road_type: avenue, lanes: 1}
"""


def _odd(tmp_path, text):
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    return load_odd(path)


def test_rows_keep_ranges_dependencies_and_rules(tmp_path):
    rows = sample_rows(_odd(tmp_path, WET), 200, seed=4)
    assert len(rows) == 200
    for row in rows:
        f = row.factors
        assert -6 <= f.sun_elevation <= 10
        assert 0.5 <= f.rain <= 20
        assert (f.road_type, f.lanes) != ("avenue", 1)
        assert (f.rain > 5) == (f.visibility < 10000)
        if f.rain > 5:
            assert 300 <= f.visibility <= 3000
    assert {f.factors.lanes for f in rows} == {1, 2, 3}
    median = np.median([r.factors.rain for r in rows])
    assert median == pytest.approx(np.sqrt(0.5 * 20), rel=0.1)


def test_the_same_seed_gives_the_same_rows_and_a_longer_request_the_same_first(tmp_path):
    odd = _odd(tmp_path, WET)
    assert sample_rows(odd, 20, 1) == sample_rows(odd, 50, 1)[:20]
    assert sample_rows(odd, 20, 1) != sample_rows(odd, 20, 2)


@pytest.mark.parametrize("design", ["sobol", "latin_hypercube", "random"])
def test_a_design_spreads_its_points(tmp_path, design):
    factors = "{clouds: {uniform: [0, 1]}, curvature: {uniform: [-0.01, 0.01]}}"
    text = f"design: {design}\nfactors: {factors}"
    values = np.sort([r.factors.clouds for r in sample_rows(_odd(tmp_path, text), 64, 3)])
    counts = np.histogram(values, bins=16, range=(0, 1))[0]
    if design == "latin_hypercube":
        assert (np.histogram(values, bins=64, range=(0, 1))[0] == 1).all()
    if design == "sobol":
        assert (counts == 4).all()
    assert counts.sum() == 64


def test_a_t_wise_design_covers_every_allowed_pair(tmp_path):
    text = """
design: t_wise
levels: 2
factors:
  road_type: [street, avenue, suburb, rural]
  season: [summer, autumn, winter]
  snow_cover: {uniform: [0, 1]}
  junction: [none, crossroads]
  parking: [none, left]
when:
  - if: {season: summer}
    then: {snow_cover: 0}
never:
  - {road_type: rural, junction: crossroads}
"""
    rows = [asdict(r.factors) for r in sample_rows(_odd(tmp_path, text), 16, 0)]
    names = {"road_type": 4, "season": 3, "junction": 2, "parking": 2}
    for a, b in combinations(names, 2):
        pairs = {(r[a], r[b]) for r in rows}
        missing = 1 if {a, b} == {"road_type", "junction"} else 0
        assert len(pairs) == names[a] * names[b] - missing, (a, b)


@given(
    levels=st.lists(st.integers(2, 4), min_size=2, max_size=6),
    strength=st.integers(1, 3),
    seed=st.integers(0, 10),
)
@settings(max_examples=15, deadline=None)
def test_a_covering_array_holds_every_combination(levels, strength, seed):
    rows, unreachable = covering_array(levels, strength, np.random.default_rng(seed))
    assert not unreachable
    t = min(strength, len(levels))
    for factors in combinations(range(len(levels)), t):
        want = set(product(*(range(levels[f]) for f in factors)))
        assert want == {tuple(row[f] for f in factors) for row in rows}
    assert len(rows) <= np.prod(levels)
    assert count_combinations(levels, strength) == sum(
        int(np.prod([levels[f] for f in factors]))
        for factors in combinations(range(len(levels)), t)
    )


def test_a_design_of_too_many_combinations_is_refused_at_once(tmp_path):
    names = ("rain", "clouds", "wetness", "camera_height", "camera_pitch", "camera_fov",
             "ego_speed", "lens_dirt", "noise_gain", "defocus", "visibility")  # fmt: skip
    ranges = [(name, *FACTORS[name].metadata["range"]) for name in names]
    factors = "".join(f"  {n}: {{uniform: [{low}, {high}]}}\n" for n, low, high in ranges)
    text = f"factors:\n{factors}design: t_wise\nstrength: 4\nlevels: 10"
    with pytest.raises(ConfigError, match="3300000 combinations of 4 of 11 factors' levels"):
        sample_rows(_odd(tmp_path, text), 1)


def test_a_covering_array_names_what_its_rules_leave_out():
    rows, unreachable = covering_array(
        [2, 2], 2, np.random.default_rng(0), lambda row: row != (1, 1)
    )
    assert sorted(rows) == [(0, 0), (0, 1), (1, 0)]
    assert unreachable == [((0, 1), (1, 1))]


def test_a_sweep_repeats_a_scene_with_one_factor_changed(tmp_path):
    text = "factors: {clouds: {uniform: [0, 1]}}\nsweep: {visibility: [50, 500, 5000]}\nframes: 2"
    rows = sample_rows(_odd(tmp_path, text), 12, 0)
    assert [(r.scene, r.frame, r.variant) for r in rows[:7]] == [
        (0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 1), (0, 1, 2), (1, 0, 0),
    ]  # fmt: skip
    assert [r.factors.visibility for r in rows[:3]] == [50, 500, 5000]
    assert len({replace(r.factors, visibility=0) for r in rows[:6]}) == 1
    assert rows[3].time == pytest.approx(0.1)


def test_what_cannot_be_is_not_swept_over(tmp_path):
    rule = "never: [{visibility: {below: 200}, rain: {above: 10}}]\n"
    text = "factors: {rain: {uniform: [0, 20]}}\n" + rule + "sweep: {visibility: [100, 1000]}"
    rows = sample_rows(_odd(tmp_path, text), 32)
    assert max(row.factors.rain for row in rows) <= 10
    assert {row.factors.visibility for row in rows} == {100, 1000}
    frozen = "factors: {rain: 20}\n" + rule + "sweep: {visibility: [1000, 100]}"
    with pytest.raises(ConfigError, match="never: visibility below 200"):
        sample_rows(_odd(tmp_path, frozen), 1)


def test_nothing_hangs_on_what_is_swept(tmp_path):
    text = """factors: {clouds: 1, rain: 3}
when:
  - {if: {clouds: 1}, then: {visibility: 900, rain: 7}}
  - {if: {rain: {above: 10}}, then: {visibility: 500}}
sweep: {rain: [0, 20]}
"""
    with pytest.raises(ConfigError, match=r"line 4: when\.1\.if\.rain: swept") as fault:
        _odd(tmp_path, text)
    assert "when.0" not in str(fault.value)
    rows = sample_rows(_odd(tmp_path, text.replace("rain: {above: 10}", "clouds: 0")), 2)
    assert [(r.factors.rain, r.factors.visibility) for r in rows] == [(0, 900), (20, 900)]


def test_a_counterfactual_keeps_all_else(tmp_path):
    row = sample_rows(_odd(tmp_path, WET), 1)[0]
    other = counterfactual(row, wetness=0.25)
    assert other.factors == replace(row.factors, wetness=0.25)
    with pytest.raises(ConfigError, match="within"):
        counterfactual(row, rain=900)


def test_faults_are_reported_all_at_once_with_their_lines(tmp_path):
    text = """
factors:
  rainn: 3
  rain: {uniform: [0, 900]}
  clouds: {gauss: [0, 1]}
  season: spring
never:
  - {colour: red}
sweep: {visibility: [1]}
desing: sobol
"""
    with pytest.raises(ConfigError) as fault:
        _odd(tmp_path, text)
    message = str(fault.value)
    assert "7 faults" in message
    for words in ("line 3: factors.rainn", "did you mean 'rain'", "line 4: factors.rain: ", "50",
                  "log_uniform", "factors.season", "line 8: never.0.colour", "sweep.visibility",
                  "line 10: desing"):  # fmt: skip
        assert words in message, words


def test_a_fault_of_form_hides_no_other_fault(tmp_path):
    text = """
name: 4
factors:
  rain: {uniform: [-2, 900]}
  street_lamps: [auto, on]
  3: 4
sun: [1]
when:
  - 3
  - {if: {rian: 3, road_type: {above: 3}}}
  - {iff: 3, if: {rain: wet}, then: {lanes: 9}}
never:
  - 5
  - {season: spring, road_type: []}
sweep: {visibility: [1, 100], clouds: 4}
"""
    with pytest.raises(ConfigError) as fault:
        _odd(tmp_path, text)
    lines = [line.strip() for line in str(fault.value).splitlines()[1:]]
    places = [line.split(": ")[1] for line in lines]
    assert sorted(places) == sorted(
        ["name", "factors.rain", "factors.rain", "factors.street_lamps", "factors.3.[key]", "sun",
         "when.0", "when.1.then", "when.1.if.rian", "when.1.if.road_type", "when.2.iff",
         "when.2.if.rain", "when.2.then.lanes", "never.0", "never.1.season", "never.1.road_type",
         "sweep.visibility", "sweep.clouds"]
    )  # fmt: skip
    assert any("in quotes" in line for line in lines)
    assert "line 11: when.2.iff: unknown option; did you mean 'if'?" in lines


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["rain", "street"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["if", "then", "rain", "choice", 3]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["name", "factors", "sun", "when", "never", "sweep", "design", "x", 1]),
        YAML_VALUES,
        max_size=5,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_file_holds_is_a_domain_or_a_list_of_its_faults(values):
    try:
        found = domain(OptionFile(values))
    except ConfigError:
        return
    assert isinstance(found, Domain)


@pytest.mark.parametrize("text", ["", "# all commented out\n", "---\n", "null"])
def test_an_empty_file_is_no_domain_but_empty_factors_are_the_default(tmp_path, text):
    with pytest.raises(
        ConfigError, match=r"(?s)odd\.yaml: empty.*isthmus synth schema.*factors: {}"
    ):
        _odd(tmp_path, text)
    (row,) = sample_rows(_odd(tmp_path, "factors: {}"), 1)
    assert row.factors == Factors.of({})


def test_a_domain_nobody_can_satisfy_says_which_rule_forbids_it(tmp_path):
    text = "factors: {clouds: {uniform: [0, 1]}}\nnever: [{clouds: {below: 2}}]"
    with pytest.raises(ConfigError, match="never: clouds below 2"):
        sample_rows(_odd(tmp_path, text), 3)


@pytest.mark.parametrize(
    "written",
    [{"uniform": [1, 1]}, {"log_uniform": [0, 1]}, {"normal": [0, 1, 50, 60]}, {"choice": {}},
     {"triangular": [0, 5, 1]}, {"integers": [0.5, 2]}, {"choice": {"a": -1}}, None,
     {"a": 1, "b": 2}, ["x", "x"], {"uniform": "ab"}, {"uniform": [0, float("inf")]}],
)  # fmt: skip
def test_what_is_no_distribution_is_refused(written):
    with pytest.raises(ConfigError):
        distribution(written)


def test_quantiles_are_those_of_their_distributions():
    assert distribution({"uniform": [2, 4]}).at(0.25) == 2.5
    assert distribution({"log_uniform": [1, 100]}).at(0.5) == pytest.approx(10)
    assert distribution({"triangular": [0, 1, 2]}).at(0.5) == pytest.approx(1)
    assert distribution({"triangular": [0, 1, 2]}).at(0.125) == pytest.approx(0.5)
    assert distribution({"normal": [5, 2, -5, 15]}).at(0.5) == pytest.approx(5)
    assert [distribution({"integers": [1, 3]}).at(u) for u in (0, 0.4, 0.99)] == [1, 2, 3]
    weighted = distribution({"choice": {"a": 1, "b": 3}})
    assert [weighted.at(u) for u in (0.24, 0.26)] == ["a", "b"]


def test_the_sun_stands_where_almanacs_say():
    # Solstice noon at 48° north: 90 − 48 + 23.45; equinox: the complement of the latitude.
    assert sun_position(48, 172, 12) == pytest.approx((65.45, 180), abs=0.1)
    assert sun_position(48, 81, 12)[0] == pytest.approx(42, abs=0.5)
    east, west = sun_position(48, 81, 8), sun_position(48, 81, 16)
    assert east[0] == pytest.approx(west[0])
    assert east[1] == pytest.approx(360 - west[1], abs=1e-6)
    assert 90 < east[1] < 180
    assert sun_position(48, 1, 0)[0] < -50


def test_time_and_place_decide_the_sun(tmp_path):
    text = "sun: {latitude: 48, day: 172, hour: 12, heading: 180}"
    row = sample_rows(_odd(tmp_path, text), 1)[0]
    assert row.factors.sun_elevation == pytest.approx(65.45, abs=0.1)
    assert min(row.factors.sun_azimuth, 360 - row.factors.sun_azimuth) < 0.1
    both = "factors: {sun_elevation: 3}\nsun: {hour: 12, lattitude: 3, day: 900}"
    with pytest.raises(ConfigError, match=r"(?s)leave one.*latitude.*366"):
        _odd(tmp_path, both)


def test_a_table_gives_the_rows_back_and_refuses_others(tmp_path):
    rows = sample_rows(_odd(tmp_path, WET), 5)
    write_rows(rows, tmp_path / "rows.parquet")
    assert read_rows(tmp_path / "rows.parquet") == rows
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"bad\.parquet"):
        read_rows(tmp_path / "bad.parquet")


def test_every_factor_is_in_the_docs_and_in_the_schema():
    from pathlib import Path

    from isthmus.synth.odd.schema import odd_schema
    from isthmus.synth.world.factors import FACTORS

    page = (Path(__file__).parents[2] / "docs" / "synthesis.md").read_text(encoding="utf-8")
    assert [name for name in FACTORS if f"`{name}`" not in page] == []
    assert set(odd_schema()["properties"]["factors"]["properties"]) == set(FACTORS)


@pytest.mark.parametrize("name", ["odd", "clear-day", "fog", "night"])
def test_the_examples_are_domains_whose_rows_keep_their_schema(name):
    from pathlib import Path

    import jsonschema
    import yaml

    from isthmus.synth.odd.schema import odd_schema

    path = Path(__file__).parents[2] / "examples" / "street-world" / f"{name}.yaml"
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), odd_schema())
    assert len(sample_rows(load_odd(path), 40)) == 40
