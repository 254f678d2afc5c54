"""Which frames count as independent, and what it costs to get that wrong."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import InputError
from isthmus.gap import METRICS, find_units, measure, measure_all
from isthmus.gap.compare import compare_gaps
from isthmus.gap.h_divergence import proxy_a_distance
from isthmus.gap.layers import measure_layers
from isthmus.gap.slices import slice_matrices

FEW = {"permutations": 99, "bootstraps": 0, "floor_splits": 0}


def video(rng: np.random.Generator, frames: int, keep: float, d: int = 4) -> np.ndarray:
    out = rng.normal(size=(frames, d))
    for i in range(1, frames):
        out[i] = keep * out[i - 1] + np.sqrt(1 - keep**2) * out[i]
    return out


def test_without_groups_each_frame_is_a_unit() -> None:
    units = find_units(np.zeros((5, 1)), np.zeros((3, 1)))
    assert (units.kind, units.count_x, units.count_y) == ("frames", 5, 3)
    assert not units.warnings


def test_enough_sequences_are_the_units() -> None:
    groups = [f"s{i % 9}" for i in range(45)]
    units = find_units(np.zeros((45, 1)), np.zeros((16, 1)), groups, np.repeat(np.arange(8), 2))
    assert (units.kind, units.count_x, units.count_y) == ("sequences", 9, 8)
    np.testing.assert_array_equal(units.x, np.arange(45) % 9)


def test_frames_without_a_sequence_stand_for_themselves() -> None:
    groups = ["a", "a", None, "", None, "b", "c", "d", "e", "f"]
    units = find_units(np.zeros((10, 1)), np.zeros((8, 1)), groups, [None] * 8)
    assert (units.kind, units.count_x, units.count_y) == ("sequences", 9, 8)
    np.testing.assert_array_equal(units.x, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    alone = find_units(np.zeros((8, 1)), np.zeros((9, 1)), range(8), range(9))
    assert alone.kind == "frames"


@pytest.mark.parametrize("unnamed", [None, [None] * 40, [""] * 40])
@pytest.mark.parametrize("frames", [4, 40])  # a drive: ten of them a side are enough, one is not
def test_sequences_on_one_side_leave_the_other_sides_frames_independent(unnamed, frames) -> None:
    rng = np.random.default_rng(0)
    x, y = video(rng, 40, 0.8), rng.normal(size=(40, 4))
    drives = [f"drive{i // frames}" for i in range(40)]
    said = "only {} side, has sequences: each of the 40 frames of {} side, counts as independent"
    one, two = "x, the first", "y, the second"
    first = find_units(x, y, drives, unnamed)
    assert [w.startswith(said.format(one, two)) for w in first.warnings].count(True) == 1
    second = find_units(y, x, unnamed, drives)
    assert [w.startswith(said.format(two, one)) for w in second.warnings].count(True) == 1
    if frames == 4:
        assert (first.kind, first.count_x, first.count_y) == ("sequences", 10, 40)


def test_sequences_on_both_sides_and_names_for_single_frames_are_not_warned_about() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 40, 3))
    drives = [i // 4 for i in range(40)]
    assert not find_units(x, y, drives, drives).warnings
    assert not find_units(x, y, drives, range(40)).warnings  # each frame by a name of its own
    assert not find_units(x, y, range(40), None).warnings


def test_one_sided_sequences_are_told_wherever_a_gap_is_measured() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 40, 3))
    drives = [i // 4 for i in range(40)]
    found = {
        "measure": measure(x, y, groups_x=drives, **FEW),
        "layers": measure_layers({"a": x}, {"a": y}, groups_x=drives, **FEW).combined,
        "compare": compare_gaps(x, x, y, groups_target=drives, **FEW),
        "slices": slice_matrices(
            x, y, {"t": ["day"] * 40}, {"t": ["day"] * 40}, groups_y=drives, **FEW
        )[0].cells[0],
    }
    for name, estimate in found.items():
        told = [w for w in estimate.warnings if "counts as independent" in w]
        assert len(told) == 1, name
        side = "x" if name in ("measure", "layers") else "y"
        assert told[0].startswith(f"only {side}, the"), name
        assert (estimate.units_x, estimate.units_y) == ((10, 40) if side == "x" else (40, 10))


def test_blocks_follow_the_autocorrelation() -> None:
    rng = np.random.default_rng(0)
    lengths = []
    for keep in (0.5, 0.8, 0.95):
        x, y = video(rng, 2000, keep), video(rng, 1500, keep)
        units = find_units(x, y, ["a"] * 2000, ["b"] * 1500)
        lag = -1 / np.log(keep)  # where keep^lag = 1/e
        assert units.decorrelation == pytest.approx(lag, rel=0.4, abs=0.5)
        assert units.block_length == int(np.ceil(4 * units.decorrelation))
        lengths.append(units.block_length)
    assert lengths == sorted(lengths)


def test_blocks_of_independent_frames_are_frames() -> None:
    rng = np.random.default_rng(1)
    units = find_units(rng.normal(size=(200, 3)), rng.normal(size=(90, 3)), ["a"] * 200, ["b"] * 90)
    assert (units.kind, units.count_x, units.block_length) == ("frames", 200, None)


def test_blocks_are_contiguous_in_one_sequence_and_keep_apart() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([video(rng, 300, 0.9), video(rng, 200, 0.9)])
    y = video(rng, 250, 0.9)
    groups = np.repeat(["a", "b"], [300, 200])
    units = find_units(x, y, groups, ["c"] * 250)
    assert units.kind == "blocks"
    assert units.gap > 0
    for unit in range(units.count_x):
        rows = np.flatnonzero(units.x == unit)
        assert len(rows) >= units.block_length - units.gap
        assert np.ptp(rows) == len(rows) - 1
        assert len(set(groups[rows])) == 1
    inside = np.flatnonzero(np.diff(np.flatnonzero(units.x >= 0)) > 1)
    assert len(inside) == units.count_x - 2  # a gap between neighbours, none at the ends
    assert any("2 sequences of x and 1 sequence of y" in text for text in units.warnings)


def test_short_sequences_are_joined_to_blocks_of_like_length() -> None:
    rng = np.random.default_rng(3)
    x = video(rng, 300, 0.9)
    y = np.concatenate([video(rng, 5, 0.9) for _ in range(60)])
    units = find_units(x, y, ["a"] * 300, np.repeat(np.arange(60), 5))
    sizes = np.bincount(units.y)
    assert sizes.min() >= units.block_length / 2
    assert sizes.max() < 1.5 * units.block_length + 5
    assert (units.y >= 0).all()


def test_a_short_strongly_correlated_video_is_warned_about() -> None:
    rng = np.random.default_rng(4)
    units = find_units(video(rng, 60, 0.99), video(rng, 60, 0.99), ["a"] * 60, ["b"] * 60)
    assert min(units.count_x, units.count_y) >= 4
    assert any("optimistic" in warning for warning in units.warnings)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("m", [2, 3, 9])
def test_tiny_videos_still_give_an_answer(n: int, m: int) -> None:
    rng = np.random.default_rng(n + m)
    x, y = video(rng, n, 0.9), video(rng, m, 0.9)
    units = find_units(x, y, ["a"] * n, ["b"] * m)
    assert units.count_x >= min(n, 4)
    assert units.count_y >= min(m, 4)
    for name in METRICS:
        extra = {"bounds": (-9, 9)} if name == "cmd" else {}
        found = measure(
            x,
            y,
            name,
            groups_x=["a"] * n,
            groups_y=["b"] * m,
            permutations=9,
            bootstraps=9,
            floor_splits=3,
            **extra,
        )
        assert np.isfinite(found.value), name


def test_groups_of_the_wrong_length_are_told() -> None:
    with pytest.raises(InputError, match="groups_y has 2 entries for 3 rows"):
        find_units(np.zeros((3, 1)), np.zeros((3, 1)), ["a"] * 3, ["b"] * 2)


def test_an_estimate_says_what_it_rests_on() -> None:
    rng = np.random.default_rng(5)
    x, y = video(rng, 300, 0.8), video(rng, 200, 0.8)
    found = measure(x, y, "mmd", groups_x=["a"] * 300, groups_y=["b"] * 200, **FEW)
    assert (found.n, found.m) == (300, 200)
    assert 4 <= found.units_y <= found.units_x < 30
    assert found.block_length >= 8
    assert found.params["units"] == "blocks"
    assert found.params["frames_used_x"] < 300


def test_videos_cry_wolf_when_frames_count_as_independent() -> None:
    """Two stretches of one process: no gap. Frames exchanged singly see one nearly every time."""
    wolf = quiet = 0
    runs = 40
    for number in range(runs):
        rng = np.random.default_rng(number)
        x, y = video(rng, 240, 0.85), video(rng, 160, 0.85)
        wolf += measure(x, y, "mmd", **FEW).p_value <= 0.05
        honest = measure(x, y, "mmd", groups_x=["a"] * 240, groups_y=["b"] * 160, **FEW)
        quiet += honest.p_value <= 0.05
    assert wolf >= 0.8 * runs
    assert quiet <= 0.15 * runs


def test_a_classifier_must_not_see_the_test_frames_neighbours() -> None:
    """With places instead of domains to recognise, frames split at random look far apart."""
    rng = np.random.default_rng(0)
    places = rng.normal(size=(24, 10))
    rows = np.repeat(places, 10, axis=0) + 0.05 * rng.normal(size=(240, 10))
    x, y = rows[:120], rows[120:]
    place = np.repeat(np.arange(12), 10)
    by_frame = proxy_a_distance(x, y)
    by_place = proxy_a_distance(x, y, groups_x=place, groups_y=place)
    assert by_frame > 0.5
    assert by_place < 0.5 * by_frame


def test_few_units_that_are_all_told_apart_still_leave_doubt() -> None:
    lows = []
    for frames in (6, 30, 150):
        rng = np.random.default_rng(frames)
        x, y = rng.normal(size=(2, frames, 3))
        found = measure(x, y + 12, "proxy_a_distance", permutations=0, floor_splits=5)
        assert (found.value, found.high) == (2.0, 2.0)
        lows.append(found.low)
    assert lows == sorted(lows)
    assert 0 < lows[0] < 1.6
    assert lows[2] > 1.95


@pytest.mark.parametrize("scenario", ["frames", "sequences"])
def test_p_values_are_uniform_without_a_gap(scenario: str) -> None:
    names = ["mmd", "cmd", "frechet", "proxy_a_distance"]
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(60):
        rng = np.random.default_rng(number)
        if scenario == "frames":
            x, y, groups = rng.normal(size=(40, 3)), rng.normal(size=(25, 3)), None
        else:
            x, y = (np.concatenate([video(rng, 5, 0.9, 3) for _ in range(12)]) for _ in "xy")
            groups = np.repeat(np.arange(12), 5)
        estimates = measure_all(x, y, names, groups_x=groups, groups_y=groups, seed=number, **FEW)
        for name in names:
            found[name].append(estimates[name].p_value)
    for name, values in found.items():
        # 60 draws: the mean of uniforms has a deviation of 0.037, 6 or fewer of 60 below 0.05.
        assert 0.35 < np.mean(values) < 0.65, name
        assert np.sum(np.array(values) <= 0.05) <= 8, name


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["frames", "sequences", "blocks"])
def test_false_positives_stay_at_their_level(scenario: str) -> None:
    names = ["mmd", "sliced_wasserstein", "cmd", "proxy_a_distance", "frechet"]
    draws = 1000
    rejected = dict.fromkeys(names, 0)
    for number in range(draws):
        rng = np.random.default_rng(number)
        if scenario == "frames":
            x, y, groups_x, groups_y = (
                rng.normal(size=(60, 4)),
                rng.normal(size=(50, 4)),
                None,
                None,
            )
        elif scenario == "sequences":
            x, y = (np.concatenate([video(rng, 8, 0.9) for _ in range(12)]) for _ in "xy")
            groups_x = groups_y = np.repeat(np.arange(12), 8)
        else:
            x, y = video(rng, 400, 0.8), video(rng, 300, 0.8)
            groups_x, groups_y = ["a"] * 400, ["b"] * 300
        requests = {name: {"projections": 16} if "sliced" in name else {} for name in names}
        estimates = measure_all(
            x, y, requests, groups_x=groups_x, groups_y=groups_y, seed=number, **FEW
        )
        for name in names:
            rejected[name] += estimates[name].p_value <= 0.05
    for name in names:
        assert 0.03 <= rejected[name] / draws <= 0.075, rejected


def test_frames_without_sequences_are_not_called_drives():
    rng = np.random.default_rng(0)
    y = np.concatenate([np.cumsum(rng.normal(size=(40, 3)), axis=0) for _ in range(3)])
    found = find_units(rng.normal(size=(60, 3)), y, None, np.repeat(["a", "b", "c"], 40))
    said = " ".join(found.warnings)
    assert "3 sequences of y: the result tells these drives apart" in said
    assert "60 sequences" not in said
