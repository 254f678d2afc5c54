"""Misses of a detector in labelled frames of the target, and where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset, write_dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.errors import ConfigError, InputError
from isthmus.study.corner_cases import plan_corner_cases
from isthmus.study.misses import find_misses


def labelled(folder: Path, *objects: tuple[Box, ...]) -> tuple[Path, Dataset]:
    """A label file of as many frames as objects are given, and the set read again."""
    frames = []
    for number, boxes in enumerate(objects):
        path = folder / f"{number}.png"
        write_png(path, np.full((40, 40, 3), 20 * number, np.uint8))
        frames.append(Frame(path.name, path, 40, 40, f"{number:064x}", objects=boxes))
    path = write_dataset(Dataset("labelled", tuple(frames)), folder / "set", "coco")
    return path, read_dataset(path)


CAR = Box("car", (0.0, 0.0, 20.0, 20.0))


def test_an_object_is_missed_where_no_sure_box_of_its_class_covers_half(tmp_path):
    walker = Box("person", (20.0, 20.0, 30.0, 40.0))
    crowd = Box("person", (0.0, 30.0, 9.0, 40.0), ignore=True)
    path, target = labelled(tmp_path, (CAR, walker, crowd), (CAR,), (CAR,))
    found = [
        (Box("car", (0.0, 0.0, 20.0, 14.0), score=0.9),  # IoU 0.7
         Box("car", walker.xyxy, score=0.9)),  # of another class
        (Box("car", CAR.xyxy, score=0.05),),  # not sure
    ]  # fmt: skip
    predicted = {frame.digest: boxes for frame, boxes in zip(target, found, strict=False)}
    misses, problems = find_misses(path, None, target, predicted)
    names = [frame.id for frame in target]
    assert misses.counts == {names[0]: (2, 1), names[1]: (1, 1)}
    assert misses.within(names[:1]) == {"objects": 2, "missed": 1, "share_of_misses": 0.5}
    assert misses.within(names[2:]) == {"objects": 0, "missed": 0, "share_of_misses": 0.0}
    assert problems == ()


def test_labels_of_other_images_and_labels_without_predictions_are_refused(tmp_path):
    path, target = labelled(tmp_path, (CAR,))
    with pytest.raises(InputError, match="none of its labelled images"):
        find_misses(path, None, target, {})
    with pytest.raises(ConfigError, match="where predictions are given too"):
        plan_corner_cases(path, path, tmp_path / "out", labelled=path)
