"""The heat map peaks where the difference is, and stays cold without one."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch

from isthmus.errors import ConfigError, InputError
from isthmus.features.descriptors import Descriptors
from isthmus.features.network import NetworkExtractor
from isthmus.files import canonical_json
from isthmus.gap.cells import layer_features, map_features, patch_features
from isthmus.gap.mmd import mmd
from isthmus.gap.regions import region_gaps


def noise(count: int, seed: int) -> np.ndarray:
    """Pictures of 96 × 144 px, grey noise over slow shading."""
    rng = np.random.default_rng(seed)
    values = rng.normal(120, 12, (count, 96, 144, 1)) + rng.normal(0, 4, (count, 1, 1, 1))
    return np.repeat(values, 3, axis=3).clip(0, 255).astype(np.uint8)


def test_a_shift_in_one_corner_is_seen_there_and_nowhere_else() -> None:
    x, y = noise(24, 0), noise(24, 1)
    y[:, 64:, :48, 2] -= 40  # the lower left corner loses blue
    extractor = Descriptors(("colour",), (48, 32))
    left, right = (patch_features(side, extractor, (3, 3))["colour"] for side in (x, y))
    assert left.shape[:3] == (24, 3, 3)
    for correction in ("max", "bh"):
        found = region_gaps(left, right, permutations=299, correction=correction)
        assert found.peak == (2, 0)
        assert found.stands_out.tolist() == [[False] * 3, [False] * 3, [True, False, False]]
        others = np.delete(found.value.ravel(), 6)
        assert found.value[2, 0] > 10 * others.max()
    assert found.value[2, 0] == pytest.approx(mmd(left[:, 2, 0], right[:, 2, 0]), abs=1e-9)
    canonical_json(found.to_document())
    assert found.to_document()["stands_out"][2] == [True, False, False]


def test_without_a_gap_hardly_any_map_has_a_cell_that_stands_out() -> None:
    called = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        # Cells of a frame go together, as sky and road do in one light.
        x, y = rng.normal(size=(2, 24, 4, 5, 2)) + rng.normal(size=(2, 24, 1, 1, 2))
        found = region_gaps(x, y, permutations=99, floor_splits=0)
        called += bool(found.stands_out.any())
    assert called <= 4


def test_frames_of_a_video_are_exchanged_in_blocks() -> None:
    rng = np.random.default_rng(4)
    walk = np.cumsum(rng.normal(size=(2, 150, 1, 1, 3)), axis=1) * 0.4
    walk -= 0.06 * walk.cumsum(axis=1) / np.arange(1, 151)[None, :, None, None, None]
    x, y = walk + rng.normal(size=(2, 150, 2, 2, 3)) * 0.1
    apart = region_gaps(x, y, permutations=199, floor_splits=20)
    drives = ["a"] * 150
    video = region_gaps(x, y, groups_x=drives, groups_y=drives, permutations=199, floor_splits=20)
    assert video.unit_kind == "blocks"
    assert video.units_x < 40
    assert (video.p_value >= apart.p_value).all()
    assert (video.floor > 3 * apart.floor).all()


def test_positions_of_a_layer_fall_into_their_cells() -> None:
    maps = np.zeros((2, 7, 9, 3), np.float32)
    maps[0, 6, 8, 1] = 9.0
    cells = map_features(maps, (2, 3))
    assert cells.shape == (2, 2, 3, 3)
    assert np.flatnonzero(cells).tolist() == [np.ravel_multi_index((0, 1, 2, 1), cells.shape)]
    np.testing.assert_allclose(map_features(maps, (7, 9))[0, 6, 8, 1], 9.0)
    np.testing.assert_allclose(map_features(maps, (1, 1))[0, 0, 0, 1], 9 / 63)


def test_layers_of_a_network_give_cells_and_the_hottest_lies_where_the_shift_is() -> None:
    net = torch.nn.Sequential(
        OrderedDict(
            fine=torch.nn.AvgPool2d(8), coarse=torch.nn.AvgPool2d(4), vector=torch.nn.Flatten()
        )
    )
    extractor = NetworkExtractor(
        net, list(net._modules), size=(144, 96), mean=(0, 0, 0), std=(1, 1, 1), scale=1
    )
    x, y = noise(24, 0), noise(24, 1)
    y[:, 64:, :48, 2] -= 40  # the lower left corner loses blue
    left, right = (layer_features(side, extractor, (3, 6)) for side in (x, y))
    # A vector has no cells; a layer of 3 x 4 positions cannot fill 3 x 6.
    assert {name: cells.shape for name, cells in left.items()} == {
        "fine": (24, 3, 6, 3),
        "coarse": (24, 3, 4, 3),
    }
    means = x.reshape(24, 3, 32, 6, 24, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(left["fine"], means, rtol=1e-5)
    found = region_gaps(left["fine"], right["fine"], permutations=299)
    assert found.peak in ((2, 0), (2, 1))
    assert np.argwhere(found.stands_out).tolist() == [[2, 0], [2, 1]]


def test_unknown_floors_are_null_and_wrong_input_is_refused() -> None:
    x = np.random.default_rng(5).normal(size=(10, 2, 2, 2))
    found = region_gaps(x, x[::-1], permutations=19, floor_splits=0)
    assert found.to_document()["floor"] == [[None, None], [None, None]]
    with pytest.raises(InputError, match="same grid"):
        region_gaps(x, x[:, :1])
    with pytest.raises(ConfigError, match="correction"):
        region_gaps(x, x, correction="none")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no 5 × 5 cells"):
        map_features(np.zeros((1, 4, 9, 2)), (5, 5))
    with pytest.raises(ConfigError, match="grid"):
        map_features(np.zeros((1, 4, 9, 2)), (0, 5))
