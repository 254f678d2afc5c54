"""Corner cases of two data sets by a design domain: coverage, ranked cells, a plan.

Reads both sets, measures their frames, takes attributes from scores and boxes, and writes into a
folder: ``corner_cases.json`` (schema isthmus.corner-cases/1), ``plan.yaml``, the measured tables,
and a contact sheet for each cell of the plan. `isthmus.write_cases_page` draws them as a page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.augment.effect import EFFECTS
from isthmus.compute.executor import Executor, Progress
from isthmus.cornercases.coverage import Cell, Coverage, Side, coverage, explained_gap, own_cells
from isthmus.cornercases.gallery import COLUMNS, contact_sheet, spread
from isthmus.cornercases.odd import DesignDomain, load_design_domain, measured_domain
from isthmus.cornercases.plan import SCHEMA as PLAN_SCHEMA
from isthmus.cornercases.plan import Plan, orders_for, write_plan
from isthmus.cornercases.shares import effective_frames
from isthmus.cornercases.table import ConditionTable, measure_conditions, write_table
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ConfigError, InputError
from isthmus.features.extractor import FeatureSet, load_extractor
from isthmus.features.store import extract_features
from isthmus.files import make_folder, write_json
from isthmus.quality.support import support
from isthmus.study.misses import Misses, find_misses
from isthmus.study.scenarios import facts_of, scenarios_document

SCHEMA = "isthmus.corner-cases/1"
EXTRACTOR = "descriptors#all"
LISTED = 24
GALLERIES = 12
Document = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        document: JSON-like, as in ``corner_cases.json``.
        coverage: of the target by the source.
        plan: orders for what is missing.
        folder: where all of it lies.
        skipped: records of either set that could not be used.
    """

    document: Document
    coverage: Coverage
    plan: Plan
    folder: Path
    skipped: int


def plan_corner_cases(
    source: Path | str,
    target: Path | str,
    out: Path | str,
    *,
    odd: Path | str | None = None,
    source_images: Path | str | None = None,
    target_images: Path | str | None = None,
    predictions: Path | str | None = None,
    labelled: Path | str | None = None,
    max_frames: int = 2000,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Found:
    """What the target asks for and the source hardly has, and a plan to make it.

    Args:
        source: label file (or folder; then no attribute of boxes is known).
        target: the same; its labels are not looked at.
        out: folder, made if need be.
        odd: file of the domain; None: every attribute that is measured.
        source_images, target_images: folders that image names are relative to.
        predictions: label file with a detector's boxes (with scores) on the target's images, for
            attributes of boxes.
        labelled: label file of target frames whose labels may be looked at, never those of a test:
            says which cells the detector's misses lie in. Needs `predictions`.
        max_frames: drawn from each set for features.
        seed: decides every draw.
        executor: decodes images in its workers; no figure depends on it.
        progress: called with (done, total, what).

    Raises:
        InputError: a set cannot be read, or the target tells none of the domain's attributes.
        ConfigError: the domain's file is wrong, or `labelled` is given without `predictions`.
    """
    if labelled is not None and predictions is None:
        raise ConfigError("labelled: misses are known where predictions are given too")
    folder = Path(out)
    make_folder(folder)
    domain = load_design_domain(odd) if odd is not None else measured_domain()
    ours, theirs = (
        read_dataset(path, images=images, name=name, executor=executor, progress=progress)
        for path, images, name in (
            (source, source_images, "source"),
            (target, target_images, "target"),
        )
    )
    boxes, remarks = (
        (None, ())
        if predictions is None
        else predicted_boxes(predictions, target_images, theirs, executor)
    )
    misses = None
    if labelled is not None:
        misses, more = find_misses(labelled, target_images, theirs, boxes or {}, executor)
        remarks = (*remarks, *more)
    tables = [
        measure_conditions(frames, executor=executor, progress=progress)
        for frames in (ours.frames, theirs.unlabeled().frames)
    ]
    for name, table in zip(("source", "target"), tables, strict=True):
        write_table(table, folder / f"{name}.parquet")
    sides = [
        side_of(tables[0], ours, domain),
        side_of(tables[1], theirs.unlabeled(), domain, boxes or {}),
    ]
    features = [
        extract_features(frames, load_extractor(EXTRACTOR), executor=executor, progress=progress)
        for frames in (ours.sample(max_frames, seed), theirs.sample(max_frames, seed))
    ]
    weights = _weights(sides[0], features, seed)
    found = coverage(sides[0], sides[1], domain, weights)
    chosen = own_cells(found.cells)
    orders, left = orders_for(chosen, sides[0], tuple(EFFECTS))
    plan = Plan.model_validate(
        {
            "schema": PLAN_SCHEMA,
            "source": _place(source, source_images),
            "target": _place(target, target_images),
            "predictions": predictions and _place(predictions, target_images),
            "odd": domain.as_json(),
            "orders": orders,
        }
    )
    write_plan(plan, folder / "plan.yaml")
    galleries = _galleries(chosen[:GALLERIES], ours, theirs, folder)
    problems = (*ours.problems, *theirs.problems, *remarks)
    document = {
        "schema": SCHEMA,
        "odd": domain.as_json(),
        **_described(found),
        "ranked": _ranked(chosen, {cell.name for cell in left}, features, galleries, misses),
        "scenarios": scenarios_document(ours, theirs.unlabeled(), boxes),
        "problems": [asdict(problem) for problem in problems],
    }
    write_json(folder / "corner_cases.json", document)
    skipped = sum(problem.count for problem in problems if problem.severity == "skipped")
    return Found(document, found, plan, folder, skipped)


def side_of(
    table: ConditionTable,
    frames: Iterable[Frame],
    domain: DesignDomain,
    predicted: dict[str, tuple[Box, ...]] | None = None,
) -> Side:
    """Frames of a measured table with their attributes; `predicted`: digest of an image → boxes."""
    by_id = {frame.id: frame for frame in frames}
    facts = []
    for row, name in enumerate(table.ids):
        scores = {score: float(column[row]) for score, column in table.scores.items()}
        facts.append(facts_of(by_id[name], predicted, scores))
    return Side.of(table.ids, facts, domain, effective_frames(table))


def predicted_boxes(
    path: Path | str,
    images: Path | str | None,
    target: Dataset,
    executor: Executor | None,
    format: str = "auto",
) -> tuple[dict[str, tuple[Box, ...]], tuple[Problem, ...]]:
    """Digest of an image of the target → a detector's boxes there, and what could not be used.

    Raises:
        InputError: the file cannot be read, or none of its images is one of the target's.
    """
    made = read_dataset(
        path, images=images, format=format, name="predictions", decode=False, executor=executor
    )
    known = {frame.digest for frame in target}
    boxes = {f.digest: f.objects for f in made if f.objects is not None and f.digest in known}
    if not boxes:
        raise InputError(f"{path}: none of its images with boxes is an image of {target.name}")
    problems = list(made.problems)
    for kind, reason, count in (
        (
            "other-image",
            "predictions are of images that the target has not",
            len(made) - len(boxes),
        ),
        ("not-predicted", "images of the target are without predictions", len(known) - len(boxes)),
    ):
        if count:
            problems.append(Problem(str(path), kind, f"{reason} ({count} in all)", "note", count))
    return boxes, tuple(problems)


def _place(path: Path | str, images: Path | str | None) -> dict[str, str]:
    place = {"path": str(Path(path).absolute())}
    return place if images is None else {**place, "images": str(Path(images).absolute())}


def _weights(side: Side, features: list[FeatureSet], seed: int) -> np.ndarray[Any, Any] | None:
    """Density ratios of the side's frames; those that features were not taken of get the mean."""
    if min(len(f.ids) for f in features) < 10:
        return None
    found = support(
        *(next(iter(f.layers.values())) for f in features),
        source_sequences=features[0].sequences,
        target_sequences=features[1].sequences,
        seed=seed,
    )
    known = dict(zip(features[0].ids, found.weights.tolist(), strict=True))
    return np.array([known.get(name, 1.0) for name in side.ids])


def _galleries(cells: list[Cell], source: Dataset, target: Dataset, folder: Path) -> dict[str, str]:
    ours, theirs = ({f.id: f for f in d} for d in (source, target))
    names = {}
    for cell in cells:
        rows = [
            [frames[i] for i in spread(ids, COLUMNS)]
            for ids, frames in ((cell.target_ids, theirs), (cell.source_ids, ours))
        ]
        names[cell.name] = f"examples/{cell.name}.jpg"
        contact_sheet([row for row in rows if row], folder / names[cell.name])
    return names


def _ranked(
    chosen: list[Cell],
    left: set[str],
    features: list[FeatureSet],
    galleries: dict[str, str],
    misses: Misses | None,
) -> list[Document]:
    """The cells that are missing, most missing first, with what each explains of the gap."""
    layers = [next(iter(f.layers.values())) for f in features]
    place = {name: i for i, name in enumerate(features[1].ids)}

    def gap(cell: Cell) -> float | None:
        members = np.zeros(len(place), bool)
        members[[place[i] for i in cell.target_ids if i in place]] = True
        return explained_gap(layers[0], layers[1], members)

    return [
        {
            **_cell(cell),
            "missing": cell.missing,
            "explained_gap": gap(cell),
            "misses": misses and misses.within(cell.target_ids),
            "can_be_made": cell.name not in left,
            "target_examples": list(cell.target_ids[:LISTED]),
            "gallery": galleries.get(cell.name),
        }
        for cell in chosen
    ]


def _described(found: Coverage) -> Document:
    return {
        "coverage": found.covered_mass,
        "uncovered_examples": list(found.uncovered_ids[:LISTED]),
        "unknown_attributes": list(found.unknown),
        "completeness": {
            str(t): {"covered": c.covered, "possible": c.possible, "share": c.share}
            for t, c in found.completeness.items()
        },
        "cells": [_cell(cell) for cell in found.cells],
    }


def _cell(cell: Cell) -> Document:
    row: Document = {"values": dict(cell.values), "covered": cell.covered}
    for side in ("source", "target"):
        share, low, high = getattr(cell, f"{side}_share")
        row[side] = {"frames": getattr(cell, side), "share": share, "low": low, "high": high}
    return row | {"expected": cell.expected}
