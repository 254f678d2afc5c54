"""Corner cases: what is found, what is left alone, and how it is told."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from made_weather import expose, fog, night
from scipy.ndimage import gaussian_filter

from isthmus.compute.local import LocalExecutor
from isthmus.cornercases.conditions import CONDITIONS, RELATIVE, relative_conditions
from isthmus.cornercases.corner_cases import find_corner_cases
from isthmus.cornercases.document import conditions_document
from isthmus.cornercases.measures import MEASURES, measure_image
from isthmus.cornercases.table import (
    ConditionTable,
    measure_conditions,
    read_table,
    write_table,
)
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import read_rgb, write_png
from isthmus.errors import InputError

TYPICAL = {
    "luminance": (25, 5), "lightness": (48, 5), "contrast": (27, 2), "over_exposed": (5, 2),
    "under_exposed": (3, 1), "sharpness": (0.78, 0.02), "haze": (0.004, 0.001),
    "sky_darkness": (0.6, 0.2), "colour_cast": (2, 0.5), "cast_direction": (0, 60),
}  # fmt: skip


def made(n, seed, prefix, **changes):
    """A table of `n` independent frames of clear day, with other (mean, deviation) per measure."""
    rng = np.random.default_rng(seed)
    values = {}
    for name, usual in TYPICAL.items():
        mean, deviation = changes.get(name, usual)
        low, high = MEASURES[name].low, MEASURES[name].high
        values[name] = np.clip(rng.normal(mean, deviation, n), low, high)
    return ConditionTable(tuple(f"{prefix}{i}" for i in range(n)), ("",) * n, values)


def joined(*tables):
    return ConditionTable(
        tuple(i for t in tables for i in t.ids),
        tuple(s for t in tables for s in t.sequences),
        {name: np.concatenate([t.values[name] for t in tables]) for name in MEASURES},
    )


def rare(source, target):
    return [c.condition.name for c in find_corner_cases(source, target) if c.rare]


def test_equal_sets_have_no_corner_cases():
    found = [len(rare(made(300, seed, "s"), made(150, seed + 100, "t"))) for seed in range(40)]
    assert sum(found) <= 2  # 17 intervals a pair, 680 in all


def test_all_absolute_conditions_are_listed_with_their_shares():
    source, target = made(200, 0, "s"), made(100, 1, "t", lightness=(22, 2))
    cases = find_corner_cases(source, target)
    assert {c.condition.name for c in cases} >= set(CONDITIONS)
    assert cases[0].condition.name == "low_light"
    assert cases[0].rare
    assert cases[0].condition.remedy == "low_light"
    for case in cases:
        assert case.source_low <= case.source_share <= case.source_high
        assert case.target_low <= case.target_share <= case.target_high
        assert len(case.target_frames) == round(case.target_share * 100)
        assert len(case.source_frames) == round(case.source_share * 200)


def test_a_share_of_fog_in_the_target_is_found():
    source = made(400, 2, "s")
    target = joined(made(160, 3, "t"), made(40, 4, "f", haze=(0.3, 0.03), contrast=(17, 1)))
    (case,) = [c for c in find_corner_cases(source, target) if c.rare]
    assert case.condition.name == "haze"
    assert case.condition.remedy == "fog"
    assert case.target_share == pytest.approx(0.2)
    assert set(case.target_frames) == {f"f{i}" for i in range(40)}


def test_what_the_source_has_too_is_not_rare():
    source = joined(made(150, 5, "s"), made(50, 6, "n", lightness=(22, 2)))
    assert "low_light" not in rare(source, made(100, 7, "t", lightness=(22, 2)))


def test_a_target_where_the_source_has_nothing_is_found_without_fixed_limits():
    source = made(300, 8, "s", haze=(0.004, 0.001))
    target = made(100, 9, "t", haze=(0.05, 0.005), sharpness=(0.68, 0.01))
    names = rare(source, target)
    assert set(names) == {"haze_above_source", "sharpness_below_source"}
    (case,) = [c for c in find_corner_cases(source, target) if c.condition.name == names[0]]
    assert case.source_share <= 0.01
    assert "the 99th percentile of the source" in find_text(source, "haze_above_source")


def find_text(source, name):
    return next(c.description for c in relative_conditions(source) if c.name == name)


def test_what_a_fixed_limit_explains_is_not_said_twice():
    source, target = (
        made(300, 10, "s"),
        made(100, 11, "t", lightness=(20, 2), under_exposed=(20, 2)),
    )
    assert rare(source, target) == ["low_light"]


def test_a_single_odd_frame_is_no_corner_case():
    source = made(300, 12, "s")
    target = joined(made(200, 13, "t"), made(2, 14, "x", lightness=(5, 1), sky_darkness=(6, 1)))
    assert "night" not in rare(source, target)


NIGHT = {"lightness": (23, 2), "contrast": (20, 1), "sky_darkness": (6, 0.5)}


def test_night_asks_for_night_alone():
    source = made(300, 30, "s")
    (case,) = [c for c in find_corner_cases(source, made(80, 31, "t", **NIGHT)) if c.rare]
    assert (case.condition.name, case.condition.remedy) == ("night", "night")
    # Nor does a night among days, or one that a camera shows light.
    mixed = joined(made(60, 32, "d"), made(40, 33, "n", **{**NIGHT, "lightness": (34, 1)}))
    assert rare(source, mixed) == ["night"]


def test_darkness_is_no_fog():
    source = made(300, 34, "s")
    dark = made(80, 35, "t", lightness=(33, 1), contrast=(18, 1))
    assert rare(source, dark) == ["lightness_below_source"]
    veiled = made(80, 36, "t", contrast=(18, 1))
    assert rare(source, veiled) == ["contrast_below_source"]
    dense = made(80, 37, "t", contrast=(10, 1))
    assert rare(source, dense) == ["low_contrast"]


def test_what_several_fixed_limits_explain_together_is_not_said_again():
    source = made(300, 38, "s")
    target = joined(made(40, 39, "n", **NIGHT), made(40, 40, "l", lightness=(22, 2)))
    assert set(rare(source, target)) == {"night", "low_light"}


def test_relative_limits_leave_one_percent_of_the_source():
    source = made(1000, 15, "s")
    for condition in relative_conditions(source):
        assert 0 <= condition.members(source).mean() <= 0.01
    assert len(relative_conditions(source)) == len(RELATIVE)
    assert len({c.name for c in relative_conditions(source)}) == len(RELATIVE)


def test_the_most_typical_frames_come_first():
    target = joined(
        made(1, 16, "odd", lightness=(29, 0), sharpness=(0.3, 0), haze=(0.1, 0)),
        made(40, 17, "t", lightness=(22, 1)),
    )
    case = next(
        c for c in find_corner_cases(made(100, 18, "s"), target) if c.condition.name == "low_light"
    )
    assert case.target_frames[-1] == "odd0"
    assert case.target_frames[0] != "odd0"


def test_objects_under_a_condition_are_counted():
    source = joined(made(99, 19, "s"), made(1, 20, "n", lightness=(20, 1)))
    boxes = (
        Box("car", (0, 0, 5, 5)), Box("car", (1, 1, 5, 5)), Box("person", (0, 0, 2, 5)),
        Box("car", (0, 0, 1, 1), ignore=True),
    )  # fmt: skip
    frames = tuple(Frame(i, None, 8, 8, i, objects=boxes) for i in source.ids)
    target = made(50, 21, "t")
    with_labels = find_corner_cases(source, target, Dataset("day", frames))
    case = next(c for c in with_labels if c.condition.name == "low_light")
    assert case.source_objects == {"car": 2, "person": 1}
    assert find_corner_cases(source, target)[0].source_objects is None


def test_empty_tables_are_refused():
    with pytest.raises(InputError, match="target: no measured frames"):
        find_corner_cases(made(3, 0, "s"), made(0, 0, "t"))


def as_table(images, prefix):
    rows = [measure_image(image) for image in images]
    return ConditionTable(
        tuple(f"{prefix}{i}" for i in range(len(rows))),
        tuple(f"{prefix}{i}" for i in range(len(rows))),
        {name: np.array([row[name] for row in rows]) for name in MEASURES},
    )


def test_made_weather_on_real_frames_is_named_rightly(day):
    source = as_table([image for image, _ in day], "s")
    weather = {
        "haze": [fog(i, s, 80) for i, s in day],
        "night": [night(i, s) for i, s in day],
        "low_light": [expose(i, -3, 0.001) for i, _ in day],
        "blur": [gaussian_filter(i, (2, 2, 0)) for i, _ in day],
        "colour_cast": [np.rint(i * np.array([1, 0.8, 0.5])).astype(np.uint8) for i, _ in day],
    }
    for name, images in weather.items():
        found = rare(source, as_table(images, "t"))
        assert found[0] == name
        assert not set(found) & (set(weather) - {name})


def camvid(shared_data, sequences):
    listed = json.loads((shared_data / "camvid" / "coco.json").read_text())["images"]
    return [
        Frame(
            entry["file_name"], shared_data / "camvid" / entry["file_name"], 480, 360,
            hashlib.sha256(entry["file_name"].encode()).hexdigest(),
            sequence=entry["sequence"], attributes={"time": entry["time"]},
        )
        for entry in listed
        if entry["sequence"] in sequences
    ]  # fmt: skip


def test_real_dusk_is_a_corner_case_of_real_day(shared_data, tmp_path):
    day = camvid(shared_data, {"0006R0", "0016E5"})[::6]
    dusk = camvid(shared_data, {"0001TP"})[::3]
    tables = measure_conditions(day), measure_conditions(dusk)
    cases = find_corner_cases(*tables)
    first = cases[0]
    assert (first.condition.name, first.rare, first.condition.remedy) == (
        "low_light",
        True,
        "low_light",
    )
    assert first.target_low > 0.6
    assert first.source_share < 0.05
    assert not any(c.rare for c in cases if c.condition.name in ("haze", "night", "blur"))
    # The other way round, day is no low light, but brighter than dusk.
    back = [c.condition.name for c in find_corner_cases(*tables[::-1]) if c.rare]
    assert "low_light" not in back
    assert "lightness_above_source" in back or "over_exposure" in back

    unlabelled = [replace(frame, attributes={}) for frame in dusk]
    document = conditions_document(*tables, cases, day, unlabelled, folder=tmp_path)
    check_document(document, tmp_path)
    assert document["attributes"] == [
        {"attribute": "time", "value": "day", "source_share": 1.0, "target_share": None}
    ]
    names = document["conditions"][0]["target_examples"]
    assert len(names) == 3
    assert np.mean(read_rgb(tmp_path / names[0])) < 80


def check_document(document, folder):
    """The published form of the `conditions` result."""
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(document) == {"schema", "measures", "conditions", "attributes"}
    assert document["schema"] == "isthmus.conditions/1"
    for row in document["measures"]:
        assert set(row) == {
            "name", "label", "unit", "edges", "source", "target", "source_median", "target_median",
        }  # fmt: skip
        for side in ("source", "target"):
            assert len(row[side]) == len(row["edges"]) - 1
            assert sum(row[side]) == pytest.approx(1, abs=1e-4)
            if row["name"] != "cast_direction":
                assert row["edges"][0] <= row[f"{side}_median"] <= row["edges"][-1]
    for row in document["conditions"]:
        assert set(row) == {
            "name", "label", "description", "rare", "remedy", "target_examples", "source_examples",
            *(f"{s}_{p}" for s in ("source", "target") for p in ("share", "low", "high")),
        }  # fmt: skip
        for name in (*row["target_examples"], *row["source_examples"]):
            assert (folder / name).is_file()


def test_attributes_of_both_sides():
    table = made(4, 22, "s")
    source = [
        Frame(f"s{i}", None, 8, 8, "", attributes={"weather": w}) for i, w in enumerate("aab")
    ]
    source.append(Frame("s3", None, 8, 8, ""))
    target = [Frame(f"t{i}", None, 8, 8, "", attributes={"weather": w}) for i, w in enumerate("bc")]
    document = conditions_document(table, table, [], source, target, folder=None)
    assert document["attributes"] == [
        {"attribute": "weather", "value": "a", "source_share": 0.5, "target_share": 0.0},
        {"attribute": "weather", "value": "b", "source_share": 0.25, "target_share": 0.5},
        {"attribute": "weather", "value": "c", "source_share": 0.0, "target_share": 0.5},
    ]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    made_frames = []
    for i in range(50):
        write_png(folder / f"{i}.png", rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        made_frames.append(Frame(f"f{i}", folder / f"{i}.png", 40, 30, f"{i:064d}", sequence="s"))
    return made_frames


def test_workers_change_nothing(frames, tmp_path):
    steps = []
    alone = measure_conditions(frames, progress=lambda *step: steps.append(step))
    assert steps == [(n, 50, "conditions") for n in (16, 32, 48, 50)]
    many = measure_conditions(frames, executor=LocalExecutor(2))
    assert alone.ids == many.ids == tuple(f.id for f in frames)
    for name in MEASURES:
        assert np.array_equal(alone.values[name], many.values[name])
    path = tmp_path / "conditions.parquet"
    write_table(alone, path)
    again = read_table(path)
    assert (again.ids, again.sequences, again.problems) == (alone.ids, alone.sequences, ())
    for name in MEASURES:
        assert np.array_equal(alone.values[name], again.values[name])


def test_unreadable_frames_are_listed_and_left_out(frames, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    bad = Frame("bad", tmp_path / "text.jpg", 40, 30, "x")
    tiny = replace(frames[0], id="tiny", width=5)
    table = measure_conditions([frames[0], bad, tiny, frames[1]])
    assert table.ids == ("f0", "f1")
    assert [p.path for p in table.problems] == [str(bad.image), str(tiny.image)]
    assert "too few" in table.problems[1].reason
    write_table(table, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").problems == table.problems
    with pytest.raises(InputError, match="none of 1 image"):
        measure_conditions([bad])
    with pytest.raises(InputError, match="no frames"):
        measure_conditions([])


def test_other_files_are_no_tables(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(InputError, match="not a table of measured conditions"):
        read_table(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "b.parquet")
