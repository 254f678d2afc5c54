"""The parts of an explanation: each is made for itself, so that they can be made side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.data.frame import Frame
from isthmus.data.images import read_resized, write_jpeg
from isthmus.features.descriptors import Descriptors
from isthmus.gap.cells import patch_features
from isthmus.gap.crops import crop_gaps
from isthmus.gap.gallery import galleries
from isthmus.gap.interventions.share import removed_shares
from isthmus.gap.planner import plan_sample
from isthmus.gap.regions import RegionMap, region_gaps
from isthmus.gap.slices import condition_bins, slice_matrices
from isthmus.study.explain_layout import layout_share
from isthmus.study.explain_sides import EXTRACTOR, WHOLE, Material, Sides

INTERVENTIONS = ("colour+spectrum+sharpness", "colour", "spectrum", "sharpness", "light")
"""In the order of the work they make: what takes longest is begun first."""
SHOWN_INTERVENTIONS = ("light", "colour", "spectrum", "sharpness", "colour+spectrum+sharpness")
GRID = (6, 8)
PATCH = (64, 64)
PICTURE = 360
SHOWN = 8
HEAT = np.array([214, 80, 18], float)
STRONGEST = 0.72
Document = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A part to be made; picklable.

    Attributes:
        part: name in `MAKERS`.
        sides, material: what it is made of.
        folder: where its pictures go.
        intervention: for "removed", which one.
    """

    part: str
    sides: Sides
    material: Material
    folder: Path
    intervention: str = ""


def tasks(sides: Sides, material: Material, folder: Path) -> list[Task]:
    """Everything that is to be made, what takes longest first."""
    found = [Task("parts", sides, material, folder)]
    found += [Task("removed", sides, material, folder, name) for name in INTERVENTIONS]
    found.insert(2, Task("regions", sides, material, folder))
    return found + [
        Task(part, sides, material, folder) for part in ("layout", "slices", "galleries", "plan")
    ]


def made(task: Task) -> Any:
    """The JSON-like value of a part; of "removed" the share of one intervention."""
    return MAKERS[task.part](task)


def _parts(task: Task) -> list[Document]:
    """Objects, context and background; labels on both sides are needed."""
    sides = task.sides
    found = crop_gaps(
        sides.source, sides.target, EXTRACTOR, permutations=sides.permutations, seed=sides.seed
    )
    return [part.to_document() for part in found if part.layer == WHOLE]


def _removed(task: Task) -> Document:
    pictures, features = task.material.pictures, task.material.features
    found = removed_shares(
        *pictures,
        EXTRACTOR,
        [task.intervention],
        layers=[WHOLE],
        features=({WHOLE: features[0]}, {WHOLE: features[1]}),
        **task.sides.options,
    )
    return found[0].to_document()


def _layout(task: Task) -> Document:
    """One more of "removed", which labels on both sides are needed for."""
    return layout_share(task.sides, task.material)


def _regions(task: Task) -> Document:
    patches = Descriptors(size=PATCH)
    cells = [patch_features(side, patches, GRID)[WHOLE] for side in task.material.pictures]
    found = region_gaps(cells[0], cells[1], layer=WHOLE, **task.sides.options)
    return {**found.to_document(), "shown": overlays(task.sides, found, task.folder, "region")}


def overlays(sides: Sides, found: RegionMap, folder: Path, name: str) -> list[Document]:
    """One frame of either side under the heat map, written as `name`_ROLE.jpg."""
    shown = []
    for role, frames in (("source", sides.source), ("target", sides.target)):
        frame = frames[len(frames) // 2]
        image = f"{name}_{role}.jpg"
        write_jpeg(folder / image, overlaid(_picture(frame), found))
        shown.append({"role": role, "image": image, "id": frame.id})
    return shown


def overlaid(picture: np.ndarray, found: RegionMap) -> np.ndarray:
    """`picture` (h, w, 3) with each cell coloured by its gap, the largest most; uint8."""
    height, width = picture.shape[:2]
    value = np.maximum(np.nan_to_num(found.value), 0)
    share = value / value.max() if value.max() > 0 else value
    rows = np.minimum(np.arange(height) * share.shape[0] // height, share.shape[0] - 1)
    columns = np.minimum(np.arange(width) * share.shape[1] // width, share.shape[1] - 1)
    strength = (STRONGEST * share)[rows][:, columns, None]
    mixed = picture * (1 - strength) + HEAT * strength
    return np.asarray(mixed.round(), np.uint8)


def _slices(task: Task) -> list[Document]:
    """Given attributes where both sides have them, and lightness, which every picture has."""
    sides, features = task.sides, task.material.features
    bins = condition_bins(_lightness(sides.source), _lightness(sides.target))
    tables: list[dict[str, Any]] = [{"lightness": bins[0]}, {"lightness": bins[1]}]
    for table, frames in zip(tables, (sides.source, sides.target), strict=True):
        for name in sorted({key for frame in frames for key in frame.attributes}):
            table[name] = [frame.attributes.get(name) for frame in frames]
    found = slice_matrices(features[0], features[1], tables[0], tables[1], **sides.options)
    return [matrix.to_document() for matrix in found]


def _lightness(frames: Sequence[Frame]) -> np.ndarray:
    """Mean of the picture's values, 0–255."""
    return np.array([float(_picture(frame, 64).mean()) for frame in frames])


def _galleries(task: Task) -> list[Document]:
    sides, features = task.sides, task.material.features
    groups_x, groups_y = sides.groups
    found = galleries(
        features[0],
        features[1],
        ids_x=[frame.id for frame in sides.source],
        ids_y=[frame.id for frame in sides.target],
        groups_x=groups_x,
        groups_y=groups_y,
        count=SHOWN,
        seed=sides.seed,
        scale="pooled",
    )
    documents = []
    for number, gallery in enumerate(found):
        document = gallery.to_document()
        frames = sides.source if gallery.side == "source" else sides.target
        for place, entry in enumerate(document["entries"]):
            entry["image"] = f"gallery_{number}_{place}.jpg"
            write_jpeg(task.folder / entry["image"], _picture(frames[entry["row"]]))
        documents.append(document)
    return documents


def _plan(task: Task) -> Document:
    features = task.material.features
    groups_x, groups_y = task.sides.groups
    plan = plan_sample(features[0], features[1], groups_x=groups_x, groups_y=groups_y)
    return plan.to_document()


def _picture(frame: Frame, width: int = PICTURE) -> np.ndarray:
    height = max(1, round(frame.height * width / frame.width))
    return np.asarray(read_resized(frame.image, width, height))


MAKERS: dict[str, Callable[[Task], Any]] = {
    "removed": _removed,
    "layout": _layout,
    "regions": _regions,
    "parts": _parts,
    "slices": _slices,
    "galleries": _galleries,
    "plan": _plan,
}
