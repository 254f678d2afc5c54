"""From two sets to a plan, and from the plan to frames that raise the coverage."""

import json

import numpy as np
import pytest

import isthmus
from isthmus.cornercases.plan import write_plan
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.data.manifest import save_manifest
from isthmus.errors import InputError
from isthmus.files import file_digest


def street(rng, light):
    """A sky over a road with walls and a car; `light` dims it, and in the dark two lamps shine."""
    image = np.zeros((96, 160, 3))
    image[:40] = (150, 180, 225)
    image[40:] = (95, 95, 98)
    for x in range(0, 160, 16):
        image[15:45, x : x + 12] = rng.uniform(60, 200, 3)
    image[55:75, 60:95] = rng.uniform(20, 220, 3)
    if light < 0.1:
        image[:15] = 0
        image[46:54, 8:20] = image[46:54, 120:132] = 255 / light
    noisy = image * light + rng.normal(0, 2, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def dataset(folder, name, n, light):
    rng = np.random.default_rng(len(name))
    frames = []
    for number in range(n):
        path = folder / f"{name}{number}.png"
        write_png(path, street(rng, light))
        boxes = (Box("car", (60, 55, 95, 75)),)
        frames.append(
            Frame(
                path.name,
                path,
                160,
                96,
                file_digest(path),
                sequence=f"{name}{number}",
                objects=boxes,
            )
        )
    save_manifest(Dataset(name, tuple(frames), (), ("car",)), folder / f"{name}.parquet")
    return folder / f"{name}.parquet"


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    odd = folder / "odd.yaml"
    odd.write_text("attributes:\n  light: [day, low_light, night]\n  vehicles: [none, few, many]\n")
    day, night = dataset(folder, "day", 14, 1.0), dataset(folder, "night", 14, 0.06)
    return folder, isthmus.plan_corner_cases(day, night, folder / "out", odd=odd)


def test_the_night_is_missing_and_ordered(planned):
    folder, found = planned
    assert found.coverage.covered_mass == 0
    first = found.document["ranked"][0]
    assert first["values"] == {"light": "night"}
    assert first["target"]["share"] == 1
    assert first["explained_gap"] == 1
    assert (folder / "out" / first["gallery"]).is_file()
    assert found.document["unknown_attributes"] == ["vehicles"]  # the target has no labels
    order = found.plan.orders[0]
    assert order.augment.effect == "night"
    assert json.loads((folder / "out" / "corner_cases.json").read_text())["coverage"] == 0


def test_executing_the_plan_raises_the_coverage(planned):
    folder, _ = planned
    made = isthmus.generate_plan(folder / "out" / "plan.yaml", folder / "made")
    document = made.document
    assert document["coverage_before"] == 0
    assert document["coverage_after"] > document["coverage_before"]
    assert document["orders"][0]["made"] == document["orders"][0]["asked"] == len(made.dataset)
    again = isthmus.read_dataset(made.labels)
    assert len(again) == len(made.dataset)
    assert all(frame.objects is not None for frame in again)


def test_a_plan_without_orders_is_refused(planned, tmp_path):
    _, found = planned
    write_plan(found.plan.model_copy(update={"orders": []}), tmp_path / "plan.yaml")
    with pytest.raises(InputError, match="orders nothing"):
        isthmus.generate_plan(tmp_path / "plan.yaml", tmp_path / "made")
