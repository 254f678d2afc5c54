"""Estimated depth: ground beside a person within the box is ground, and the person is not."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import Geometry, default_depth
from isthmus.augment.surfaces import surfaces
from isthmus.data.frame import Box

GEOMETRY = Geometry(0.5, 0.9, 1.4)
BODY = np.s_[80:128, 146:154]


def ground_in_box(category):
    """The share of body and of ground inside a box that counts as sealed ground."""
    image = np.full((180, 320, 3), 90, np.uint8)
    image[:88] = (190, 205, 230)
    image[BODY] = (150, 40, 30)
    boxes = (Box(category, (138.0, 76.0, 162.0, 130.0)),)
    depth = default_depth(image, boxes, GEOMETRY)
    arrays = Arrays(image, boxes, geometry=GEOMETRY, exact=False)
    sealed = surfaces(arrays, depth).sealed
    rows = np.s_[96:128]
    return sealed[rows, 147:153].mean(), sealed[rows, 139:145].mean(), sealed[rows, 155:161].mean()


@pytest.mark.parametrize("category", ["person", "pedestrian", "bicycle"])
def test_the_ground_beside_a_person_is_not_left_bare(category):
    body, left, right = ground_in_box(category)
    assert body < 0.1
    assert min(left, right) > 0.95


def test_a_vehicle_fills_its_box():
    _, left, right = ground_in_box("car")
    assert max(left, right) < 0.5
