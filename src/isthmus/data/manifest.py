"""A data set as one Parquet file: what one stage hands to the next.

Lossless and deterministic: equal data sets give equal bytes (under one version of pyarrow), and
nothing in the file can run code. Images are referred to, not copied: relative to the file's
folder where they lie below it, so that the folder can be moved as a whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.frame import EMPTY, Box, Camera, Frame, Problem, Shape
from isthmus.data.shapes import Cuboid, Mask, Polygon
from isthmus.errors import InputError
from isthmus.files import atomic_path, canonical_json

SCHEMA = "isthmus.manifest/2"
_METADATA_KEY = b"isthmus"
_BOX_FIELDS = ("category", "xyxy", "occluded", "truncated", "ignore", "instance", "score")
_LAYERS = ("semantic", "instance", "depth")


def save_manifest(dataset: Dataset, path: Path | str) -> None:
    """Write the data set to `path`, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    base = Path(os.path.abspath(path.parent))
    rows = [_row(frame, base) for frame in dataset]
    about = {
        "schema": SCHEMA,
        "name": dataset.name,
        "categories": list(dataset.categories),
        "problems": [[p.path, p.kind, p.reason, p.severity, p.count] for p in dataset.problems],
    }
    metadata = {_METADATA_KEY: canonical_json(about).encode("utf-8")}
    table = pa.Table.from_pylist(rows, schema=_columns().with_metadata(metadata))
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=1 << 16)


def load_manifest(path: Path | str) -> Dataset:
    """The data set that `save_manifest` wrote; images are not opened.

    Raises:
        InputError: missing, not Parquet, or not a manifest of this version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        table = pq.ParquetFile(path).read()
        about = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable manifest ({error})") from error
    version = about.get("schema") if isinstance(about, dict) else None
    if version != SCHEMA or not table.schema.equals(_columns()):
        raise InputError(
            f"{path}: not a manifest of this version (it says {version!r}, this is "
            f"{SCHEMA!r}); write it again"
        )
    base = Path(os.path.abspath(path.parent))
    try:
        frames = tuple(_frame(row, base) for row in table.to_pylist())
        problems = tuple(Problem(*problem) for problem in about["problems"])
        return Dataset(about["name"], frames, problems, tuple(about["categories"]))
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: a manifest with parts missing ({error})") from error


def _columns() -> Any:
    import pyarrow as pa

    attributes = pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))
    outline = [
        ("attributes", attributes),
        (
            "polygons",
            pa.list_(
                pa.struct(
                    [
                        ("points", pa.list_(pa.float64())),
                        ("closed", pa.bool_()),
                        ("types", pa.string()),
                    ]
                )
            ),
        ),
        (
            "mask",
            pa.struct([("height", pa.int32()), ("width", pa.int32()), ("counts", pa.string())]),
        ),
    ]
    box = pa.struct(
        [
            ("category", pa.string()),
            ("xyxy", pa.list_(pa.float64(), 4)),
            ("occluded", pa.bool_()),
            ("truncated", pa.bool_()),
            ("ignore", pa.bool_()),
            ("instance", pa.string()),
            ("score", pa.float64()),
            *outline,
            ("cuboid", pa.list_(pa.float64(), 10)),
        ]
    )
    shape = pa.struct([("category", pa.string()), ("instance", pa.string()), *outline])
    words = ("digest", "split", "sequence")
    return pa.schema(
        [
            ("id", pa.string()),
            ("image", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            *((word, pa.string()) for word in words),
            ("attributes", attributes),
            ("objects", pa.list_(box)),
            *((layer, pa.string()) for layer in _LAYERS),
            ("camera", pa.list_(pa.float64())),
            ("layers_digest", pa.string()),
            ("shapes", pa.list_(shape)),
        ]
    )


def _row(frame: Frame, base: Path) -> dict[str, Any]:
    camera = frame.camera
    return {
        "id": frame.id,
        "image": _stored(frame.image, base),
        "width": frame.width,
        "height": frame.height,
        "digest": frame.digest,
        "split": frame.split,
        "sequence": frame.sequence,
        "attributes": _pairs(frame.attributes),
        "objects": None if frame.objects is None else [_box_row(box) for box in frame.objects],
        **{layer: _stored(getattr(frame, layer), base) for layer in _LAYERS},
        "camera": camera and camera.numbers,
        "layers_digest": frame.layers_digest,
        "shapes": [
            {"category": shape.category, "instance": shape.instance, **_outline_row(shape)}
            for shape in frame.shapes
        ],
    }


def _pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": k, "value": v} for k, v in sorted(attributes.items())]


def _box_row(box: Box) -> dict[str, Any]:
    row = {name: getattr(box, name) for name in _BOX_FIELDS}
    cuboid = box.cuboid
    numbers = cuboid and [*cuboid.centre, *cuboid.size, *cuboid.rotation, cuboid.alpha]
    return {**row, **_outline_row(box), "cuboid": numbers}


def _outline_row(label: Box | Shape) -> dict[str, Any]:
    return {
        "attributes": _pairs(label.attributes),
        "polygons": [asdict(polygon) for polygon in label.polygons],
        "mask": label.mask and asdict(label.mask),
    }


def _frame(row: dict[str, Any], base: Path) -> Frame:
    objects, camera = row.pop("objects"), row.pop("camera")
    row["attributes"] = _mapping(row["attributes"])
    paths = {name: _restored(row.pop(name), base) for name in ("image", *_LAYERS)}
    shapes = tuple(Shape(**{**item, **_outline(item)}) for item in row.pop("shapes"))
    return Frame(
        **row,
        **paths,
        shapes=shapes,
        objects=None if objects is None else tuple(_box(item) for item in objects),
        camera=camera and Camera.of(camera),
    )


def _box(item: dict[str, Any]) -> Box:
    numbers = item["cuboid"]
    cuboid = numbers and Cuboid(
        tuple(numbers[:3]), tuple(numbers[3:6]), tuple(numbers[6:9]), numbers[9]
    )
    return Box(**{**item, **_outline(item), "xyxy": tuple(item["xyxy"]), "cuboid": cuboid})


def _outline(item: dict[str, Any]) -> dict[str, Any]:
    """What boxes and shapes have in common."""
    return {
        "attributes": _mapping(item["attributes"]),
        "polygons": tuple(
            Polygon(tuple(p["points"]), p["closed"], p["types"]) for p in item["polygons"]
        ),
        "mask": item["mask"] and Mask(**item["mask"]),
    }


def _mapping(pairs: list[dict[str, str]]) -> Mapping[str, str]:
    return {pair["name"]: pair["value"] for pair in pairs} if pairs else EMPTY


def _stored(path: Path | None, base: Path) -> str | None:
    if path is None:
        return None
    absolute = Path(os.path.abspath(path))
    if absolute.is_relative_to(base):
        return absolute.relative_to(base).as_posix()
    return str(absolute)


def _restored(stored: str | None, base: Path) -> Any:
    return None if stored is None else base / stored
