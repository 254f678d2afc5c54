"""Every writer: what it holds comes back, and what it does not hold is named. Nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from isthmus.data import rle
from isthmus.data.dataset import Dataset
from isthmus.data.formats import WRITERS, losses, read_dataset, write_dataset
from isthmus.data.formats.losses import PARTS, is_plain_outline
from isthmus.data.frame import Box, Camera, Frame, Shape
from isthmus.data.shapes import Cuboid, Polygon
from isthmus.errors import InputError
from isthmus.files import file_digest

SIZE = (50, 20)
CAMERA = Camera(500.0, 510.0, 25.0, 10.0, (0.1, -0.05, 0.001, 0.0))


def full_dataset(folder: Path, make_image: Callable[..., Path]) -> Dataset:
    """Two labelled frames and one without labels: everything that a data set can have."""
    images = [make_image(folder / "in" / f"f{i}.jpg", *SIZE, 60 + 20 * i) for i in range(3)]
    layers = {}
    for kind, mode, value in (
        ("semantic", "L", 3),
        ("instance", "I;16", 700),
        ("depth", "I;16", 9),
    ):
        layers[kind] = folder / "in" / f"{kind}.png"
        Image.new(mode, SIZE, value).save(layers[kind])
    pixels = np.zeros(SIZE[::-1], dtype=bool)
    pixels[4:9, 5:8] = True
    triangle = (2.0, 3.0, 30.5, 4.25, 11.0, 17.5)
    boxes = (
        Box("car", (2.0, 3.0, 30.5, 17.5), True, False, False, "7", 0.25, {"colour": "red"},
            (Polygon(triangle),)),
        Box("person", (5.0, 4.0, 8.0, 9.0), False, True, False, "8", mask=rle.encode(pixels)),
        Box("car", (1.5, 2.0, 9.75, 8.0), None, None, False, "9",
            polygons=(Polygon(triangle, closed=False, types="LCL"),),
            cuboid=Cuboid((1.5, 0.5, 20.0), (1.5, 1.8, 4.2), (0.0, -1.57, 0.0), -1.62)),
        Box("person", (30.0, 2.0, 41.0, 12.0), ignore=True),
        Box("other vehicle", (3.0, 2.0, 41.0, 12.0), instance="x7",
            cuboid=Cuboid((0.0, 0.0, 9.0), (1.0, 2.0, 3.0), (0.1, 0.2, 0.3))),
    )  # fmt: skip
    lane = Shape("lane", (Polygon((0.0, 19.0, 25.0, 8.0), closed=False),), None, {"style": "solid"})
    frames = (
        Frame("f0.jpg", images[0], *SIZE, file_digest(images[0]), "train", "drive", {"weather":
              "rain"}, boxes, **layers, camera=CAMERA, shapes=(lane,),
              layers_digest="x"),
        Frame("a name of its own", images[1], *SIZE, file_digest(images[1]), "val", "other", {},
              (Box("bus", (0.0, 0.0, 50.0, 20.0)),)),
        Frame("f2.jpg", images[2], *SIZE, file_digest(images[2]), "", "drive", objects=None),
    )  # fmt: skip
    return Dataset("full", frames, (), ("person", "car", "bus"))


def boxes(frame: Frame, change: Callable[[Box], Box | None]) -> Frame:
    kept = None if frame.objects is None else tuple(b for o in frame.objects if (b := change(o)))
    return replace(frame, objects=kept)


WITHOUT: dict[str, Callable[[Frame], Frame]] = {
    "id": lambda f: replace(f, id=f.digest),
    "split": lambda f: replace(f, split=""),
    "sequence": lambda f: replace(f, sequence=""),
    "attributes": lambda f: replace(f, attributes={}),
    "unlabelled": lambda f: replace(f, objects=f.objects or ()),
    "camera": lambda f: replace(f, camera=None),
    "camera_changes": lambda f: replace(f, camera=None),
    "lens": lambda f: replace(f, camera=pinhole(f.camera)),
    "semantic": lambda f: replace(f, semantic=None),
    "instances": lambda f: replace(f, instance=None),
    "depth": lambda f: replace(f, depth=None),
    "shapes": lambda f: replace(f, shapes=()),
    "shape_details": lambda f: replace(
        f, shapes=tuple(Shape(s.category, (p,)) for s in f.shapes for p in plain(s.polygons))
    ),
    "objects": lambda f: replace(f, objects=None),
    "occluded": lambda f: boxes(f, lambda b: replace(b, occluded=None)),
    "truncated": lambda f: boxes(f, lambda b: replace(b, truncated=None)),
    "ignore": lambda f: boxes(f, lambda b: None if b.ignore else b),
    "ignored_category": lambda f: boxes(
        f, lambda b: replace(b, category="DontCare") if b.ignore else b
    ),
    "instance": lambda f: boxes(f, lambda b: replace(b, instance=None)),
    "instance_names": lambda f: boxes(f, lambda b: replace(b, instance=b.instance and "#")),
    "score": lambda f: boxes(f, lambda b: replace(b, score=None)),
    "box_attributes": lambda f: boxes(f, lambda b: replace(b, attributes={})),
    "polygons": lambda f: boxes(f, lambda b: replace(b, polygons=())),
    "lines": lambda f: boxes(f, lambda b: replace(b, polygons=plain(b.polygons))),
    "other_boxes": lambda f: boxes(f, rectangular),
    "mask": lambda f: boxes(f, lambda b: replace(b, mask=None)),
    "cuboid": lambda f: boxes(f, lambda b: replace(b, cuboid=None)),
    "tilt": lambda f: boxes(f, lambda b: replace(b, cuboid=upright(b.cuboid))),
    "spaces": lambda f: boxes(f, lambda b: replace(b, category=b.category.replace(" ", "_"))),
}
LAYERS = {"semantic": "semantic", "instances": "instance", "depth": "depth"}


def pinhole(camera: Camera | None) -> Camera | None:
    return camera and replace(camera, distortion=(0.0, 0.0, 0.0, 0.0))


def plain(polygons: tuple[Polygon, ...]) -> tuple[Polygon, ...]:
    return tuple(Polygon(polygon.points) for polygon in polygons)


def comparable(dataset: Dataset, holds: frozenset[str]) -> list[Any]:
    """Frames by digest of their image, without what is not held, paths and layers aside."""
    found = []
    for whole in sorted(dataset, key=lambda f: f.digest):
        frame = whole
        for part, remove in WITHOUT.items():
            frame = frame if part in holds else remove(frame)
        for part, name in LAYERS.items():
            layer = getattr(frame, name)
            found.append(None if layer is None or part not in holds else file_digest(layer))
        bare = replace(
            frame, image=Path(), layers_digest="", semantic=None, instance=None, depth=None
        )
        found.append(boxes(bare, lambda b: replace(b, xyxy=rounded(b.xyxy), cuboid=near(b.cuboid))))
    return found


def rounded(values: Any) -> Any:
    return tuple(round(value, 6) for value in values)


def rectangular(box: Box) -> Box:
    x1, y1, x2, y2 = box.xyxy
    outline = Polygon((x1, y1, x2, y1, x2, y2, x1, y2))
    return box if is_plain_outline(box) else replace(box, polygons=(outline,))


def upright(cuboid: Cuboid | None) -> Cuboid | None:
    return cuboid and replace(cuboid, rotation=(0.0, cuboid.rotation[1], 0.0))


def near(cuboid: Cuboid | None) -> Cuboid | None:
    return cuboid and replace(cuboid, centre=rounded(cuboid.centre))


def test_every_part_can_be_taken_away() -> None:
    assert set(WITHOUT) == set(PARTS)


@pytest.mark.parametrize("format", WRITERS)
def test_a_round_trip_keeps_what_the_format_holds_and_names_the_rest(tmp_path, make_image, format):
    dataset = full_dataset(tmp_path, make_image)
    holds = WRITERS[format].holds
    written = write_dataset(dataset, tmp_path / "out", format)
    back = read_dataset(written, format=format if format in ("scalabel",) else "auto")
    assert comparable(back, holds) == comparable(dataset, holds)
    assert [p for p in back.problems if p.severity == "skipped"] == []
    lost = {p.kind.removeprefix("not-held-").replace("-", "_") for p in losses(dataset, format)}
    assert lost == set(PARTS) - holds
    assert not any(frame.image.is_relative_to(tmp_path / "in") for frame in back)


@pytest.mark.parametrize("format", WRITERS)
def test_writing_what_was_read_again_changes_nothing(tmp_path, make_image, format):
    dataset = full_dataset(tmp_path, make_image)
    first = read_dataset(write_dataset(dataset, tmp_path / "one", format), format=format)
    assert not losses(first, format) or {p.kind for p in losses(first, format)} == {"not-held-id"}
    second = read_dataset(write_dataset(first, tmp_path / "two", format), format=format)
    assert [replace(f, image=Path()) for f in bare(second)] == [
        replace(f, image=Path()) for f in bare(first)
    ]


def bare(dataset: Dataset) -> list[Frame]:
    return [replace(f, semantic=None, instance=None, depth=None) for f in dataset]


def test_a_format_that_cannot_be_written_is_an_error(tmp_path, make_image):
    with pytest.raises(InputError, match="cannot be written; known: coco"):
        losses(full_dataset(tmp_path, make_image), "folders of dreams")
