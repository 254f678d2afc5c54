"""Objects, context and background: each kind of window sees its own difference alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.errors import ConfigError, InputError
from isthmus.features.descriptors import Descriptors
from isthmus.files import canonical_json
from isthmus.gap.crops import COVERED, PartGap, Rules, crop_gaps, windows

SIZE = (32, 32)
EXTRACTOR = Descriptors(("colour",), SIZE)
FEW = {"permutations": 99, "bootstraps": 50, "floor_splits": 20}


def world(folder: Path, count: int, seed: int, *, objects: float, ground: float) -> list[Frame]:
    """Frames of 160 × 120 px with two boxes of noise each, on a ground of noise."""
    rng = np.random.default_rng(seed)
    frames = []
    for index in range(count):
        values = rng.normal(100 + ground, 12, (120, 160, 3))
        boxes = []
        for corner in ((20, 10), (100, 70)):
            x, y = (int(c + rng.integers(-8, 8)) for c in corner)
            values[y : y + 32, x : x + 32] = rng.normal(160 + objects, 12, (32, 32, 3))
            boxes.append(Box("thing", (x, y, x + 32, y + 32)))
        path = folder / f"{seed}-{index}.png"
        write_png(path, values.clip(0, 255).astype(np.uint8))
        frames.append(Frame(path.stem, path, 160, 120, path.stem, objects=tuple(boxes)))
    return frames


def by_part(found: tuple[PartGap, ...]) -> dict[str, PartGap]:
    return {gap.part: gap for gap in found}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    return world(tmp_path_factory.mktemp("source"), 20, 0, objects=0, ground=0)


@pytest.mark.parametrize(("objects", "ground"), [(40, 0), (0, -40), (0, 0)])
def test_the_part_that_differs_is_named(
    source: list[Frame], tmp_path: Path, objects: float, ground: float
) -> None:
    target = world(tmp_path, 20, 1, objects=objects, ground=ground)
    found = by_part(crop_gaps(source, target, EXTRACTOR, **FEW))
    for part, differs in (("object", objects), ("context", ground), ("background", ground)):
        gap = found[part]
        assert gap.frames_x == gap.units_x == 20
        assert gap.n <= 40  # two boxes a frame, and no window without one
        assert gap.n > (20 if part == "background" else 30)
        assert gap.low < gap.value < gap.high
        assert gap.ratio == pytest.approx(gap.value / gap.floor)
        if differs:
            # Two tight clusters: over half of all pairs lie across, so the median distance is
            # the one between the clusters, where the kernel is exp(-1).
            assert gap.value == pytest.approx(2 - 2 / np.e, abs=0.03)
            assert gap.ratio > 5
            assert gap.p_value == 0.01
        else:
            assert gap.low < 0 < gap.high
            assert gap.ratio < 1.5
    canonical_json([gap.to_document() for gap in found.values()])


def test_windows_keep_to_their_rules() -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    boxes = [Box("a", (10, 10, 50, 40)), Box("a", (50, 10, 90, 40)), Box("a", (0, 0, 8, 8))]
    found = windows("frame", picture, boxes, Rules(0.5, 16, 8, 0))
    assert found == windows("frame", picture, boxes, Rules(0.5, 16, 8, 0))
    assert found["object"] == [b.xyxy for b in boxes[:2]]  # the third is too small
    for part in ("context", "background"):
        for x1, y1, x2, y2 in found[part]:
            assert x1 >= 0
            assert y1 >= 0
            assert x2 <= 160
            assert y2 <= 120
            for box in boxes:
                a1, b1, a2, b2 = box.xyxy
                common = max(0, min(x2, a2) - max(x1, a1)) * max(0, min(y2, b2) - max(y1, b1))
                most = 0 if part == "background" else COVERED * (x2 - x1) * (y2 - y1)
                assert common <= most


def test_predictions_stand_in_for_labels_and_weak_ones_are_left_out(
    source: list[Frame], tmp_path: Path
) -> None:
    target = [replace(f, objects=None) for f in world(tmp_path, 20, 2, objects=0, ground=0)]
    assert {g.reason for g in crop_gaps(source, target, EXTRACTOR)} == {
        "the target has no boxes; give the predictions of a detector"
    }
    sure = [[Box("thing", (20, 10, 52, 42), score=0.9)]] * 20
    doubtful = [[replace(box, score=0.2) for box in boxes] for boxes in sure]
    found = by_part(crop_gaps(source, target, EXTRACTOR, target_boxes=sure, **FEW))
    assert found["object"].m == 20
    lost = by_part(crop_gaps(source, target, EXTRACTOR, target_boxes=doubtful, **FEW))
    assert lost["object"].reason.startswith("40 and 0 windows from 20 and 0 frames")
    assert (lost["object"].value, lost["object"].m, lost["object"].units_y) == (None, 0, 0)
    with pytest.raises(InputError, match="boxes for 3 frames"):
        crop_gaps(source, target, EXTRACTOR, target_boxes=sure[:3])


def test_units_are_frames_or_drives_and_never_windows(source: list[Frame], tmp_path: Path) -> None:
    target = world(tmp_path, 20, 3, objects=0, ground=0)
    drives = [
        [replace(f, sequence=f"{name}{i // 2}") for i, f in enumerate(frames)]
        for name, frames in (("s", source), ("t", target))
    ]
    found = by_part(crop_gaps(*drives, EXTRACTOR, **FEW))["object"]
    assert (found.n, found.units_x, found.unit_kind) == (40, 10, "sequences")


def test_any_metric_compares_windows(source: list[Frame], tmp_path: Path) -> None:
    target = world(tmp_path, 20, 1, objects=40, ground=0)
    found = by_part(crop_gaps(source, target, EXTRACTOR, metric="proxy_a_distance", **FEW))
    assert found["object"].value == 2.0  # every held-out frame's objects are told apart
    assert found["object"].p_value == 0.01
    assert found["context"].p_value > 0.05
    with pytest.raises(ConfigError, match="metric 'colours' is not known"):
        crop_gaps(source, target, EXTRACTOR, metric="colours")
