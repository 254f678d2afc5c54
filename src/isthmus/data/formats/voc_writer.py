"""Writes Pascal VOC folders, read back by `formats.voc`: one XML file an image.

Pixels are counted from 1 and the last one is included, as VOC has it. Attributes of objects
stand in ``attributes``, as annotation tools write them.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from isthmus.data.dataset import Dataset
from isthmus.data.formats.format import Writer
from isthmus.data.formats.place import copy_to, flat_names, folder_name
from isthmus.data.formats.voc import IMAGES, LABELS, SPLITS
from isthmus.data.frame import Box, Frame
from isthmus.files import write_text

HOLDS = {"split", "objects", "occluded", "truncated", "ignore", "ignored_category"}


def write_voc(dataset: Dataset, folder: Path) -> Path:
    """Write ``Annotations``, ``JPEGImages`` and ``ImageSets`` below `folder`; returns `folder`."""
    names = flat_names(dataset)
    splits: dict[str, list[str]] = {}
    for frame in dataset:
        name = names[frame.id]
        stem = Path(name).stem
        copy_to(frame.image, folder / IMAGES / name)
        write_text(folder / LABELS / f"{stem}.xml", _document(frame, name))
        if frame.split:
            splits.setdefault(frame.split, []).append(stem)
    for split, stems in splits.items():
        target = folder / SPLITS / f"{folder_name(split, '')}.txt"
        write_text(target, "".join(f"{stem}\n" for stem in stems))
    return folder


def _document(frame: Frame, name: str) -> str:
    lines = [
        "<annotation>",
        f"  <filename>{escape(name)}</filename>",
        f"  <size><width>{frame.width}</width><height>{frame.height}</height>"
        "<depth>3</depth></size>",
        *(line for box in frame.objects or () for line in _object(box)),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(box: Box) -> list[str]:
    x1, y1, x2, y2 = box.xyxy
    edges = {"xmin": x1 + 1, "ymin": y1 + 1, "xmax": x2, "ymax": y2}
    flags = {"occluded": box.occluded, "truncated": box.truncated, "difficult": box.ignore}
    lines = ["  <object>", f"    <name>{escape(box.category)}</name>"]
    lines += [f"    <{k}>{int(v)}</{k}>" for k, v in flags.items() if v is not None]
    numbers = "".join(f"<{k}>{v!r}</{k}>" for k, v in edges.items())
    lines.append(f"    <bndbox>{numbers}</bndbox>")
    if box.attributes:
        pairs = "".join(
            f"<attribute><name>{escape(k)}</name><value>{escape(v)}</value></attribute>"
            for k, v in sorted(box.attributes.items())
        )
        lines.append(f"    <attributes>{pairs}</attributes>")
    return [*lines, "  </object>"]


VOC_WRITER = Writer(write_voc, frozenset(HOLDS | {"box_attributes", "spaces", "other_boxes"}))
