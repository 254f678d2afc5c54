"""Label files of a rendered set and its manifest; what is true no more of an earlier run goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import isthmus
from isthmus.data.dataset import Dataset
from isthmus.data.formats import losses, write_dataset
from isthmus.data.frame import Problem
from isthmus.files import write_json
from isthmus.synth.output.earlier import MANIFEST, earlier_labels, earlier_manifest, remove_labels
from isthmus.synth.output.frame import LAYERS
from isthmus.synth.output.kitti import as_kitti
from isthmus.synth.output.labels import LabelStyle
from isthmus.synth.output.request import RECIPE
from isthmus.synth.output.truth_labels import write_coco_with_truth

IN_PLACE = ("coco", "bdd100k", "scalabel", "manifest")
"""Formats of one file beside the pictures; others get copies of them in a folder of their own."""
NO_VAL = (
    "yolo: no images are set apart for validation, so data.yaml has no `val`, which trainers ask "
    "for; --val-share 0.2 sets a fifth of the scenes apart"
)


@dataclass(frozen=True)
class LabelFiles:
    """What was written.

    Attributes:
        labels: format → label file or folder.
        notes: what formats had no place for, `path` being the format.
        removed: formats of an earlier run whose labels were of other frames or habits.
    """

    labels: dict[str, Path]
    notes: tuple[Problem, ...]
    removed: tuple[str, ...]


def write_label_files(
    dataset: Dataset,
    folder: Path,
    records: Sequence[dict[str, Any]],
    formats: Sequence[str],
    *,
    about: Mapping[str, Any],
    style: LabelStyle,
) -> LabelFiles:
    """Write labels in every format, and the manifest.

    Labels of formats that an earlier run wrote stay if they are of these very frames, layers,
    splits and habits; else they are removed. A folder of copies is made anew: it holds these frames
    alone. The manifest names no labels that are not whole, wherever a run is cut short.

    Args:
        dataset: rendered frames with their labels. records: theirs, in the same order.
        folder: of the data set.
        formats: names in `isthmus.data.formats.WRITERS`.
        about: what the manifest says of the whole.
        style: labelling habits.
    """
    content = {
        "digests": {record["image"]: record["digest"] for record in records},
        "splits": {f.id: f.split for f in dataset if f.split},
        "style": asdict(style),
        "layers": _layers(dataset),
    }
    before, earlier = earlier_manifest(folder), earlier_labels(folder)
    same = all(before.get(name) == value for name, value in content.items())
    removed = () if same else tuple(name for name in earlier if name not in formats)
    stale = {
        k: v for k, v in earlier.items() if k in removed or (k in formats and k not in IN_PLACE)
    }
    if stale:
        left = {k: v for k, v in earlier.items() if k not in stale}
        write_json(folder / MANIFEST, before | {"labels": left})
    remove_labels(folder, stale)
    written = {name: _write(dataset, folder, records, name) for name in dict.fromkeys(formats)}
    notes = [
        replace(note, path=name)
        for name in written
        if name not in IN_PLACE
        for note in losses(dataset, name)
    ]
    if "yolo" in written and not content["splits"]:
        notes.append(Problem("yolo", "no-validation", NO_VAL))
    there = {k: v for k, v in earlier.items() if k not in removed}
    # Others have a folder of their own, with copies of the pictures.
    there |= {k: path.name if k in IN_PLACE else k for k, path in written.items()}
    write_json(
        folder / MANIFEST,
        {
            "schema": "isthmus.synth.dataset/1",
            "recipe": RECIPE,
            "version": isthmus.__version__,
            **about,
            "frames": len(records),
            "labels": there,
            "problems": [asdict(problem) for problem in dataset.problems],
            "notes": [asdict(note) for note in notes],
            **content,
        },
    )
    return LabelFiles(written, tuple(notes), removed)


def _write(dataset: Dataset, folder: Path, records: Sequence[dict[str, Any]], name: str) -> Path:
    """Write labels in one format; returns the label file or folder."""
    if name == "coco":
        return write_coco_with_truth(dataset, folder, records)
    said = as_kitti(dataset, records) if name == "kitti" else dataset
    return write_dataset(said, folder if name in IN_PLACE else folder / name, name)


def _layers(dataset: Dataset) -> dict[str, str]:
    """What is there of each pixel, and in what form: labels name those files."""
    first = next(iter(dataset), None)
    paths = {kind: getattr(first, kind, None) for kind in LAYERS}
    return {kind: path.suffix[1:] for kind, path in paths.items() if path is not None}
