"""What a gap consists of, where it lies, which frames make it, and how sure one can be.

The measurement (`isthmus.study.measure`) says how large the gap is. This says what to do about it:
what removes it (interventions), where in the frame it lies (regions), whether objects or their
surroundings differ (windows), under which conditions (slices), which frames show it (galleries),
and how many frames would be needed (plan). Pictures are written beside the document.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isthmus import __version__, files
from isthmus.compute.executor import Executor, Outcome, Progress, SerialExecutor
from isthmus.errors import InputError, IsthmusError
from isthmus.gap.interventions.share import TOGETHER
from isthmus.study.explain_layers import layer_regions
from isthmus.study.explain_parts import MAKERS, SHOWN_INTERVENTIONS, made, tasks
from isthmus.study.explain_sides import Sides, prepare
from isthmus.study.measure import GapResult, published_schema

SCHEMA = "isthmus.explain/1"
SCHEMA_FILE = "schemas/explain-1.json"
ROLES = ("source", "target")
FRAMES = 240
"""Frames of either side at most: pixels are changed and described again several times."""
FEW_FRAMES = 64
"""Up to so many on both sides together, starting workers costs more than they save."""
Document = dict[str, Any]


def explain_into(
    folder: Path,
    result: GapResult,
    *,
    independent: bool = False,
    permutations: int = 499,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a measured gap and its explanation into the run directory `folder`.

    Args:
        folder: is made if need be; `stages/gap` and `stages/explain` are written.
        result: from `measure_gap`.
        independent, permutations, seed: as for the measurement.
        executor: does the work; no figure depends on it.
        progress: called with (done, total, what).

    Raises:
        InputError: the measurement holds no frames, or `folder` cannot be written to.
    """
    if len(result.sides) != len(ROLES):
        raise InputError("this measurement holds no frames to explain; measure them anew")
    source, target = (side.sample(FRAMES, seed) for side in result.sides)
    sides = Sides(source.frames, target.frames, independent, permutations, seed)
    result.save(folder / "stages" / "gap" / "result.json")
    pictures = folder / "stages" / "explain"
    specs = dict.fromkeys(str(row["extractor"]) for row in result.document["estimates"])
    document = explain_gap(
        sides, pictures, extractors=tuple(specs), executor=executor, progress=progress
    )
    files.write_json(pictures / "result.json", document)
    names = [side.name for side in result.sides]
    manifest = {"kind": "measurement", "name": " → ".join(names), "seed": seed}
    files.write_json(folder / "manifest.json", {**manifest, "version": __version__})


def explain_gap(
    sides: Sides,
    folder: Path,
    *,
    extractors: Sequence[str] = (),
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Document:
    """The document alone; pictures go into `folder`.

    A part that these frames cannot give (labels missing, one sequence only) is None, with its
    reason in `left_out`; nothing else is affected.

    Args:
        sides: the frames.
        folder: for pictures.
        extractors: spec strings of networks whose layers also say where the gap lies.
        executor: does the work; no figure depends on it.
        progress: called with (done, total, what).

    Returns:
        Schema-versioned document: `removed`, `regions`, `layer_regions`, `parts`, `slices`,
        `galleries`, `plan`, `left_out`, `n`, `m`.
    """
    few = len(sides.source) + len(sides.target) <= FEW_FRAMES
    workers = SerialExecutor() if few or executor is None else executor
    files.make_folder(folder)
    with tempfile.TemporaryDirectory(prefix=files.TEMPORARY_PREFIX, dir=folder) as scratch:
        material = prepare(sides, Path(scratch), workers, progress)
        todo = tasks(sides, material, folder)
        outcomes = list(workers.map(made, todo, progress=progress, what="explaining the gap"))
    document: Document = {"schema": SCHEMA, "n": len(sides.source), "m": len(sides.target)}
    left_out: list[Document] = []
    for part in MAKERS:
        found = [o for task, o in zip(todo, outcomes, strict=True) if task.part == part]
        reason = next((outcome.error for outcome in found if _failed(outcome, part)), None)
        document[part] = None if reason else _value(part, [outcome.value for outcome in found])
        if reason:
            left_out.append({"part": part, "reason": reason})
    _add_layout(document)
    document["layer_regions"], without = layer_regions(sides, extractors, folder, progress)
    return {**document, "left_out": left_out + without}


def _failed(outcome: Outcome[Any], part: str) -> bool:
    """Whether these frames cannot give the part; a fault of the code is raised."""
    if outcome.error is not None and not outcome.expected:
        raise IsthmusError(f"explaining the gap ({part}): {outcome.error}")
    return outcome.error is not None


def _value(part: str, found: Sequence[Any]) -> Any:
    if part != "removed":
        return found[0]
    shares = {share["intervention"]: share for share in found}
    return [shares[name] for name in SHOWN_INTERVENTIONS]


def _add_layout(document: Document) -> None:
    """Put the share of weights among those of changed pixels, before what they do together."""
    layout, removed = document.pop("layout"), document["removed"]
    if layout is not None:
        alone = [share for share in removed or () if TOGETHER not in share["intervention"]]
        document["removed"] = [*alone, layout, *(removed or ())[len(alone) :]]


def explain_schema() -> dict[str, Any]:
    """Give the JSON Schema of an explanation's document (`stages/explain/result.json`)."""
    return published_schema(SCHEMA_FILE)
