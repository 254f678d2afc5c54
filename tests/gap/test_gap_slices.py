"""Slices: the cell with the gap is found, cells without one are left alone, small ones named."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.errors import ConfigError, InputError
from isthmus.files import canonical_json
from isthmus.gap.multiple import benjamini_hochberg
from isthmus.gap.slices import condition_bins, slice_matrices

FEW = {"permutations": 199, "bootstraps": 20, "floor_splits": 20}
TIMES = ["day"] * 40 + ["night"] * 40


def test_the_cell_that_differs_is_found() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 80, 3))
    x[40:] += 2  # night in the source
    (found,) = slice_matrices(x, y, {"time": TIMES}, {"time": TIMES}, **FEW)
    assert found.rows == found.columns == ("day", "night")
    cells = {(cell.source, cell.target): cell for cell in found.cells}
    assert cells["night", "day"].stands_out
    assert cells["night", "night"].stands_out
    assert not cells["day", "day"].stands_out
    assert not cells["day", "night"].stands_out
    values = found.values()
    assert (values[1] > 5 * np.abs(values[0])).all()
    assert found.values("q_value").tolist() == [
        [cells[a, b].q_value for b in found.columns] for a in found.rows
    ]
    adjusted = benjamini_hochberg([cell.p_value for cell in found.cells])
    assert [cell.q_value for cell in found.cells] == adjusted
    canonical_json(found.to_document())


def test_without_any_gap_hardly_any_cell_is_called() -> None:
    called = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, 120, 3))
        labels = [f"s{i % 4}" for i in range(120)]
        (found,) = slice_matrices(
            x, y, {"s": labels}, {"s": labels}, permutations=399, bootstraps=0, floor_splits=10
        )
        assert len(found.cells) == 16
        called += any(cell.stands_out for cell in found.cells)
    assert called <= 2


def test_small_and_unknown_slices_are_listed_not_measured() -> None:
    rng = np.random.default_rng(1)
    labels = ["rain"] * 5 + ["clear"] * 60 + [None] * 10 + [""] * 5
    x, y = rng.normal(size=(2, 80, 2))
    (found,) = slice_matrices(x, y, {"weather": labels}, {"weather": ["clear"] * 80}, **FEW)
    assert [(cell.source, cell.target) for cell in found.cells] == [("clear", "clear")]
    named = {(s.side, s.slice): (s.frames, s.reason) for s in found.skipped}
    assert named["source", "rain"] == (5, "fewer than 20 frames")
    assert named["source", "(unknown)"][0] == 15


def test_attributes_can_be_crossed_and_share_one_correction() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 80, 2))
    bins_x, bins_y = condition_bins(x[:, 0], y[:, 0], 2)
    found = slice_matrices(
        x, y, {"time": TIMES, "light": bins_x}, {"light": bins_y},
        [("time", "light"), ("light", "light")], **FEW,
    )  # fmt: skip
    assert [m.source_attribute for m in found] == ["time", "light"]
    cells = [cell for m in found for cell in m.cells]
    assert [c.q_value for c in cells] == benjamini_hochberg([c.p_value for c in cells])
    # Dark source against bright target is a gap by construction.
    assert found[1].values("stands_out")[0, 1] == 1


def test_bins_hold_equally_many_frames_and_say_where_they_lie() -> None:
    x = np.arange(30.0)
    labels, others = condition_bins(x, np.array([np.nan, 100.0]), 3)
    assert [labels.count(name) for name in dict.fromkeys(labels)] == [10, 10, 10]
    assert others[0] is None
    assert others[1] == labels[-1]
    flat, _ = condition_bins(np.ones(5), np.ones(5))
    assert set(flat) == {"1"}
    with pytest.raises(InputError, match="finite"):
        condition_bins([np.nan], [np.nan])


def test_too_few_permutations_and_wrong_labels_are_said() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 80, 2))
    (found,) = slice_matrices(
        x, y, {"t": TIMES}, {"t": TIMES}, permutations=19, bootstraps=0, floor_splits=0
    )
    assert "at least 80" in found.warnings[0]
    with pytest.raises(InputError, match="values for 80 frames"):
        slice_matrices(x, y, {"t": TIMES[:3]}, {"t": TIMES})
    with pytest.raises(InputError, match="no attribute is known on both sides"):
        slice_matrices(x, y, {"t": TIMES}, {})
    with pytest.raises(InputError, match="the target has no attribute 'scene'"):
        slice_matrices(x, y, {"t": TIMES}, {"t": TIMES}, [("t", "scene")])
    with pytest.raises(ConfigError, match="fdr"):
        slice_matrices(x, y, {"t": TIMES}, {"t": TIMES}, fdr=0)
