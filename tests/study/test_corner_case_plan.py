"""From two sets to a plan, and from the plan to frames that raise the coverage."""

import json
from dataclasses import replace

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
from isthmus.study.generate_plan import _wanted, folder_name


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
    assert first["explained_gap"] is None  # no target frame lies outside the cell
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
    order = document["orders"][0]
    # Lamps as bright as a square's leave some frames that are not read as night: more are made.
    assert order["show_it"] >= order["asked"]
    assert order["asked"] <= order["made"] == len(made.dataset) <= 1.5 * order["asked"]
    again = isthmus.read_dataset(made.labels)
    assert len(again) == len(made.dataset)
    assert all(frame.objects is not None for frame in again)


def test_a_plan_without_orders_is_refused(planned, tmp_path):
    _, found = planned
    write_plan(found.plan.model_copy(update={"orders": []}), tmp_path / "plan.yaml")
    with pytest.raises(InputError, match="orders nothing"):
        isthmus.generate_plan(tmp_path / "plan.yaml", tmp_path / "made")


def predicted(folder, target, boxes):
    """A detector's boxes on a data set's images, kept apart under the names that those have."""
    made = isthmus.read_dataset(target)
    frames = tuple(replace(f, objects=boxes) for f in made)
    return isthmus.write_dataset(Dataset("p", frames, (), ("car",)), folder, "coco")


def test_predictions_are_the_targets_by_their_pixels_and_go_with_the_plan(planned, tmp_path):
    folder, _ = planned
    boxes = tuple(Box("car", (10 * i, 50, 10 * i + 9, 60), score=0.9) for i in range(8))
    file = predicted(tmp_path / "boxes", folder / "night.parquet", boxes)
    found = isthmus.plan_corner_cases(
        folder / "day.parquet", folder / "night.parquet", tmp_path / "out",
        odd=folder / "odd.yaml", predictions=file,
    )  # fmt: skip
    assert not found.document["unknown_attributes"]
    many = next(c for c in found.document["cells"] if c["values"] == {"vehicles": "many"})
    assert (many["source"]["share"], many["target"]["share"]) == (0, 1)
    orders = [o for o in found.plan.orders if o.cell == {"light": "night"}]
    write_plan(found.plan.model_copy(update={"orders": orders}), tmp_path / "out" / "plan.yaml")
    made = isthmus.generate_plan(tmp_path / "out" / "plan.yaml", tmp_path / "made")
    # Night is there now, many vehicles are not: what the detector saw still counts.
    assert made.document["coverage_before"] == made.document["coverage_after"] == 0
    with pytest.raises(InputError, match="none of its images with boxes is an image of target"):
        isthmus.plan_corner_cases(
            folder / "day.parquet", folder / "day.parquet", tmp_path / "no", predictions=file
        )


def test_where_fewer_show_the_cell_than_ordered_more_are_made():
    assert _wanted(20, 0, 0) == 20
    assert _wanted(20, 20, 20) == 0
    assert _wanted(20, 20, 10) == 20  # half of them show it
    assert _wanted(20, 40, 19) == 3
    assert _wanted(20, 20, 1) == 40  # never more than three times the order
    assert _wanted(20, 60, 3) == 0
    assert _wanted(20, 20, 0) == 0  # none shows it: more would not either


def test_the_names_of_a_plan_stay_inside_the_folder():
    assert folder_name("light-night+air-haze") == "light-night+air-haze"
    assert "/" not in folder_name("light-../../etc/x")
    assert folder_name("..") == "-"
