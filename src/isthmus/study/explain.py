"""What a gap consists of, where it lies, which frames make it, and how sure one can be.

The measurement (`isthmus.study.measure`) says how large the gap is. This says what to do about it:
what removes it (interventions), where in the frame it lies (regions), whether objects or their
surroundings differ (windows), under which conditions (slices), which frames show it (galleries),
and how many frames would be needed (plan). Pictures are written beside the document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isthmus import __version__, files
from isthmus.compute.executor import Progress
from isthmus.data.frame import Frame
from isthmus.data.images import read_resized, write_jpeg
from isthmus.errors import InputError, IsthmusError
from isthmus.features.descriptors import Descriptors
from isthmus.features.extractor import Extractor
from isthmus.gap.crops import crop_gaps
from isthmus.gap.gallery import galleries
from isthmus.gap.interventions.share import removed_shares
from isthmus.gap.pictures import FramePictures, extract
from isthmus.gap.planner import plan_sample
from isthmus.gap.regions import RegionMap, patch_features, region_gaps
from isthmus.gap.slices import condition_bins, slice_matrices
from isthmus.study.measure import GapResult

SCHEMA = "isthmus.explain/1"
ROLES = ("source", "target")
FRAMES = 240
"""Frames of either side at most: pixels are changed and described again several times."""
INTERVENTIONS = ("light", "colour", "spectrum", "sharpness", "colour+spectrum+sharpness")
WHOLE = "all"
GRID = (6, 8)
PATCH = (64, 64)
PICTURE = 360
SHOWN = 8
HEAT = np.array([214, 80, 18], float)
STRONGEST = 0.72
Document = dict[str, Any]


@dataclass(frozen=True)
class Sides:
    """What is explained: frames in order, and how.

    Attributes:
        source, target: frames with readable images, at most `FRAMES` each are good.
        independent: frames of a sequence count as independent.
        permutations: exchanges of units for each test.
        seed: decides all draws.
    """

    source: Sequence[Frame]
    target: Sequence[Frame]
    independent: bool = False
    permutations: int = 499
    seed: int = 0

    @property
    def groups(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Sequence of each frame of either side; None where frames count as independent."""
        sides = [tuple(f.sequence or "" for f in frames) for frames in (self.source, self.target)]
        known = [None if self.independent or not any(names) else names for names in sides]
        return known[0], known[1]

    @property
    def options(self) -> dict[str, Any]:
        """Arguments shared by the functions of the gap room."""
        groups_x, groups_y = self.groups
        return {
            "groups_x": groups_x,
            "groups_y": groups_y,
            "permutations": self.permutations,
            "seed": self.seed,
        }


def explain_into(
    folder: Path,
    result: GapResult,
    *,
    independent: bool = False,
    permutations: int = 499,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write a measured gap and its explanation into the run directory `folder`.

    Args:
        folder: is made if need be; `stages/gap` and `stages/explain` are written.
        result: from `measure_gap`.
        independent, permutations, seed: as for the measurement.
        progress: called with (parts done, parts, what).

    Raises:
        InputError: the measurement holds no frames, or `folder` cannot be written to.
    """
    if len(result.sides) != len(ROLES):
        raise InputError("this measurement holds no frames to explain; measure them anew")
    source, target = (side.sample(FRAMES, seed) for side in result.sides)
    sides = Sides(source.frames, target.frames, independent, permutations, seed)
    result.save(folder / "stages" / "gap" / "result.json")
    pictures = folder / "stages" / "explain"
    document = explain_gap(sides, pictures, progress=progress)
    files.write_json(pictures / "result.json", document)
    names = [side.name for side in result.sides]
    manifest = {"kind": "measurement", "name": " → ".join(names), "seed": seed}
    files.write_json(folder / "manifest.json", {**manifest, "version": __version__})


def explain_gap(sides: Sides, folder: Path, *, progress: Progress | None = None) -> Document:
    """The document alone; pictures go into `folder`.

    A part that these frames cannot give (labels missing, one sequence only) is None, with its
    reason in `left_out`; nothing else is affected.

    Returns:
        Schema-versioned document: `removed`, `regions`, `parts`, `slices`, `galleries`, `plan`,
        `left_out`, `n`, `m`.
    """
    extractor = Descriptors()
    pictures = [FramePictures(side, extractor.size) for side in (sides.source, sides.target)]
    features = [extract(side, extractor)[WHOLE] for side in pictures]
    makers: dict[str, Callable[[], Any]] = {
        "removed": lambda: _removed(sides, pictures, extractor),
        "regions": lambda: _regions(sides, pictures, folder),
        "parts": lambda: _parts(sides, extractor),
        "slices": lambda: _slices(sides, features),
        "galleries": lambda: _galleries(sides, features, folder),
        "plan": lambda: _plan(sides, features),
    }
    document: Document = {"schema": SCHEMA, "n": len(sides.source), "m": len(sides.target)}
    left_out: list[Document] = []
    for number, (name, make) in enumerate(makers.items()):
        if progress:
            progress(number, len(makers), f"explaining the gap: {name}")
        try:
            document[name] = make()
        except IsthmusError as error:
            document[name] = None
            left_out.append({"part": name, "reason": str(error)})
    if progress:
        progress(len(makers), len(makers), "explaining the gap")
    return {**document, "left_out": left_out}


def _parts(sides: Sides, extractor: Extractor) -> list[Document]:
    """Objects, context and background; labels on both sides are needed."""
    found = crop_gaps(
        sides.source, sides.target, extractor, permutations=sides.permutations, seed=sides.seed
    )
    return [part.to_document() for part in found if part.layer == WHOLE]


def _removed(
    sides: Sides, pictures: Sequence[FramePictures], extractor: Extractor
) -> list[Document]:
    found = removed_shares(
        pictures[0], pictures[1], extractor, INTERVENTIONS, layers=[WHOLE], **sides.options
    )
    return [share.to_document() for share in found]


def _regions(sides: Sides, pictures: Sequence[FramePictures], folder: Path) -> Document:
    patches = Descriptors(size=PATCH)
    cells = [patch_features(side, patches, GRID)[WHOLE] for side in pictures]
    found = region_gaps(cells[0], cells[1], layer=WHOLE, **sides.options)
    shown = []
    for role, frames in (("source", sides.source), ("target", sides.target)):
        frame = frames[len(frames) // 2]
        name = f"region_{role}.jpg"
        write_jpeg(folder / name, overlaid(_picture(frame), found))
        shown.append({"role": role, "image": name, "id": frame.id})
    return {**found.to_document(), "shown": shown}


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


def _slices(sides: Sides, features: Sequence[np.ndarray]) -> list[Document]:
    """Given attributes where both sides have them, and lightness, which every picture has."""
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


def _galleries(sides: Sides, features: Sequence[np.ndarray], folder: Path) -> list[Document]:
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
            write_jpeg(folder / entry["image"], _picture(frames[entry["row"]]))
        documents.append(document)
    return documents


def _plan(sides: Sides, features: Sequence[np.ndarray]) -> Document:
    groups_x, groups_y = sides.groups
    plan = plan_sample(features[0], features[1], groups_x=groups_x, groups_y=groups_y)
    return plan.to_document()


def _picture(frame: Frame, width: int = PICTURE) -> np.ndarray:
    height = max(1, round(frame.height * width / frame.width))
    return np.asarray(read_resized(frame.image, width, height))
